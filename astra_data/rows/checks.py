"""Whether a plain dict is a row of a type, and if not, where it first differs.

    check(Task, {"id": 7}, file="tasks.jsonl", number=3)
    # DataError: tasks.jsonl, row 3, field server_id: missing

A checker is built once for every annotation, and builds no path until something is wrong.
"""

import math
import typing
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson

from astra_data.errors import DataError, Place
from astra_data.rows.schema import SCALARS, Json, Row, fields, unwrap

Wrong = tuple[str, str]
"""What is wrong with a value: its path inside the value (`[2].name`, or empty), and the message."""

Checker = Callable[[Any], Wrong | None]

AS_PRINTED = "a row has the fields and types that `astra show ADDRESS --json` prints"
INT64 = range(-(2**63), 2**63)


def check(row_type: Any, row: Row, *, file: str, number: int | None = None) -> None:
    """Raise `DataError` naming file, row and field unless `row` has exactly the fields and types of `row_type`."""
    if wrong := _struct(row_type)(row):
        raise _error(wrong, file, number, AS_PRINTED)


def check_known(row_type: type, row: Row, *, file: str, number: int | None = None) -> None:
    """`check` for a row of which not everything is known: fields may be missing or null."""
    for name, kind in fields(row_type).items():
        value = row.get(name)
        if value is not None and (wrong := checker(kind)(value)):
            raise _error((f".{name}{wrong[0]}", wrong[1]), file, number, AS_PRINTED)


def unstorable(row: Row, *, file: str, number: int | None = None) -> DataError:
    """The error of a row that passed `check` and yet cannot be written, because JSON cannot hold a value inside it."""
    return _error(_culprit(row, "") or ("", "cannot be written as JSON"), file, number, "use texts, numbers, lists and objects")


def _culprit(value: Any, path: str) -> Wrong | None:
    try:
        orjson.dumps(value)
        return None
    except TypeError as error:
        wrong = path, f"cannot be written as JSON: {error}"
    parts = list(value.items()) if isinstance(value, dict) else []
    inner = [(f".{name}", part) for name, part in parts]
    inner += [(f"[{index}]", part) for index, part in enumerate(value)] if isinstance(value, list) else []
    return next((found for step, part in inner if (found := _culprit(part, path + step))), wrong)


def _error(wrong: Wrong, file: str, number: int | None, mend: str) -> DataError:
    return DataError(wrong[1], place=Place(file, number, wrong[0].lstrip(".") or None), mend=mend)


@cache
def checker(annotation: Any) -> Checker:
    """A function value -> the first thing wrong with it, or None."""
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
        return _json_list if item is Json else _list(checker(item))
    if typing.get_origin(annotation) is dict:
        return _strings
    return _struct(annotation)


def _scalar(kind: type) -> Checker:
    if kind is int:
        return _int
    if kind is float:
        return _float
    return lambda value: None if type(value) is kind else _unexpected(SCALARS[kind][0], value)


def _int(value: Any) -> Wrong | None:
    if type(value) is not int:
        return _unexpected("int64", value)
    return None if value in INT64 else ("", f"{value} does not fit in 64 bits")


def _float(value: Any) -> Wrong | None:
    if type(value) is not float:
        return _unexpected("float64", value)
    return None if math.isfinite(value) else ("", f"{value} is no value; one that could not be had is null")


def _json_list(value: Any) -> Wrong | None:
    return None if isinstance(value, list) else _unexpected("a list", value)


def _strings(value: Any) -> Wrong | None:
    if not isinstance(value, dict):
        return _unexpected("an object", value)
    for name, text in value.items():
        if type(name) is not str or type(text) is not str:
            return f".{name}", f"expected string, got {_kind(text if type(name) is str else name)}"
    return None


def _list(check_item: Checker) -> Checker:
    def check_list(value: Any) -> Wrong | None:
        if not isinstance(value, list):
            return _unexpected("a list", value)
        for index, item in enumerate(value):
            if wrong := check_item(item):
                return f"[{index}]{wrong[0]}", wrong[1]
        return None

    return check_list


@cache
def _struct(row_type: Any) -> Checker:
    checks = {name: checker(kind) for name, kind in fields(row_type).items()}
    checked = [(name, _sufficient(kind), checks[name]) for name, kind in fields(row_type).items()]

    def check_struct(value: Any) -> Wrong | None:
        if not isinstance(value, dict):
            return _unexpected("an object", value)
        if len(value) != len(checked):
            return _keys(value, checks)
        for name, sufficient, check_field in checked:
            try:
                part = value[name]
            except KeyError:
                return _keys(value, checks)
            if type(part) is not sufficient and (wrong := check_field(part)):
                return f".{name}{wrong[0]}", wrong[1]
        return None

    return check_struct


def _sufficient(annotation: Any) -> type | None:
    """The type whose every value is right, so that most fields need no call."""
    inner, _ = unwrap(annotation)
    return inner if inner in (str, bool) else None


def _keys(value: Row, expected: dict[str, Checker]) -> Wrong:
    missing = [name for name in expected if name not in value]
    if missing:
        return f".{missing[0]}", "missing"
    return f".{next(name for name in value if name not in expected)}", "not a field of this row"


def _unexpected(expected: str, value: Any) -> Wrong:
    return "", f"expected {expected}, got {_kind(value)}"


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
