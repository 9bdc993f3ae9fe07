"""A batch of columns: its rows as dicts, and whether all are of a type, told from the columns, which is much quicker.

    rows(batch, "tasks.parquet")    # [{"id": "3f2a...", ...}, ...]
    flawless(batch, Task)           # True, or False where some row may not be of the type; `check` says which

Of JSON, which may hold anything, only the columns of `dict[str, str]` are looked into: few different texts stand in one.
"""

import typing
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from astra_data.errors import DataError, Place
from astra_data.rows.checks import checker
from astra_data.rows.schema import SCALARS, Json, Row, arrow_type, fields, unwrap


def rows(batch: pa.RecordBatch, file: str | Path, before: int = 0) -> list[Row]:
    """The rows of a batch, of which `before` others stand in the file, as Python has their values.

    Raises `DataError` naming row and column where it has none for one: a time beyond its calendar or in a zone that nobody knows,
    a struct with two fields of a name.
    """
    names = batch.schema.names
    require_distinct(names, file)
    columns = [_values(column, Place(str(file), before, name)) for name, column in zip(names, batch.columns, strict=True)]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def require_distinct(names: Iterable[str], file: str | Path) -> None:
    """Raise `DataError` where two columns have one name: a row can hold but one of them."""
    for name, count in Counter(names).items():
        if count > 1:
            raise DataError(f"{count} columns of this name", place=Place(str(file), field=name), mend="leave all but one out")


def _values(column: pa.Array, place: Place) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except Exception as error:  # whatever calendars, zones and extension types raise
        row, why = _culprit(column) or (0, error)
        said = f"a value of type {column.type!s:.60} that cannot be read: {type(why).__name__}"
        raise DataError(said, place=replace(place, row=(place.row or 0) + row + 1),
                        mend="write texts, numbers, lists and structs, or leave the column out") from error
    return values


def _culprit(column: pa.Array) -> tuple[int, Exception] | None:
    """The first value that Python cannot have, counted from 0, and why."""
    for row, value in enumerate(column):
        try:
            value.as_py()
        except Exception as error:
            return row, error
    return None


def flawless(batch: pa.RecordBatch, row_type: Any) -> bool:
    """Whether every value is of its type, none null that may not be, and every number finite."""
    columns = [(batch.column(name), kind) for name, kind in fields(row_type).items()]
    return all(column.type == arrow_type(kind) and _fits(column, kind) for column, kind in columns)


def _fits(values: Any, annotation: Any) -> bool:
    """Whether the values, whose types are right, are there and finite."""
    inner, optional = unwrap(annotation)
    if inner is Json:
        return True
    if values.null_count and not optional:
        return False
    if inner in SCALARS:
        return inner is not float or pc.all(pc.is_finite(values)).as_py() is not False
    if typing.get_origin(inner) is dict:
        return _texts_fit(values, checker(inner))
    there = values.drop_null()
    if typing.get_origin(inner) is list:
        return _fits(there.flatten(), typing.get_args(inner)[0])
    return all(_fits(there.field(name), kind) for name, kind in fields(inner).items())


def _texts_fit(values: Any, check: Any) -> bool:
    try:
        return all(check(orjson.loads(text)) is None for text in values.storage.unique().drop_null().to_pylist())
    except orjson.JSONDecodeError:
        return False
