"""JSON and CSV files of strangers, read through once before a library makes columns of them.

    check([Path("train.jsonl")], "json")

Every key becomes a column, in every row of it: a small file can name so many, or have so many rows without them, that there is no
end of it. So keys and rows are counted first, as the library will have them, and what is read as a whole has the bounds that it
has everywhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astra_data.bounded import files, json_text
from astra_data.errors import DataError, Place
from astra_data.hub.parquet import MOST_BATCH_BYTES, MOST_COLUMNS, VALUE_BYTES

BOM = b"\xef\xbb\xbf"
CHUNK = 10 << 20
"""Bytes of lines of which the library makes one table."""
CSV_ROWS = 10_000
"""Rows of CSV of which the library makes one table."""
MOST_NAMES = 20_000
"""Keys, by the path to each. Those of one object are `MOST_COLUMNS` at most where rows are: that many columns are quick."""
MOST_CELLS = MOST_BATCH_BYTES // VALUE_BYTES
"""Values of one table, null ones too; any dataset may have as many."""
MOST_RATIO = 50
"""Bytes of the values of all tables for each byte of the files."""
FIELD = re.compile(rb'(?:"(?:[^"]++|"")*+"?)?[^,\r\n]*+(,|\r\n?|\n|\Z)')
"""A field of CSV, and what ends it."""
MEND = "leave out what is no row, or write it as Parquet"


def check(paths: Iterable[Path], form: str) -> None:
    """Raise `DataError` for the first file whose rows, with those of the files before, are beyond a bound, or that is none."""
    size, cells = 0, 0
    for path in paths:
        _require_unpacked(path)
        size += path.stat().st_size
        for more in _json_cells(path) if form == "json" else _csv_cells(path):
            cells += more
            if more > MOST_CELLS or cells > max(MOST_CELLS, MOST_RATIO * size // VALUE_BYTES):
                raise _bad(path, f"has few bytes for its rows and keys, which make more than {MOST_CELLS:,} values")


def _require_unpacked(path: Path) -> None:
    """The library unpacks whatever begins as an archive does, however it is called."""
    from datasets.utils.extract import Extractor

    if kind := Extractor.infer_extractor_format(str(path)):
        raise DataError(f"is packed, as {kind}", place=Place(str(path)), mend="unpack it yourself if you trust it")


def _json_cells(path: Path) -> Iterator[int]:
    """The values of each table that is made of a file: of some lines, or of all of a file that is one value."""
    keys, rows, size = _Keys({}), 0, 0
    for number, line in files.lines(path):
        row = _object(path, number, line.removeprefix(BOM) if number == 1 else line)
        if row is None:
            whole = json_text.loads(files.content(path).removeprefix(BOM), Place(str(path)), mend=MEND)
            keys.take(whole, path)
            rows = 1
            break
        keys.take(row, path)
        rows, size = rows + 1, size + len(line)
        if size > CHUNK:
            yield keys.cells(rows)
            rows, size = 0, 0
    yield keys.cells(rows)


def _object(path: Path, number: int, line: bytes) -> Any:
    """The object of a line; None where the file is one value of several lines, or a list."""
    place = Place(str(path), number)
    try:
        row = json_text.loads(line, place, mend="write one object on each line", in_parts=True)
    except DataError:
        if number == 1:
            return None
        raise
    if not isinstance(row, dict) and number > 1:
        raise DataError("expected an object", place=place, mend="write one object on each line")
    return row if isinstance(row, dict) else None


@dataclass(slots=True)
class _Keys:
    """What stands below a key: by key, and under None what stands in a list. `elements` are those of this list; at the top,
    all keys."""

    parts: "dict[str | None, _Keys]"
    elements: int = 0

    def take(self, value: Any, path: Path) -> None:
        """Note the keys of a row, or of a list of rows. Raises `DataError` for too many."""
        self.elements += self._grow(value)
        rows = self.parts.get(None, self).parts
        if len(rows) > MOST_COLUMNS or self.elements > MOST_NAMES:
            said = f"{MOST_COLUMNS:,} columns" if len(rows) > MOST_COLUMNS else f"{MOST_NAMES:,} different keys"
            raise _bad(path, f"has more than {said}")

    def _grow(self, value: Any) -> int:
        """Note what is in a value; the number of keys that are new."""
        if isinstance(value, list):
            found = int(None not in self.parts)
            below = self.parts.setdefault(None, _Keys({}))
            below.elements += len(value)
            return found + sum(below._grow(part) for part in value if type(part) in (dict, list))
        found = 0
        for key, part in value.items():
            if key not in self.parts:
                self.parts[key] = _Keys({})
                found += 1
            if type(part) in (dict, list):
                found += self.parts[key]._grow(part)
        return found

    def cells(self, slots: int) -> int:
        """The values of a table of so many rows, in which each key has one for every place of the object it stands in.

        Forgets the elements that were counted for it."""
        total = slots
        for key, below in self.parts.items():
            total += below.cells(slots if key is not None else below.elements)
            if key is None:
                below.elements = 0
        return total


def _csv_cells(path: Path) -> Iterator[int]:
    """The values of a file, one for each column in each line."""
    columns = _csv_columns(path)
    if columns > MOST_COLUMNS:
        raise _bad(path, f"has more than {MOST_COLUMNS:,} columns")
    since = 0
    for block in files.blocks(path):
        ends = block.count(b"\n") + block.count(b"\r")
        since = len(block) if ends else since + len(block)
        if since > files.MOST_BYTES:
            raise _bad(path, f"has a line of more than {files.MOST_BYTES >> 20} MiB")
        while ends > 0:
            yield min(ends, CSV_ROWS) * columns
            ends -= CSV_ROWS


def _csv_columns(path: Path) -> int:
    """The most fields of the first two rows that hold any, which the library goes by; no more are counted than may be."""
    with path.open("rb") as file:
        head = file.read(files.MOST_BYTES).removeprefix(BOM)
    most, fields, rows, begun = 0, 0, 0, 0
    for field in FIELD.finditer(head):
        fields += 1
        if fields > MOST_COLUMNS:
            return fields
        if field[1] != b",":
            rows += bool(head[begun:field.end()].strip())
            most, fields, begun = max(most, fields), 0, field.end()
            if rows == 2:
                break
    return most


def _bad(path: Path, message: str) -> DataError:
    return DataError(message, place=Place(str(path)), mend=MEND)
