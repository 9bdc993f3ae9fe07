"""Whether all rows of a batch are of a type, told from its columns: much quicker than looking at every row.

    flawless(batch, Task)           # True, or False where some row may not be of the type; `check` says which

Of JSON, which may hold anything, only the columns of `dict[str, str]` are looked into: few different texts stand in one.
"""

import typing
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from astra_data.rows.checks import checker
from astra_data.rows.schema import SCALARS, Json, arrow_type, fields, unwrap


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
