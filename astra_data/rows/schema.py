"""Row types are frozen dataclasses; this module derives everything else from their annotations.

    @dataclass(frozen=True, slots=True)
    class Tool:
        name: str
        parameters: Json            # any JSON value, stored as an arrow.json column

`features(Tool)` gives the `datasets.Features`, `arrow_schema(Tool)` the Parquet schema, `check(Tool, row)` the first
error of a plain dict, `to_dict` and `from_dict` the two directions. Supported annotations: `str, int, float, bool`, `Json`,
`X | None`, `list[X]`, `dict[str, str]` (stored as JSON) and other row types.
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

from astra_data.errors import DataError, Place

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


def features(row_type: type) -> Features:
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


Wrong = tuple[str, str]
"""What is wrong with a value: its path inside the value (`[2].name`, or empty), and the message."""

Checker = Callable[[Any], Wrong | None]


@cache
def checker(annotation: Any) -> Checker:
    """A function value -> the first thing wrong with it, or None. Paths are only built once something is wrong."""
    inner, optional = unwrap(annotation)
    check_inner = _required(inner)
    if not optional:
        return check_inner
    return lambda value: None if value is None else check_inner(value)


def _required(annotation: Any) -> Checker:
    if annotation is Json:
        return lambda value: None
    if annotation in SCALARS:
        return _scalar(annotation)
    if typing.get_origin(annotation) is list:
        item = typing.get_args(annotation)[0]
        return _instance(list, "a list") if item is Json else _list(checker(item))
    if typing.get_origin(annotation) is dict:
        return _instance(dict, "an object")
    return _struct(annotation)


def _instance(kind: type, expected: str) -> Checker:
    return lambda value: None if isinstance(value, kind) else ("", f"expected {expected}, got {_kind(value)}")


def _scalar(kind: type) -> Checker:
    accepted = (int, float) if kind is float else (kind,)

    def check_scalar(value: Any) -> Wrong | None:
        return None if type(value) in accepted else ("", f"expected {SCALARS[kind][0]}, got {_kind(value)}")

    return check_scalar


def _list(check_item: Checker) -> Checker:
    def check_list(value: Any) -> Wrong | None:
        if not isinstance(value, list):
            return "", f"expected a list, got {_kind(value)}"
        for index, item in enumerate(value):
            if wrong := check_item(item):
                return f"[{index}]{wrong[0]}", wrong[1]
        return None

    return check_list


@cache
def _struct(row_type: Any) -> Checker:
    checks = {name: checker(kind) for name, kind in fields(row_type).items()}
    checked = list(checks.items())

    def check_struct(value: Any) -> Wrong | None:
        if not isinstance(value, dict):
            return "", f"expected an object, got {_kind(value)}"
        if value.keys() != checks.keys():
            return _keys(value, checks)
        for name, check_field in checked:
            if wrong := check_field(value[name]):
                return f".{name}{wrong[0]}", wrong[1]
        return None

    return check_struct


def _keys(value: Row, expected: dict[str, Checker]) -> Wrong:
    missing = [name for name in expected if name not in value]
    if missing:
        return f".{missing[0]}", "missing"
    return f".{next(name for name in value if name not in expected)}", "not a field of this row"


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def check(row_type: type, row: Row, *, file: str, number: int | None = None) -> None:
    """Raise `DataError` naming file, row and field unless `row` has exactly the fields and types of `row_type`."""
    if wrong := _struct(row_type)(row):
        raise DataError(wrong[1], place=Place(file, number, wrong[0].lstrip(".") or None))


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
    """A function that turns the JSON values inside a field into their UTF-8 text, or None where there are none."""
    inner, _ = unwrap(annotation)
    if is_json(inner):
        return _encode_json
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


def canonical_line(encoded: Row) -> bytes:
    """The canonical bytes of an encoded row: fields in declared order, JSON values in their own key order.

    Key order inside a tool's schema or a message is content (it is what a model reads), so it counts; how a writer lays the
    row out in a file does not.
    """
    return orjson.dumps(encoded, default=orjson.Fragment)


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


def is_typed(annotation: Any) -> bool:
    """True if no JSON value hides in the annotation, so that Polars can read the column."""
    return encoder(annotation) is None
