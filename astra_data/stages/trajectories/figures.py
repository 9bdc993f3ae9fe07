"""Numbers in texts: how they may be written, and what a person may work out from them.

    >>> sorted(readings("1.234,50"))
    [1234.5]
    >>> Figures("4.90 each, 12 loaves").follows(58.8)
    True

Generous on purpose: a number counts as made up only if it can be read nowhere and follows from nothing here.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, combinations, combinations_with_replacement, islice

RUN = re.compile(r"\d+(?:[.,]\d+|[ '\u2019_\u00a0\u202f]\d{3}(?!\d))*(?:[eE][+-]?\d+)?")
PIECE = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
POINT = re.compile(r"(?:\d{1,3}(?:,\d{2,3})*,\d{3}|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?")
COMMA = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?")
COLUMN = re.compile(r'"(\w+)\\?"\s*:\s*-?(\d+(?:\.\d+)?)')
"""A number under a key, in JSON or in JSON inside a string."""
WORDS = dict(zip(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half quarter third "
    "dozen".split(),
    [*range(1, 21), *range(30, 100, 10), 100, 1e3, 1e6, 1e9, 0.5, 0.25, 1 / 3, 12],
    strict=True,
))  # fmt: skip
SCALES = (100.0, 1e3, 1e6, 1e9, 1024.0, 1024.0**2, 1024.0**3, 60.0, 3600.0, 86400.0, 24.0, 7.0)
"""Per cent, thousands and their like, bytes, times: the same quantity in another unit."""
CONSTANTS = (math.pi, math.e, 9.81, 9.80665, 1.609344, 0.621371, 2.54, 0.3048, 3.28084, 0.45359237, 2.20462, 273.15, 1.8, 32.0,
             365.0, 366.0)
"""Numbers that everybody may know."""
MOST_PAIRED = 60
"""Beyond so many numbers it is not worked out what follows from two of them."""
MOST_COLUMNS = 100
"""Columns, the first of a text, whose products are summed pair by pair."""
LARGEST = 1e15
"""Longer runs of digits are codes, not numbers."""
LEAST_ZEROS = 2
"""So many zeros at the end say that a number may have been rounded to them."""
TOLERANCE = 1e-6
"""Relative; two numbers closer than this are one."""


def readings(written: str) -> set[float]:
    """Every number that a run of digits and separators may be, in any country's way of writing."""
    joined = re.sub(r"[ '\u2019_\u00a0\u202f]", "", written)
    found = set()
    if POINT.fullmatch(joined):
        found.add(float(joined.replace(",", "")))
    if COMMA.fullmatch(joined):
        found.add(float(joined.replace(".", "").replace(",", ".")))
    return {number for number in found if number < LARGEST}


@dataclass(frozen=True)
class Figures:
    """The numbers of a text in lower case."""

    text: str

    @cached_property
    def said(self) -> tuple[float, ...]:
        """Every number that the text may hold, once; words such as `twenty` and `half` count."""
        words = [float(WORDS[word]) for word in re.findall(r"[a-z]+", self.text) if word in WORDS]
        written = [number for run in RUN.findall(self.text) for number in readings(run)]
        return tuple(dict.fromkeys([*self._ordered, *written, *words]))

    @cached_property
    def _ordered(self) -> list[float]:
        return [number for number in map(float, PIECE.findall(self.text)) if number < LARGEST]

    @cached_property
    def derived(self) -> tuple[float, ...]:
        """What follows in one step from two numbers, or from a row or column of them."""
        if len(self.said) > MOST_PAIRED:
            return tuple(self._of_columns())
        return (*self._of_pairs(), *_of_runs(self._ordered[:MOST_PAIRED]), *self._of_columns())

    def _of_pairs(self) -> Iterator[float]:
        for a, b in combinations_with_replacement(self.said, 2):
            yield from (a + b, abs(a - b), a * b)
            for upper, lower in ((a, b), (b, a)):
                if lower:
                    yield from (upper / lower, 100 * upper / lower, 100 * abs(upper - lower) / lower, upper * lower / 100,
                                upper * (1 + lower / 100), upper * abs(1 - lower / 100))

    def _of_columns(self) -> Iterator[float]:
        """Sums, means and counts of what stands under one key, and sums of the products of two such columns."""
        columns: dict[str, list[float]] = {}
        for key, number in COLUMN.findall(self.text):
            columns.setdefault(key, []).append(float(number))
        for column in columns.values():
            yield from (sum(column), sum(column) / len(column), max(column) - min(column), float(len(column)))
        for one, other in combinations(islice(columns.values(), MOST_COLUMNS), 2):
            if len(one) == len(other):
                yield sum(a * b for a, b in zip(one, other, strict=True))

    def follows(self, size: float) -> bool:
        """True if a number, without its sign, was said, counts what was said, or follows from it in one step."""
        if size == int(size) and size <= self._listed:
            return True
        if _near(size, self._stated):
            return True
        if len(self.said) > MOST_PAIRED and size <= self._total:
            return True
        return _near(size, self._following)

    @cached_property
    def _listed(self) -> int:
        return max(self.text.count("\n"), self.text.count(",")) + 1

    @cached_property
    def _total(self) -> float:
        return sum(self._ordered)

    @cached_property
    def _stated(self) -> list[float]:
        """What was said, in all its units, and what everybody knows; ascending."""
        scaled = [unit for one in self.said for scale in SCALES for unit in (one * scale, one / scale)]
        return sorted([*self.said, *CONSTANTS, *scaled])

    @cached_property
    def _following(self) -> list[float]:
        return sorted(self.derived)


def _of_runs(numbers: list[float]) -> Iterator[float]:
    """Sums and means of neighbours, two and more."""
    sums = [0.0, *accumulate(numbers)]
    for start, end in combinations(range(len(sums)), 2):
        if end - start > 1:
            yield from (sums[end] - sums[start], (sums[end] - sums[start]) / (end - start))


def _near(shown: float, ascending: Sequence[float]) -> bool:
    """True if one of the numbers may be shown so. If the nearest on either side may not, none further away may."""
    at = bisect_left(ascending, shown)
    return any(_shows(shown, one) for one in ascending[max(at - 1, 0) : at + 1])


def _shows(shown: float, exact: float) -> bool:
    """True if `shown` is `exact`, cut or rounded to the decimals or to the zeros at the end that `shown` has."""
    difference = abs(shown - exact)
    if difference <= TOLERANCE * max(shown, exact):
        return True
    if shown != int(shown):
        decimals = len(f"{shown:.10f}".rstrip("0").partition(".")[2])
        return difference < (1 - TOLERANCE) * 10.0**-decimals
    zeros = len(str(int(shown))) - len(str(int(shown)).rstrip("0")) if shown else 0
    return difference < 1 - TOLERANCE if zeros < LEAST_ZEROS else difference <= 0.5 * 10.0**zeros
