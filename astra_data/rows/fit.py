"""Whether stored rows are what they say: of their type, and with the `id` that their content has.

    for row in sound(Task, batches, "data/train-00000-of-00001.parquet", raise_unfit, set(), partial=False): ...

Whoever made a file can write any `id` into it, and what refers to rows goes by that. So every row that is read passes here; one
that does not fit is told and left out. Of a refused row not everything need be known, and one that was refused as a duplicate has
the id of another.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import pyarrow as pa

from astra_data.errors import DataError, Place
from astra_data.rows.canonical import content_id
from astra_data.rows.checks import Checker, checker
from astra_data.rows.columns import flawless, rows
from astra_data.rows.schema import Row, decoder, fields
from astra_data.rows.shapes import shape_error

REFUSED = ("rejected/", "quarantined/")
"""Folders of a version that hold refused rows."""
MEND = "make its version again, or pull it from somebody you trust"


@dataclass(frozen=True, slots=True, order=True)
class Unfit:
    """A stored row that is not what it says: its file (folder and name), its number there from 1, and why, as `kind` or
    `kind - detail`."""

    file: str
    number: int
    why: str

    @property
    def place(self) -> Place:
        return Place(self.file, self.number)

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


Tell = Callable[[Unfit], None]


def raise_unfit(unfit: Unfit) -> NoReturn:
    """Raise the `DataError` of a row, where nobody goes on without it."""
    raise DataError(unfit.why, place=unfit.place, mend=MEND)


def identity(row_type: Any, row: Row) -> str:
    """The `id` that a stored dict of this type must have: the content id of its identity fields."""
    return content_id({name: row[name] for name in row_type.IDENTITY})


def sound(row_type: type, batches: Iterable[pa.RecordBatch], file: str, tell: Tell, seen: set[str], *,
          partial: bool, refused: bool | None = None) -> Iterator[Row]:
    """The rows of one file that are what they say, their JSON decoded. `seen` are the ids of the files before it; whether its
    rows are `refused` ones is told by its folder, if nobody says it.

    Rows of a folder of `REFUSED` may share their ids, and where they may be `partial`, be null in what is not known.
    """
    decode, number = decoder(row_type) or _same, 0
    refused = file.startswith(REFUSED) if refused is None else refused
    for batch in batches:
        stored = rows(batch, file, number)
        known = not refused and flawless(batch, row_type)
        for one in stored:
            number += 1
            if not refused and isinstance(one["id"], str) and one["id"] in seen:
                tell(Unfit(file, number, "same id as an earlier row"))
                continue
            try:
                row = decode(one)
                wrong = None if known else _wrong(row_type, row, partial=refused and partial)
                wrong = wrong or _misshapen(row_type, row)
                why = wrong or _misnamed(row_type, row)
            except ValueError as error:
                why = _said(str(error))
            except (TypeError, KeyError, AttributeError) as error:
                why = _said(type(error).__name__)
            if why is None:
                if not refused:
                    seen.add(row["id"])
                yield row
            else:
                tell(Unfit(file, number, why))


def _same(row: Row) -> Row:
    return row


def _wrong(row_type: Any, row: Row, *, partial: bool) -> str | None:
    """What of the row is not of the type; if it may be partial, what of that which is known."""
    for name, check in _checkers(row_type).items():
        if not (partial and row[name] is None) and (wrong := check(row[name])):
            return _said(f"{name}{wrong[0]}: {wrong[1]}")
    return None


def _misshapen(row_type: Any, row: Row) -> str | None:
    wrong = shape_error(row_type, row)
    return None if wrong is None else _said(wrong)


def _said(wrong: str) -> str:
    """The names of fields may be the file's own."""
    return f"no row of this kind - {wrong if wrong.isprintable() else ascii(wrong)}"


def _misnamed(row_type: Any, row: Row) -> str | None:
    """What is wrong with the id."""
    return None if row["id"] in (None, identity(row_type, row)) else "id is not that of the content"


@cache
def _checkers(row_type: Any) -> dict[str, Checker]:
    return {name: checker(kind) for name, kind in fields(row_type).items()}
