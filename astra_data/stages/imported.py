"""Rows that were written elsewhere, as a dataset version: a JSON Lines file of one kind becomes what its stage would have made.

    {"server": "units", "text": "Convert 3 miles to kilometers.", "target_tools": ["convert_length"], ...}

Every field of the row type must be there and fit; `id` is computed from the identity fields, whatever the file says.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import jsonl_rows
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Resources, Stage, StageConfig, item_of, taken
from astra_data.rows import ROW_TYPES, check, from_dict, identity, with_floats
from astra_data.rows.checks import AS_PRINTED, unstorable
from astra_data.rows.shapes import shape_error


class ImportConfig(StageConfig):
    """Nothing to choose."""


def import_stage(kind: str, file: Path) -> Stage:
    """A stage that reads rows of `kind` from a JSON Lines file."""

    def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
        number = 0
        for number, read in jsonl_rows(file):
            yield item_of(f"{file.name}, row {number}", partial(_row, kind, read, file.name, number))
        if not number:
            raise DataError("the file holds no rows", place=Place(file.name), mend="write rows with `astra show ADDRESS --json`")

    @asynccontextmanager
    async def open_stage(inputs: Inputs, config: Any, resources: Resources) -> AsyncIterator[Expand]:
        async def expand(row: Any) -> list[Outcome]:
            return [Keep(taken(row))]

        yield expand

    def fingerprint(config: Any, resources: Resources) -> dict[str, str]:
        return {"file": sha256_file(file)}

    return Stage(kind, 1, (), ImportConfig, items, open_stage, fingerprint=fingerprint)


def _row(kind: str, read: Callable[[], Any], file: str, number: int) -> Any:
    return checked(ROW_TYPES[kind], read(), file, number)


def checked(row_type: type, value: Any, file: str, number: int) -> Any:
    """The row of one line, with the id of its content. Raises `DataError` naming file, row and field."""
    if not isinstance(value, dict):
        raise DataError("expected an object", place=Place(file, number), mend="write one row per line")
    row = with_floats(row_type, value | {"id": ""})
    check(row_type, row, file=file, number=number)
    if wrong := shape_error(row_type, row):
        field, _, said = wrong.partition(": ")
        raise DataError(said, place=Place(file, number, field), mend=AS_PRINTED)
    try:
        return from_dict(row_type, row | {"id": identity(row_type, row)})
    except TypeError as error:
        raise unstorable(row, file=file, number=number) from error
