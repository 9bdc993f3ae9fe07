"""Numbers in JSON texts, spelled so that every reader takes them for the same double.

`datasets` decodes JSON columns with the `ujson` of pandas, which does not round correctly: it reads 0.95 as 0.9500000000000001,
and stops at the 15th digit after the point. Most doubles have another spelling that it reads exactly, and so does every reader
that rounds correctly:

    spelled(0.95)                # "9500000e-7"
    respelled('{"x":0.95}')      # '{"x":9500000e-7}'

`read_by_ujson` is the arithmetic of that reader. What it gets right stays as it is: about 1,999 of 2,000 numbers with two
decimals, 1 of 12 with 17 digits. Some doubles below 1e-299 have none that was found (303 of 200,000
random bit patterns); they keep the usual one, which a correct reader takes rightly.
"""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import orjson
import pyarrow as pa
import pyarrow.compute as pc

MAY_HOLD_A_FLOAT = "[0-9][.e][0-9+-]"
STRING_OR_FLOAT = re.compile(
    r'"[^"\\]*+(?:\\(?s:.)[^"\\]*+)*+(?:"|\\?\Z)|(?<![0-9])-?[0-9]++(?:\.[0-9]+(?:e[+-]?[0-9]+)?|e[+-]?[0-9]+)'
)
READ_DECIMALS = 15
DIGITS = 18
INT64 = 2**63


def spelled(value: float) -> str:
    """A JSON number that both a correct reader and the one of `datasets` take for `value`, the usual spelling if it will do."""
    usual = orjson.dumps(value).decode()
    if read_by_ujson(usual) == value:
        return usual
    sign = "-" if value < 0 else ""
    texts = (sign + text for text in _spellings(abs(value)))
    return next((text for text in texts if float(text) == value == read_by_ujson(text)), usual)


def read_by_ujson(text: str) -> float:
    """The double for which pandas' ujson takes a number: (whole + decimals / 10^n) * 10^exponent, rounded at every step."""
    number, _, exponent = text.partition("e")
    whole, _, decimals = number.lstrip("-").partition(".")
    decimals = decimals[:READ_DECIMALS]
    value = float(whole)
    if decimals:
        value += float(decimals) * float(f"1e-{len(decimals)}")
    if exponent:
        value *= math.pow(10.0, int(exponent)) if int(exponent) < 309 else math.inf
    return -value if text.startswith("-") else value


def _spellings(value: float) -> Iterator[str]:
    """Other ways to write a positive double: zeros behind it, then the point in each place, and the numbers beside it."""
    _, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits)))
    for zeros in range(DIGITS - len(digits) + 1):
        yield f"{whole * 10**zeros}e{exponent - zeros}"
    last = exponent + len(digits) - DIGITS
    for power in range(last, last + DIGITS + READ_DECIMALS - 10):
        decimals = min(READ_DECIMALS, power - last)
        nearest = round(Fraction(value) / Fraction(10) ** (power - decimals))
        step = 1 if decimals else math.ceil(math.ulp(float(nearest)))
        for neighbour in (0, 1, -1, 2, -2, 3, -3):
            number = nearest + neighbour * step
            if 0 < number < INT64:
                yield f"{_pointed(number, decimals)}e{power}"


def _pointed(number: int, decimals: int) -> str:
    text = str(number).zfill(decimals + 1)
    return f"{text[:-decimals]}.{text[-decimals:]}" if decimals else text


def respelled(text: str) -> str:
    """A JSON text as orjson writes it, its floats spelled for every reader."""
    return STRING_OR_FLOAT.sub(lambda match: match[0] if match[0][0] == '"' else _number(match[0]), text)


@lru_cache(maxsize=4096)
def _number(text: str) -> str:
    return spelled(float(text))


def respelled_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """An unsliced column in storage types, with the texts that are JSON by its type `kind` respelled."""
    if isinstance(kind, pa.JsonType):
        return _respelled_texts(column)
    if pa.types.is_list(kind):
        old = column.values
        new = respelled_column(old, kind.value_type)
        return column if new is old else pa.ListArray.from_arrays(column.offsets, new, mask=column.is_null())
    if pa.types.is_struct(kind):
        before = [column.field(index) for index in range(len(kind))]
        parts = [respelled_column(part, field.type) for part, field in zip(before, kind, strict=True)]
        same = all(part is old for part, old in zip(parts, before, strict=True))
        return column if same else pa.StructArray.from_arrays(parts, fields=list(column.type), mask=column.is_null())
    return column


def _respelled_texts(texts: pa.Array) -> pa.Array:
    import polars as pl

    series = pl.Series(pl.from_arrow(texts))
    suspects = series.str.contains(MAY_HOLD_A_FLOAT).fill_null(False)
    old = series.filter(suspects).to_list()
    new = [respelled(text) for text in old]
    return texts if new == old else pc.replace_with_mask(texts, suspects.to_arrow(), pa.array(new, texts.type))
