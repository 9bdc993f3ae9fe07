"""Whether the last message of a rollout answers the question, or rightly says that it cannot be answered. No model is asked.

    >>> answers(93.5, "The total of O-17 is 93.50 EUR.")
    True
    >>> answers(3, "It is 13.")
    False
    >>> declines("I cannot look that up: there is no tool for it."), asks_back("Which order do you mean?")
    (True, True)

Both are typed and conservative: rather a right answer in other words counts as wrong than a wrong one as right. Words that
decline are known for the languages of `UNABLE` alone; in any other there is no verdict, and that is null.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from astra_data.rollout.goals import UNSPACED, normalised, number_of, stands_in, text_of

SPARE = 3
"""Figures that an answer may hold beside its own which nobody has mentioned before, or which are codes as it is one."""

FIGURE = re.compile(r"\w+(?:(?:-|(?<=\d)[.,/:](?=\d))\w+)*")
"""A run of word characters and hyphens, and of points, commas, slashes and colons between digits; a figure if it has a digit."""

NUMBER = re.compile(r"\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
SWAPPED = str.maketrans(",.", ".,")
MARKER = re.compile(r"\s*(\d{1,2})[.)](?=\s+\S)")
"""The number of an item at the start of a line."""

YES_NO: Mapping[bool, tuple[str, ...]] = {True: ("true", "yes", "ja", "wahr"), False: ("false", "no", "nein", "falsch")}

UNABLE: Mapping[str, str] = {
    "en": r"can ?not|can't|could not|couldn't|unable|not able|not possible|impossible|(?:no|not any|without a|lack\w* (?:a|the)|"
          r"missing (?:a|the)) (?:\w+ )?tools?|don't have|do not have|not available|unavailable|not provided|need to know|"
          r"(?:is|are) missing",
    "de": r"kann (?:\w+ )*nicht|k\u00f6nnen (?:\w+ )*nicht|nicht m\u00f6glich|unm\u00f6glich|nicht verf\u00fcgbar|fehlt|fehlen|"
          r"kein\w* (?:\w+ )*(?:werkzeug|tool)\w*|steht (?:\w+ )*nicht zur verf\u00fcgung|nicht angegeben|nicht in der lage",
}
"""Language -> what says that something cannot be done."""

ASKING: Mapping[str, str] = {
    "en": r"please (?:\w+ )?(?:provide|specify|tell|give|name|state|clarify|confirm|let me know)|need to know|let me know",
    "de": r"bitte (?:\w+ )*(?:nenn|gib|geben|teil|sag|pr\u00e4zisier|angeb)\w*|muss ich wissen",
}
"""Language -> what asks for something without a question mark."""


def answers(wanted: Any, text: str, known: str = "") -> bool:
    """Whether the text states the answer: every part of a list or an object, numbers in any usual spelling, yes or no, not both.

    `known` is what was said and read before. A text with many figures that are not in it is a guess and answers nothing; nor does
    one with many codes or dates, wherever they are from, where the answer is one.
    """
    text, parts = _unlisted(text), list(_parts(wanted))
    told, alike = _told([known]), {_kind(figure) for part in parts for figure in _figures(text_of(part))} - {"number"}
    guesses = [figure for figure in _figures(text) if _kind(figure) in alike or not _marks(figure) & told]
    return bool(parts) and len(guesses) <= len(parts) + SPARE and all(_states(part, text) for part in parts)


def declines(text: str, language: str | None = "en") -> bool | None:
    """Whether the text says that something cannot be done; null in a language whose words for it are not known."""
    if language is None or language not in UNABLE:
        return None
    return re.search(rf"\b(?:{UNABLE[language]})\b", _plain(text)) is not None


def asks_back(text: str, language: str | None = "en") -> bool | None:
    """Whether the text asks the user for something, or says that it is missing; null as for `declines`."""
    if language is None or language not in ASKING:
        return None
    return "?" in text or re.search(rf"\b(?:{ASKING[language]})\b", _plain(text)) is not None or bool(declines(text, language))


def invents(text: str, known: Iterable[str]) -> bool:
    """Whether the text has a figure that is in nothing of what was said and read before. Numbers are compared by value, codes and
    dates as a whole; those that count the items of a list are passed over."""
    told = _told(known)
    return any(not _marks(figure) & told for figure in _figures(_unlisted(text)))


def _plain(text: str) -> str:
    return normalised(text.replace("\u2019", "'"))


def _parts(wanted: Any) -> Iterator[Any]:
    """What has to be stated: the leaves of a list or an object. One that is empty inside another is a part that nothing states."""
    for part in wanted.values() if isinstance(wanted, dict) else wanted if isinstance(wanted, list) else [wanted]:
        if part and isinstance(part, list | dict):
            yield from _parts(part)
        else:
            yield part


def _figures(text: str) -> set[str]:
    """The tokens that hold a digit: `O-17`, `2024-05-01`, `93.50`; never a part of one."""
    spaced = UNSPACED.sub(" ", normalised(text))
    return {found.strip("_") for found in FIGURE.findall(spaced) if any(map(str.isdecimal, found))}


def _told(known: Iterable[str]) -> set[str | Decimal]:
    return {mark for text in known for figure in _figures(text) for mark in _marks(figure)}


def _marks(figure: str) -> set[str | Decimal]:
    """What a figure is known by: the values that a number can stand for (`1.234` may be 1234), else itself. Signs do not count."""
    spellings = (figure, figure.translate(SWAPPED))
    return {Decimal(one.replace(",", "")) for one in spellings if NUMBER.fullmatch(one)} or {figure}


def _kind(figure: str) -> str:
    return "code" if any(map(str.isalpha, figure)) else "date" if figure in _marks(figure) else "number"


def _unlisted(text: str) -> str:
    """The text without the numbers that count the items of a list, 1, 2, 3 and so on: they are nobody's answer."""
    lines, last = list[str](), 0
    for line in text.splitlines():
        marker = MARKER.match(line)
        if marker and int(marker[1]) in (1, last + 1):
            last, line = int(marker[1]), line[marker.end() :]
        lines.append(line)
    return "\n".join(lines)


def _states(wanted: Any, text: str) -> bool:
    if isinstance(wanted, bool):
        said = {truth for truth, words in YES_NO.items() if any(stands_in(word, text) for word in words)}
        return said == {wanted}
    if isinstance(wanted, list | dict):
        return False
    figures = _figures(text)
    return any(stands_in(spelling, text) and _figures(spelling) <= figures for spelling in _spellings(wanted))


def _spellings(wanted: Any) -> Iterable[str]:
    """The ways to write a value: a number with and without groups and closing zeros, with a decimal point or comma."""
    number = None if isinstance(wanted, str) else number_of(wanted)
    if number is None:
        return {text_of(wanted)}
    places = max(0, -int(number.normalize().as_tuple().exponent))
    plain = [f"{number:.{digits}f}" for digits in range(places, max(places, 2) + 1)]
    grouped = [f"{Decimal(text):,}" for text in plain]
    return {text_of(wanted), *plain, *grouped, *(text.translate(str.maketrans(",.", ".,")) for text in (*plain, *grouped))}
