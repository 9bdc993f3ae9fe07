"""Canonical JSON, and the digests made from it.

    >>> canonical({"b": 1, "a": "é"})
    b'{"a":"\\xc3\\xa9","b":1}'
    >>> content_id({"a": 1})
    '015abd7f5cc57a2d'

One form for every id, key and digest: UTF-8, keys sorted by code point, no spaces. NaN and the infinities become null.
"""

import hashlib
from typing import Any

import orjson

ID_DIGITS = 16


def canonical(value: Any) -> bytes:
    """The canonical JSON of `value`. Raises `TypeError` on what JSON cannot hold."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def content_id(value: Any) -> str:
    """The first 16 hex digits of `digest(value)`: the `id` of a row with that identity."""
    return digest(value)[:ID_DIGITS]
