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
def fields(row_type: type) -> dict[str, Any]:
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


Checker = Callable[[Any, str], str | None]


@cache
def checker(annotation: Any) -> Checker:
    """A function (value, field path) -> the first thing wrong with the value, or None."""
    inner, optional = unwrap(annotation)
    check_inner = _required(inner)
    if not optional:
        return check_inner
    return lambda value, path: None if value is None else check_inner(value, path)


def _required(annotation: Any) -> Checker:
    if annotation is Json:
        return lambda value, path: None
    if annotation in SCALARS:
        return _scalar(annotation)
    if typing.get_origin(annotation) is list:
        return _list(checker(typing.get_args(annotation)[0]))
    if typing.get_origin(annotation) is dict:
        return lambda value, path: None if isinstance(value, dict) else f"{path}: expected an object, got {_kind(value)}"
    return _struct(annotation)


def _scalar(kind: type) -> Checker:
    accepted = (int, float) if kind is float else (kind,)

    def check_scalar(value: Any, path: str) -> str | None:
        if type(value) in accepted:
            return None
        return f"{path}: expected {SCALARS[kind][0]}, got {_kind(value)}"

    return check_scalar


def _list(check_item: Checker) -> Checker:
    def check_list(value: Any, path: str) -> str | None:
        if not isinstance(value, list):
            return f"{path}: expected a list, got {_kind(value)}"
        for index, item in enumerate(value):
            if wrong := check_item(item, f"{path}[{index}]"):
                return wrong
        return None

    return check_list


def _struct(row_type: type) -> Checker:
    checks = {name: checker(kind) for name, kind in fields(row_type).items()}

    def check_struct(value: Any, path: str) -> str | None:
        if not isinstance(value, dict):
            return f"{path}: expected an object, got {_kind(value)}"
        if value.keys() != checks.keys():
            return _keys(value, checks, path)
        for name, check_field in checks.items():
            if wrong := check_field(value[name], f"{path}.{name}" if path else name):
                return wrong
        return None

    return check_struct


def _keys(value: Row, expected: dict[str, Checker], path: str) -> str:
    missing = [name for name in expected if name not in value]
    name = missing[0] if missing else next(name for name in value if name not in expected)
    return f"{path}.{name}".lstrip(".") + (": missing" if missing else ": not a field of this row")


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__


def check(row_type: type, row: Row, *, file: str, number: int | None = None) -> None:
    """Raise `DataError` naming file, row and field unless `row` has exactly the fields and types of `row_type`."""
    if wrong := checker(row_type)(row, ""):
        field, _, message = wrong.partition(": ")
        raise DataError(message, place=Place(file, number, field or None))


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
    """A function that turns the JSON values inside a field into their stored text, or None where there are none."""
    inner, _ = unwrap(annotation)
    if is_json(inner):
        return lambda value: None if value is None else orjson.dumps(value).decode()
    if inner in SCALARS:
        return None
    if typing.get_origin(inner) is list:
        encode_item = encoder(typing.get_args(inner)[0])
        return encode_item and (lambda value: None if value is None else [encode_item(item) for item in value])
    parts = {name: encode for name, kind in fields(inner).items() if (encode := encoder(kind))}
    return (lambda value: None if value is None else _encode(value, parts)) if parts else None


def _encode(row: Row, parts: dict[str, Callable[[Any], Any]]) -> Row:
    return row | {name: encode(row[name]) for name, encode in parts.items()}


def encode_row(row_type: type, row: Row) -> Row:
    """A stored dict with its JSON values as text: what pyarrow writes."""
    return _encode(row, _parts(row_type))


@cache
def _parts(row_type: type) -> dict[str, Callable[[Any], Any]]:
    return {name: encode for name, kind in fields(row_type).items() if (encode := encoder(kind))}
