"""Row types are frozen dataclasses; this module derives everything else from their annotations.

    @dataclass(frozen=True, slots=True)
    class Tool:
        name: str
        parameters: Json            # any JSON value, stored as an arrow.json column

`features(Tool)` gives the `datasets.Features`, `arrow_schema(Tool)` the Parquet schema, `to_dict` and `from_dict` the two
directions between row objects and plain dicts, `encoder` and `decoder` those between plain dicts and what Parquet holds.
Supported annotations: `str, int, float, bool`, `Json`, `X | None`, `list[X]`, `dict[str, str]` (stored as JSON) and other
row types.
"""

from __future__ import annotations

import dataclasses
import operator
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NewType

import orjson
import pyarrow as pa

from astra_data import exact
from astra_data.nesting import STORED_DEPTH

if TYPE_CHECKING:
    from datasets import Features

    Json = Any
else:
    Json = NewType("Json", object)
    """Any JSON value. Opaque to the row type; checked once, where it is made."""

Row = dict[str, Any]
SCALARS: dict[Any, tuple[str, pa.DataType]] = {
    str: ("string", pa.string()),
    int: ("int64", pa.int64()),
    float: ("float64", pa.float64()),
    bool: ("bool", pa.bool_()),
}
EXACT = 2**53
"""Up to here every integer is a float."""


@cache
def fields(row_type: Any) -> dict[str, Any]:
    """Field name -> resolved annotation, in declared order."""
    hints = typing.get_type_hints(row_type)
    return {field.name: hints[field.name] for field in dataclasses.fields(row_type)}


@cache
def unwrap(annotation: Any) -> tuple[Any, bool]:
    """(`X`, True) for `X | None`, else (`X`, False)."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        inner = [arm for arm in typing.get_args(annotation) if arm is not type(None)]
        return inner[0], True
    return annotation, False


def is_json(annotation: Any) -> bool:
    return annotation is Json or typing.get_origin(annotation) is dict


def arrow_type(annotation: Any) -> pa.DataType:
    """The Parquet type of one annotation."""
    inner, _ = unwrap(annotation)
    if is_json(inner):
        return pa.json_(pa.string())
    if inner in SCALARS:
        return SCALARS[inner][1]
    if typing.get_origin(inner) is list:
        return pa.list_(arrow_type(typing.get_args(inner)[0]))
    return pa.struct([(name, arrow_type(kind)) for name, kind in fields(inner).items()])


@cache
def arrow_schema(row_type: type) -> pa.Schema:
    """The Parquet schema of a row type; JSON columns carry the `arrow.json` extension type."""
    return pa.schema([(name, arrow_type(kind)) for name, kind in fields(row_type).items()])


def features(row_type: Any) -> Features:
    """The `datasets.Features` of a row type, equal to what `load_dataset` reports for its files."""
    from datasets import Features, Json, List, Value

    def feature(annotation: Any) -> Any:
        inner, _ = unwrap(annotation)
        if is_json(inner):
            return Json()
        if inner in SCALARS:
            return Value(SCALARS[inner][0])
        if typing.get_origin(inner) is list:
            return List(feature(typing.get_args(inner)[0]))
        return {name: feature(kind) for name, kind in fields(inner).items()}

    return Features({name: feature(kind) for name, kind in fields(row_type).items()})


Convert = Callable[[Any], Any]


def to_dict(row: Any) -> Row:
    """A row object as the plain dict that is stored. Nested row types become dicts, integers in float fields floats."""
    row_type: Any = type(row)
    unpacked: Row = _struct_unpacker(row_type)(row)
    return unpacked


def from_dict(row_type: Any, row: Row) -> Any:
    """The row object of a stored dict that has passed `check`."""
    return _struct_packer(row_type)(row)


def with_floats(row_type: Any, row: Row) -> Row:
    """A row of a JSON file, where 1.0 may read 1: integers in float fields become floats. What does not fit stays."""
    return {name: _floats(value, fields(row_type).get(name, str)) for name, value in row.items()}


@cache
def _has_floats(annotation: Any) -> bool:
    """Whether a value of this type may hold a float, at any depth."""
    inner: Any = unwrap(annotation)[0]
    if typing.get_origin(inner) is list:
        return _has_floats(typing.get_args(inner)[0])
    return inner is float or (inner not in SCALARS and not is_json(inner) and any(map(_has_floats, fields(inner).values())))


def _floats(value: Any, annotation: Any) -> Any:
    if not _has_floats(annotation):
        return value
    inner, _ = unwrap(annotation)
    if inner is float and type(value) is int and abs(value) <= EXACT:
        return float(value)
    if typing.get_origin(inner) is list and isinstance(value, list):
        return [_floats(element, typing.get_args(inner)[0]) for element in value]
    return with_floats(inner, value) if dataclasses.is_dataclass(inner) and isinstance(value, dict) else value


def _each(convert: Convert | None) -> Convert | None:
    """`convert` for every element of a list."""
    return convert and (lambda value: None if value is None else [convert(element) for element in value])


@cache
def _unpacker(annotation: Any) -> Convert | None:
    """A function value of a row object -> plain value, or None where they are the same."""
    inner, _ = unwrap(annotation)
    if inner is float:
        return lambda value: None if value is None else float(value)
    if is_json(inner) or inner in SCALARS:
        return None
    if typing.get_origin(inner) is list:
        return _each(_unpacker(typing.get_args(inner)[0]))
    return _struct_unpacker(inner)


@cache
def _struct_unpacker(row_type: Any) -> Convert:
    parts = [(name, operator.attrgetter(name), _unpacker(kind)) for name, kind in fields(row_type).items()]
    return lambda row: None if row is None else {
        name: unpack(get(row)) if unpack else get(row) for name, get, unpack in parts
    }


@cache
def _packer(annotation: Any) -> Convert | None:
    """The inverse of `_unpacker`."""
    inner, _ = unwrap(annotation)
    if is_json(inner) or inner in SCALARS:
        return None
    if typing.get_origin(inner) is list:
        return _each(_packer(typing.get_args(inner)[0]))
    return _struct_packer(inner)


@cache
def _struct_packer(row_type: Any) -> Convert:
    parts = [(name, _packer(kind)) for name, kind in fields(row_type).items()]
    return lambda row: None if row is None else row_type(*[pack(row[name]) if pack else row[name] for name, pack in parts])


@cache
def encoder(annotation: Any) -> Convert | None:
    """A function that turns the JSON values inside a field into their UTF-8 text, or None where there are none."""
    inner, _ = unwrap(annotation)
    if is_json(inner):
        return _encode_json
    if inner in SCALARS:
        return None
    if typing.get_origin(inner) is list:
        return _each(encoder(typing.get_args(inner)[0]))
    return _replaced([(name, encode) for name, kind in fields(inner).items() if (encode := encoder(kind))])


def _replaced(parts: list[tuple[str, Convert]]) -> Convert | None:
    """A copy of a dict with these fields converted."""
    if not parts:
        return None
    return lambda row: None if row is None else row | {name: convert(row[name]) for name, convert in parts}


def _encode_json(value: Any) -> bytes | None:
    return None if value is None else orjson.dumps(value)


def canonical_line(encoded: Row) -> bytes:
    """The canonical bytes of an encoded row: fields sorted by name, JSON values in their own key order.

    Key order inside a tool's schema or a message is content (it is what a model reads), so it counts; how a writer lays the
    row out in a file does not.
    """
    return orjson.dumps(encoded, default=orjson.Fragment, option=orjson.OPT_SORT_KEYS)


@cache
def decoder(annotation: Any) -> Convert | None:
    """The inverse of `encoder`, for values read from Parquet."""
    inner, _ = unwrap(annotation)
    if is_json(inner):
        return _decode_json
    if inner in SCALARS:
        return None
    if typing.get_origin(inner) is list:
        return _each(decoder(typing.get_args(inner)[0]))
    return _replaced([(name, decode) for name, kind in fields(inner).items() if (decode := decoder(kind))])


def _decode_json(text: Any) -> Any:
    """The JSON value of a text. Raises `ValueError` where it is none, or one that could not have been written."""
    return None if text is None else exact.loads(text, STORED_DEPTH)


def is_typed(annotation: Any) -> bool:
    """True if no JSON value hides in the annotation, so that Polars can read the column."""
    return encoder(annotation) is None
