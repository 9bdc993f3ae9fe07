"""Whether a value could have been known: from what was said, or by the arithmetic a person would do on it.

    known = Known.of(["the price is 4.90", "12 loaves"])
    known.number(58.8)            # True: 4.90 * 12
    known.identifier("sales.csv") # False
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
WITH_DIGIT = re.compile(r"[\w.,%+-]*\d[\w.,%+-]*")
WORD = re.compile(r"\w+")
IDENTIFIER = re.compile(r"(?=.*[\d@/\\._-])\S{3,}")
"""A string that points at one thing: no spaces, and a digit or a joint in it. Other strings may be free text."""
SMALL = 12
"""Whole numbers up to this size are counts, indices and defaults: anybody may use them."""
MOST_PAIRED = 60
"""Beyond so many numbers the sums and products of two of them are not looked at."""
LEAST_DIGITS = 3
TOLERANCE = 1e-6
"""Relative; two numbers closer than this are one."""


@dataclass(frozen=True)
class Known:
    """What had been said at some moment."""

    text: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Known":
        return cls("\n".join(texts).lower())

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(WORD.findall(self.text))

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        return tuple({float(found.replace(",", "")) for found in NUMBER.findall(self.text)})

    @cached_property
    def derived(self) -> tuple[float, ...]:
        """Sums, differences, products and ratios of two numbers."""
        if len(self.numbers) > MOST_PAIRED:
            return ()
        pairs = list(combinations(self.numbers, 2))
        quotients = [a / b for a, b in pairs if b] + [b / a for a, b in pairs if a]
        return tuple([a + b for a, b in pairs] + [abs(a - b) for a, b in pairs] + [a * b for a, b in pairs] + quotients)

    def number(self, value: float) -> bool:
        """True if the number was said, is small and whole, or follows from what was said by rounding, per cent or one step."""
        size = abs(value)
        if size <= SMALL and size == int(size):
            return True
        forms = (size, size * 100, size / 100)
        return any(_close(form, one) for form in forms for one in self.numbers) or any(
            _rounds_to(one, size) for one in (*self.numbers, *self.derived)
        )

    def identifier(self, value: str) -> bool:
        """True if the string stands in what was said, as it is or in parts of three characters and more."""
        lowered = value.lower()
        parts = [part for part in WORD.findall(lowered) if len(part) >= LEAST_DIGITS]
        return lowered in self.text or (bool(parts) and all(part in self.words or part in self.text for part in parts))

    def unknown_in(self, value: Any) -> Any:
        """The first identifier or number inside a JSON value that could not have been known, or None."""
        if isinstance(value, dict):
            return next((bad for inner in value.values() if (bad := self.unknown_in(inner)) is not None), None)
        if isinstance(value, list):
            return next((bad for inner in value if (bad := self.unknown_in(inner)) is not None), None)
        if isinstance(value, str):
            return value if IDENTIFIER.fullmatch(value) and not self.identifier(value) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return None if self.number(value) else value
        return None

    def unknown_figure(self, text: str) -> str | None:
        """The first figure of three digits or with decimals in a text that could not have been known, or None."""
        for token in WITH_DIGIT.findall(text):
            bare = token.strip(".,%+-").lower()
            if bare in self.text:
                continue
            for found in NUMBER.findall(bare):
                telling = "." in found or sum(map(str.isdigit, found)) >= LEAST_DIGITS
                if telling and found not in self.text and not self.number(float(found.replace(",", ""))):
                    return str(found)
        return None


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def _rounds_to(exact: float, shown: float) -> bool:
    """True if `shown` is `exact` rounded to the decimals that `shown` has."""
    decimals = len(f"{shown:.10f}".rstrip("0").partition(".")[2])
    return _close(round(exact, decimals), shown)
