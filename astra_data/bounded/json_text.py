"""JSON from outside: of bounded size, depth and number of values.

    loads(line, Place("tools.jsonl", 3), mend="write one JSON object on each line")
"""

from typing import Any

import orjson

from astra_data.bounded.files import MOST_BYTES
from astra_data.errors import DataError, Place
from astra_data.nesting import MOST_DEPTH, may_be_too_deep, too_deep

MOST_VALUES = 4_000_000
"""Of one text, at an upper bound: its commas and opening brackets, those in strings too. Each takes up to 200 bytes of memory."""


def loads(text: bytes, place: Place, *, mend: str = "write JSON") -> Any:
    """The value. Raises `DataError` for what is no JSON, and for what goes beyond a bound."""
    if len(text) > MOST_BYTES:
        raise DataError(f"holds more than {MOST_BYTES >> 20} MiB", place=place, mend="split it")
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
        raise DataError(f"holds more than {MOST_VALUES:,} values", place=place, mend="split it")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise DataError(f"not JSON: {error}", place=place, mend=mend) from None
    if may_be_too_deep(text) and too_deep(value):
        raise DataError(f"nested more than {MOST_DEPTH} deep", place=place, mend="write it flatter")
    return value
