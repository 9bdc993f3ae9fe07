"""Figures of a text: numbers, codes and dates, as whole tokens, and whether they were told before.

    >>> sorted(figures_of("Order O-17 of 2024-05-01 costs 93.50 EUR."))
    ['2024-05-01', '93.50', 'o-17']
    >>> invents("O-17 costs 93.50 EUR.", ['{"order": "O-17", "total": 93.5}']), invents("It is 17.", ["What is O-17?"])
    (False, True)

Numbers are compared by value; codes and dates as they are written, without regard to case.
"""

import re
from collections.abc import Iterable, Set
from decimal import Decimal
from typing import Literal

from astra_data.rollout.goals import UNSPACED, normalised

FIGURE = re.compile(r"\w+(?:(?:-|(?<=\d)[.,/:](?=\d))\w+)*")
"""A run of word characters and hyphens, and of points, commas, slashes and colons between digits; a figure if it has a digit."""

NUMBER = re.compile(r"\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?")
SWAPPED = str.maketrans(",.", ".,")
MARKER = re.compile(r"\s*(\d{1,2})[.)](?=\s+\S)")
"""The number of an item at the start of a line."""


def invents(text: str, known: Iterable[str]) -> bool:
    """Whether the text has a figure that is in nothing of what was said and read before."""
    told = told_in(known)
    return any(untold(figure, told) for figure in figures_of(unlisted(text)))


def figures_of(text: str) -> set[str]:
    """The tokens that hold a digit: `O-17`, `2024-05-01`, `93.50`; never a part of one."""
    spaced = UNSPACED.sub(" ", normalised(text))
    return {found.strip("_") for found in FIGURE.findall(spaced) if any(map(str.isdecimal, found))}


def told_in(known: Iterable[str]) -> set[str | Decimal]:
    return {mark for text in known for figure in figures_of(text) for mark in marks_of(figure)}


def untold(figure: str, told: Set[str | Decimal]) -> bool:
    return not marks_of(figure) & told


def marks_of(figure: str) -> set[str | Decimal]:
    """What a figure is known by: the values that a number can stand for, as `1.234` for 1234, else itself. Signs do not count."""
    spellings = (figure, figure.translate(SWAPPED))
    return {Decimal(one.replace(",", "")) for one in spellings if NUMBER.fullmatch(one)} or {figure}


def kind_of(figure: str) -> Literal["code", "date", "number"]:
    """A code has letters; dates, times and whatever else is no number count as dates."""
    return "code" if any(map(str.isalpha, figure)) else "date" if figure in marks_of(figure) else "number"


def unlisted(text: str) -> str:
    """The text without the numbers that count the items of a list, 1, 2, 3 and so on: they are nobody's answer."""
    lines, last = list[str](), 0
    for line in text.splitlines():
        marker = MARKER.match(line)
        if marker and int(marker[1]) in (1, last + 1):
            last, line = int(marker[1]), line[marker.end() :]
        lines.append(line)
    return "\n".join(lines)
