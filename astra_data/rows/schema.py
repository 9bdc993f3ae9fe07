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
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NewType

import orjson
import pyarrow as pa

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


@cache
def fields(row_type: Any) -> dict[str, Any]:
    """Field name -> resolved annotation, in declared order."""
    hints = typing.get_type_hints(row_type)
    return {field.name: hints[field.name] for field in dataclasses.fields(row_type)}


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


def to_dict(row: Any) -> Row:
    """A row object as the plain dict that is stored. Nested row types become dicts; JSON values stay as they are."""
    return {name: _plain(getattr(row, name), kind) for name, kind in fields(type(row)).items()}


def _plain(value: Any, annotation: Any) -> Any:
    inner, _ = unwrap(annotation)
    if value is None or is_json(inner) or inner in SCALARS:
        return value
    if typing.get_origin(inner) is list:
        item = typing.get_args(inner)[0]
        return [_plain(element, item) for element in value]
    return to_dict(value)


def from_dict(row_type: type, row: Row) -> Any:
    """The row object of a stored dict that has passed `check`."""
    return row_type(**{name: _typed(row[name], kind) for name, kind in fields(row_type).items()})


def _typed(value: Any, annotation: Any) -> Any:
    inner, _ = unwrap(annotation)
    if value is None or is_json(inner) or inner in SCALARS:
        return value
    if typing.get_origin(inner) is list:
        item = typing.get_args(inner)[0]
        return [_typed(element, item) for element in value]
    return from_dict(inner, value)


@cache
def encoder(annotation: Any) -> Callable[[Any], Any] | None:
    """A function value -> its stored form, or None where every value is that already.

    JSON values become their UTF-8 text, and integers in float fields become floats, as Parquet would have it.
    """
    inner, _ = unwrap(annotation)
    if is_json(inner):
        return _encode_json
    if inner is float:
        return _encode_float
    if inner in SCALARS:
        return None
    if typing.get_origin(inner) is list:
        encode_item = encoder(typing.get_args(inner)[0])
        return encode_item and (lambda value: None if value is None else [encode_item(item) for item in value])
    return _struct_encoder(inner)


def _struct_encoder(row_type: type) -> Callable[[Any], Any] | None:
    parts = [(name, encode) for name, kind in fields(row_type).items() if (encode := encoder(kind))]
    if not parts:
        return None
    return lambda row: None if row is None else row | {name: encode(row[name]) for name, encode in parts}


def _encode_json(value: Any) -> bytes | None:
    return None if value is None else orjson.dumps(value)


def _encode_float(value: Any) -> float | None:
    return None if value is None else float(value)


def canonical_line(encoded: Row) -> bytes:
    """The canonical bytes of an encoded row: fields sorted by name, JSON values in their own key order.

    Key order inside a tool's schema or a message is content (it is what a model reads), so it counts; how a writer lays the
    row out in a file does not.
    """
    return orjson.dumps(encoded, default=orjson.Fragment, option=orjson.OPT_SORT_KEYS)


@cache
def decoder(annotation: Any) -> Callable[[Any], Any] | None:
    """The inverse of `encoder`, for values read from Parquet."""
    inner, _ = unwrap(annotation)
    if is_json(inner):
        return lambda value: None if value is None else orjson.loads(value)
    if inner in SCALARS:
        return None
    if typing.get_origin(inner) is list:
        decode_item = decoder(typing.get_args(inner)[0])
        return decode_item and (lambda value: None if value is None else [decode_item(item) for item in value])
    parts = [(name, decode) for name, kind in fields(inner).items() if (decode := decoder(kind))]
    return (lambda row: None if row is None else row | {name: decode(row[name]) for name, decode in parts}) if parts else None


@cache
def is_typed(annotation: Any) -> bool:
    """True if no JSON value hides in the annotation, so that Polars can read the column."""
    inner, _ = unwrap(annotation)
    if is_json(inner) or inner in SCALARS:
        return not is_json(inner)
    if typing.get_origin(inner) is list:
        return is_typed(typing.get_args(inner)[0])
    return all(is_typed(kind) for kind in fields(inner).values())
