"""Whether a value could have been known: from what was said, or by the arithmetic a person would do on it.

    known = Known.of(["the price is 4.90", "12 loaves"])
    known.number(58.8)            # True: 4.90 * 12
    known.identifier("sales-2031.csv") # False

Dates, times, codes, expressions and free text are left alone: they may say in other words what was said.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from astra_data.exact import shallow
from astra_data.stages.trajectories.figures import RUN, Figures, readings
from astra_data.text.occurrences import stands
from astra_data.tools.naming import words

RUN_OF_SIGNS = re.compile(r"\d(?:[\w.,%+'\u2019-]|[ \u00a0\u202f](?=\d{3}(?!\d)))*+|\w[\w.,%+-]*+")
DIGIT = re.compile(r"\d")
WORD = re.compile(r"[^\W_]+")
IDENTIFIER = re.compile(r"(?=.*[\d@/\\.])[\w@/\\.:#-]{3,}")
"""A string that points at one thing: a digit or a joint in it, and nothing that only prose, code or expressions hold."""
QUANTITY = re.compile(r"(\d+(?:[.,]\d+)?)(?:%|[a-z°]{1,5})")
WHEN = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d)"
    r"(?:t\d.*)?|\d{1,2}:\d\d.*"
)
"""A date or a time of day, in lower case."""
FROM_THE_WORLD = frozenset(
    "lat latitude lon lng long longitude coordinates year month date day time timestamp timezone zone type format locale".split()
)
"""Words in names of parameters whose values an assistant may know or work out."""
EXTENSION = re.compile(r"\.[a-z]\w{0,4}$")
LARGEST = 1e300
"""Of a number; what is larger is looked up as a text."""
SMALL = 12
"""Whole numbers up to this size are counts, indices and defaults: anybody may use them, and with zeros at the end choose them."""
LEAST_DIGITS = 3
LEAST_CODE = 7
"""A run of digits this long may be a code that was said with separators, such as a telephone number."""
PIECES = re.compile(r"[^\d.]+")
JOINT = re.compile(r"[@/\\]")
NUMBERED = re.compile(r"[\d.]+")
MOST_LOOKED_UP = 1_000
"""Different values, the first of a call or of an answer, that are looked up in what was said."""
MOST_PARTS = 20
"""Of one value."""
MOST_RUNS = 4
"""Of digits, with points between, that can be a number, a version or the address of a machine."""


@dataclass(frozen=True)
class Known:
    """What had been said at some moment."""

    text: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Known":
        return cls("\n".join(texts).lower())

    @cached_property
    def squeezed(self) -> str:
        """Letters and digits only, so that `SHA-256` is `sha256` and a spaced telephone number is one."""
        return "".join(WORD.findall(self.text))

    @cached_property
    def _numbers(self) -> frozenset[str]:
        """Every run of digits, and a few of them with points between."""
        runs = [run.split(".") for run in NUMBERED.findall(self.text)]
        return frozenset(".".join(run[start:end]) for run in runs for start in range(len(run))
                         for end in range(start + 1, start + 1 + MOST_RUNS))

    @cached_property
    def figures(self) -> Figures:
        return Figures(self.text)

    def number(self, value: float) -> bool:
        """True if the number was said, is small and whole, or follows from what was said."""
        size = abs(value)
        return (size <= SMALL and size == int(size)) or self.figures.follows(size)

    def choosable(self, value: float) -> bool:
        """True if the number is known, or one that people pick, such as 50 or 1000."""
        whole = value == int(value) and int(str(abs(int(value))).rstrip("0") or 0) <= SMALL
        return whole or self.number(value)

    def identifier(self, value: str) -> bool:
        """True if the string stands in what was said, as it is or in parts: every part of three characters that has a digit; of a
        path or an address without one, some part of three letters."""
        lowered = value.lower()
        if lowered in self.text or WHEN.fullmatch(lowered):
            return True
        if quantity := QUANTITY.fullmatch(lowered):
            return any(map(self.choosable, readings(quantity[1])))
        if "".join(WORD.findall(lowered)) in self.squeezed:
            return True
        parts = [part for part in WORD.findall(EXTENSION.sub("", lowered)) if len(part) >= LEAST_DIGITS]
        if numbered := [part for part in parts if any(map(str.isdigit, part))]:
            return all(map(self._holds, islice(dict.fromkeys(numbered), MOST_PARTS)))
        return not parts or not JOINT.search(lowered) or any(map(self._holds, islice(dict.fromkeys(parts), MOST_PARTS)))

    def _holds(self, part: str) -> bool:
        """True if the part stands in what was said; digits by themselves, not inside a longer number."""
        if NUMBERED.fullmatch(part):
            return part in self._numbers
        if part[:1].isdecimal() and part[-1:].isdecimal():
            return stands(part, self.text, DIGIT, DIGIT)
        return part in self.squeezed

    def unknown_in(self, value: Any) -> Any:
        """The first identifier or number inside a JSON value that could not have been known, or None."""
        different = {(type(one) is str, str(one)): one for one in _telling(value)}
        return next((one for one in islice(different.values(), MOST_LOOKED_UP) if not self._may_be_known(one)), None)

    def _may_be_known(self, value: str | int | float) -> bool:
        if isinstance(value, str):
            return not IDENTIFIER.fullmatch(value) or self.identifier(value)
        return self.choosable(value)

    def unknown_figure(self, text: str) -> str | None:
        """The first figure of three digits or with decimals in a text that could not have been known, or None."""
        for token in islice(dict.fromkeys(with_digit(text)), MOST_LOOKED_UP):
            bare = token.strip(".,%+-'\u2019").lower()
            if bare in self.text or WHEN.fullmatch(bare):
                continue
            if (found := next((run for run in RUN.findall(bare) if not self._accounted(run)), None)) is not None:
                return str(found)
        return None

    def _accounted(self, run: str) -> bool:
        """True if a figure is too short to tell anything, was said, or may be known: as one number or as several in a row."""
        if ("." not in run and sum(map(str.isdigit, run)) < LEAST_DIGITS) or run in self.text:
            return True
        if any(map(self.number, readings(run))) or (len(run) >= LEAST_CODE and run in self.squeezed):
            return True
        pieces = PIECES.split(run)
        return len(pieces) > 1 and all(map(self._holds, dict.fromkeys(pieces)))


def with_digit(text: str) -> list[str]:
    """The runs of letters, digits and signs in a text that hold a digit, in order."""
    return [run for run in RUN_OF_SIGNS.findall(text) if DIGIT.search(run)]


def _telling(value: Any) -> Iterator[str | int | float]:
    """The texts and numbers inside a JSON value, and inside JSON in its texts, in order; without what an assistant may know."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not FROM_THE_WORLD & set(words(name)):
                yield from _telling(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _telling(inner)
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        yield from _telling(shallow(value))
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value if isinstance(value, str) or abs(value) < LARGEST else str(value)
