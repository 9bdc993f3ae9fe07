"""Decimal arithmetic for JSON numbers: 0.1 + 0.2 is 0.3.

    >>> plain(exact(0.1) + exact(0.2))
    0.3
"""

from decimal import Decimal
from typing import Any


def exact(number: Any) -> Decimal:
    """The decimal number that is written so."""
    return Decimal(str(number))


def plain(number: Decimal) -> int | float:
    """A number as JSON has it: whole numbers without a point, others as the double that prints so."""
    return int(number) if number == number.to_integral_value() else float(number)
