"""Known secrets, kept out of whatever is written or said.

    >>> scrub = Scrub({"x7Kq90aZ"})
    >>> scrub("Bearer x7Kq90aZ"), scrub("x7Kq90a%5a"), scrub('{"Authorization": "Basic am9lOng3S3E5MGFa"}')
    ('Bearer ***', '***', '{"Authorization": "Basic ***"}')
    >>> scrub.json({"x7Kq90aZ": ["x7Kq90aZ!", 3]})
    {'***': ['***!', 3]}

A value is found as it is and as programs write it: escaped for JSON, HTML, a shell or a URL, any number of times, in base64 and
in hex, in capitals, with blanks or quotes inside. Words that could be ordinary, and short values, count only as whole words. The
same text always becomes the same text, and one that was scrubbed stays as it is.
"""

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from astra_data.tools.plain import wordlike
from astra_data.tools.urls import MASK, told
from astra_data.tools.views import BLANK, View, views

LEAST_INSIDE = 6
"""Characters of a value that counts wherever it stands; a shorter one must stand by itself."""
LEAST_FOLDED = 8
"""Characters of a value that counts in capitals, too."""
LEAST_TIGHT = 12
"""Characters of a value that counts with blanks and quotes inside."""
LONGEST_CODE = 4096
"""Characters beside a value in base64 that are hidden with it."""
CODE = re.compile(rf"[\w+/-]{{0,{LONGEST_CODE}}}={{0,2}}")
CODE_LETTERS = re.compile(r"[\w+/-]*")
LEAST_NUMBER = 1e7
"""A smaller number in JSON is never taken for a secret."""


class Scrub:
    """A function from a text to the text without known values. It is quick where there are none."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.values = frozenset(value for value in values if value.strip("* "))
        self._exact, self._folded, self._words = list[str](), list[str](), list[str]()
        self._tight, self._coded = list[str](), list[str]()
        for value in sorted(self.values):
            self._learn(value)

    def __call__(self, text: str) -> str:
        """The text with `***` for each known value, in whatever form."""
        if not self.values or not text:
            return text
        read = views(text)
        spans = {span for view in read for span in self._found(view)} | set(self._hidden(read[-1], text))
        return _masked(text, sorted(spans)) if spans else text

    def json(self, value: Any) -> Any:
        """The same for every string of a JSON value, names included; the value itself where nothing is found."""
        if not self.values:
            return value
        joined = "\0".join(_strings(value))
        return value if self(joined) == joined else self._json(value)

    def said(self, text: str) -> str:
        """A message for a person: known values are gone, and so are users and queries of addresses, and what looks like a key."""
        return told(self(text))

    def _learn(self, value: str) -> None:
        """Sort the forms of a value by where they are looked for."""
        forms = {value, views(value)[-1].text}
        forms |= {form.encode("utf-8", "replace").decode("latin-1") for form in forms}
        forms |= {form.replace(" ", "+") for form in forms}
        forms |= {unicodedata.normalize(kind, form) for form in forms for kind in ("NFC", "NFD")}
        if len(value) < LEAST_INSIDE or wordlike(value) or re.fullmatch(r"[\d.,: +-]+", value):
            self._words += forms
        elif len(value) < LEAST_FOLDED:
            self._exact += forms
        else:
            self._folded += {small for form in forms for small in (form.lower(), form.upper().lower())}
        least = LEAST_INSIDE if BLANK.search(value) and not wordlike(value) else LEAST_TIGHT
        self._tight += {form for form in (BLANK.sub("", form).lower() for form in forms) if len(form) >= least}
        if len(value) >= LEAST_INSIDE:
            self._coded += set(_codes(value.encode("utf-8", "replace")))

    def _found(self, view: View) -> Iterator[tuple[int, int]]:
        """Where the known values stand in a view."""
        for needle in self._exact:
            if needle in view.text:
                yield from view.places(needle)
        for needle in self._folded:
            if needle in view.lowered:
                yield from view.places(needle, lowered=True)
        for needle in self._words:
            if needle in view.text:
                yield from (view.span(*found.span()) for found in _whole(needle).finditer(view.text))

    def _hidden(self, view: View, original: str) -> Iterator[tuple[int, int]]:
        """Where they stand with blanks and quotes inside, or in base64 or hex: then with what was encoded beside them."""
        text = BLANK.sub("", view.text)
        lowered = text.lower()
        for needle in self._tight:
            if needle in lowered:
                yield from view.tight.places(needle, lowered=True)
        for needle in self._coded:
            if needle in text or (needle in lowered and needle.islower()):
                yield from (_code(original, *span) for span in view.tight.places(needle, lowered=needle not in text))

    def _json(self, value: Any) -> Any:
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list | tuple):
            return [self._json(item) for item in value]
        if isinstance(value, dict):
            return {self._json(key): self._json(item) for key, item in value.items()}
        return MASK if _is_number(value) and str(value) in self.values else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= LEAST_NUMBER


def _strings(value: Any) -> Iterator[str]:
    """Every text of a JSON value, and every number that is long enough to be a secret."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
    elif _is_number(value):
        yield str(value)


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with one mask for each run of spans that overlap or touch."""
    parts, done = list[str](), 0
    for start, end in spans:
        if start > done or not parts:
            parts += [text[done:start], MASK]
        done = max(done, end)
    return "".join([*parts, text[done:]])


@cache
def _whole(needle: str) -> re.Pattern[str]:
    """A needle that is no part of a longer word or number."""
    around = (r"(?<![^\W_])(?<!\d[.,])", r"(?![^\W_]|[.,]\d)") if needle[0].isdigit() else (r"(?<![^\W_])", r"(?![^\W_])")
    return re.compile(around[0] + re.escape(needle) + around[1])


def _code(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole run of letters and digits around a part of it."""
    before, after = CODE_LETTERS.match(text[max(0, start - LONGEST_CODE) : start][::-1]), CODE.match(text, end)
    return start - (before.end() if before else 0), after.end() if after else end


def _codes(value: bytes) -> Iterator[str]:
    """A value in hex, and what of it is always there in base64, wherever in a longer text it begins."""
    yield value.hex()
    for before in range(3):
        first, last = -(-8 * before // 6), 8 * (before + len(value)) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * before + value + b"\0\0").decode()[first:last]
