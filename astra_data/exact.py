"""The door for JSON from outside: a value is kept exactly, or refused with the reason.

    >>> loads('{"size": 18446744073709551615}')
    {'size': 18446744073709551615}
    >>> loads('{"size": 18446744073709551616}')
    Traceback (most recent call last):
    ...
    ValueError: an integer beyond 64 bits
    >>> fault({"at": float("nan")})
    'a number that is not finite'

Rows and ledger hold what orjson writes: integers of 64 bits, finite numbers, whole characters, 128 lists and objects in one
another. A parser that rounds what does not fit, or a writer that writes null for it, would change values without a word.
"""

import json
import re
from math import isfinite
from typing import Any

import orjson

from astra_data.nesting import MOST_DEPTH, may_be_too_deep, too_deep

BEYOND = "an integer beyond 64 bits"
NOT_FINITE = "a number that is not finite"
HALF = "half of a surrogate pair"
DEEP = f"nested more than {MOST_DEPTH} deep"
UNREAD = "nested deeper than any parser here reads"
NO_JSON = "no JSON value"
UNKEPT = (BEYOND, NOT_FINITE, HALF)
"""Why JSON that can be read cannot be kept."""
INTEGERS = range(-(2**63), 2**64)
LONGEST_INTEGER = 4_000
"""Digits of an integer that is read at all; a longer one counts as infinite."""
_DIGITS = re.compile(r"[0-9]{19}")
_DIGIT_BYTES = re.compile(rb"[0-9]{19}")
_STRICT = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


def loads(text: str | bytes, most: int = MOST_DEPTH) -> Any:
    """The value of a JSON text. Raises `ValueError` for a text that is none, and for a value that cannot be kept, with the reason
    as its `str()`. Of several values under one name the last one counts, as in every parser."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(_said(error, text)) from None
    if may_be_too_deep(text, most) and too_deep(value, most):
        raise ValueError(f"nested more than {most} deep")
    if _may_be_beyond(text):
        json.loads(text, parse_int=_integer)
    return value


def wide(text: str | bytes) -> Any:
    """The value with all that cannot be kept still in it, for those who refuse it part by part, by `fault`. Raises `ValueError`
    for a text that is no JSON, or whose brackets are too deep to be read."""
    try:
        value = orjson.loads(text)
        return json.loads(text, parse_int=_long) if _may_be_beyond(text) else value
    except RecursionError:
        raise ValueError(UNREAD) from None
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(text, parse_int=_long)
        except (ValueError, RecursionError):
            raise ValueError(_said(error, text)) from None


def shallow(text: str, other: Any = None) -> Any:
    """The JSON value of a text; `other` where it is none, or cannot be kept."""
    try:
        return loads(text)
    except ValueError:
        return other


def fault(value: Any) -> str | None:
    """Why a value that others have read, as YAML or by a library, cannot be kept; None for one that can."""
    if too_deep(value):
        return DEEP
    try:
        written = orjson.dumps(value, option=_STRICT)
    except TypeError:
        return _first(value) or NO_JSON
    return _first(value) if b"null" in written else None


def _said(error: orjson.JSONDecodeError, text: str | bytes) -> str:
    said = str(error)
    if "surrogate" in said and (isinstance(text, str) or "UTF-8" not in said):
        return HALF
    if "depth limit" in said:
        return UNREAD
    return NOT_FINITE if "infinity" in said else f"not JSON: {said}"


def _may_be_beyond(text: str | bytes) -> bool:
    return (_DIGITS.search(text) if isinstance(text, str) else _DIGIT_BYTES.search(text)) is not None


def _long(text: str) -> int | float:
    return int(text) if len(text) <= LONGEST_INTEGER else float("inf")


def _integer(text: str) -> int:
    if len(text) > len(str(INTEGERS.stop)) or (value := int(text)) not in INTEGERS:
        raise ValueError(BEYOND)
    return value


def _first(value: Any) -> str | None:
    """What is wrong with the first part that cannot be kept."""
    if isinstance(value, dict):
        names = [None if isinstance(name, str) else NO_JSON for name in value]
        return next((found for found in (*names, *map(_first, (*value, *value.values()))) if found), None)
    if isinstance(value, list):
        return next((found for found in map(_first, value) if found), None)
    if isinstance(value, str):
        return None if value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value) else HALF
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if value in INTEGERS else BEYOND
    return (None if isfinite(value) else NOT_FINITE) if isinstance(value, float) else NO_JSON
