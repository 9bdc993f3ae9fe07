"""JSON from outside: of bounded size, depth and number of values.

    loads(line, Place("tools.jsonl", 3), mend="write one JSON object on each line")
"""

from typing import Any

from astra_data import exact
from astra_data.bounded.files import MOST_BYTES
from astra_data.errors import DataError, Place
from astra_data.exact import DEEP, UNREAD, wide
from astra_data.nesting import may_be_too_deep, too_deep

MOST_VALUES = 4_000_000
"""Of one text, at an upper bound: its commas and opening brackets, those in strings too. Each takes up to 200 bytes of memory."""


def loads(text: bytes, place: Place, *, mend: str = "write JSON", in_parts: bool = False) -> Any:
    """The value. Raises `DataError` for what is no JSON or cannot be kept, and for what goes beyond a bound.

    Of a value that is looked at `in_parts`, numbers and texts that cannot be kept are still in it.
    """
    if len(text) > MOST_BYTES:
        raise DataError(f"holds more than {MOST_BYTES >> 20} MiB", place=place, mend="split it")
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
        raise DataError(f"holds more than {MOST_VALUES:,} values", place=place, mend="split it")
    try:
        value = wide(text) if in_parts else exact.loads(text)
    except ValueError as error:
        deep = str(error) in (DEEP, UNREAD)
        raise DataError(str(error), place=place, mend="write it flatter" if deep else mend) from None
    if in_parts and may_be_too_deep(text) and too_deep(value):
        raise DataError(DEEP, place=place, mend="write it flatter")
    return value
