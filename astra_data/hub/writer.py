"""The one writer of dataset files, and the reader that gives the same rows back.

    with Writer(folder / "data", Task) as writer:
        writer.write(to_dict(task))
    writer.written          # Written(num_rows=1, rows="rows-sha256:...", files=["train-00000-of-00001.parquet"])

Every row is checked, hashed and encoded once. Row groups hold a fixed number of rows, or of large ones fewer, so that the bytes
depend on the rows alone; at most one row group is held in memory.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from astra_data.bounded import files, json_text
from astra_data.errors import DataError, Place
from astra_data.hub import parquet as parquet_files
from astra_data.hub.spelling import respelled_column
from astra_data.rows.checks import check, check_known, unstorable
from astra_data.rows.fit import REFUSED, Tell, raise_unfit, sound
from astra_data.rows.schema import Row, arrow_schema, canonical_line, encoder

GROUP_ROWS = 1_000
GROUP_BYTES = 32 << 20
"""Of canonical rows: with so many a group is full, too."""
SHARD_ROWS = 250_000
PARQUET_OPTIONS: Final = {"compression": "zstd", "use_content_defined_chunking": True, "write_page_index": True}
REFUSAL_FIELDS = [("input_id", pa.string()), ("reasons", pa.list_(pa.string()))]
"""What a row of `rejected` and `quarantined` holds beyond the row type: the input row it came from, and why it is there."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: row count, digest of the canonical rows in order, and file names inside the folder."""

    num_rows: int
    rows: str
    files: list[str]


class Writer:
    """Writes rows of one type into a new folder of Parquet shards. Use as a context manager; read `written` after it."""

    def __init__(self, folder: Path, row_type: type, *, refused: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._row_type, self._refused = folder, row_type, refused
        self._schema = schema(row_type, refused=refused)
        self._storage = pa.schema([(field.name, storage(field.type)) for field in self._schema])
        self._encode = encoder(row_type)
        self._digest = hashlib.sha256()
        self._pending: list[Row] = []
        self._pending_bytes = 0
        self._shard: pq.ParquetWriter | None = None
        self._shards: list[Path] = []
        self._num_rows = 0
        self.written: Written | None = None

    def write(self, row: Row) -> None:
        """Append one row. Raises `DataError` naming the row and field that does not fit; nothing is written then."""
        number = self._num_rows + 1
        checked = check_known if self._refused else check
        checked(self._row_type, row, file=self._folder.name, number=number)
        try:
            encoded = self._encode(row) if self._encode else row
            line = canonical_line(encoded)
        except TypeError as error:
            raise unstorable(row, file=self._folder.name, number=number) from error
        self._num_rows = number
        self._digest.update(line)
        self._digest.update(b"\n")
        self._pending.append(encoded)
        self._pending_bytes += len(line)
        if len(self._pending) == GROUP_ROWS or self._pending_bytes >= GROUP_BYTES or number % SHARD_ROWS == 0:
            self._flush()

    def refuse(self, row: Row | None, input_id: str, reasons: list[str]) -> None:
        """Append a refused row; what is not known of it is null."""
        known = row or {}
        self.write({name: known.get(name) for name in arrow_schema(self._row_type).names}
                   | {"input_id": input_id, "reasons": reasons})

    def close(self) -> Written:
        """Finish the shards under their final names. A second call changes nothing."""
        if self.written is not None:
            return self.written
        if self._pending or not self._shards:
            self._flush()
        self._close_shard()
        count = len(self._shards)
        files = [f"train-{index:05d}-of-{count:05d}.parquet" for index in range(count)]
        for path, name in zip(self._shards, files, strict=True):
            path.rename(self._folder / name)
        self.written = Written(self._num_rows, f"rows-sha256:{self._digest.hexdigest()}", files)
        return self.written

    def _flush(self) -> None:
        if self._shard is None:
            self._open_shard()
        assert self._shard is not None
        columns = [pa.array([row[field.name] for row in self._pending], field.type) for field in self._storage]
        legible = [respelled_column(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._shard.write_table(pa.table(legible, schema=self._storage).cast(self._schema))
        self._pending.clear()
        self._pending_bytes = 0
        if self._num_rows % SHARD_ROWS == 0:
            self._close_shard()

    def _open_shard(self) -> None:
        path = self._folder / f".part-{len(self._shards):05d}"
        self._shards.append(path)
        self._shard = pq.ParquetWriter(path, self._schema, **PARQUET_OPTIONS)

    def _close_shard(self) -> None:
        if self._shard is not None:
            self._shard.close()
            self._shard = None

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._close_shard()


def schema(row_type: type, *, refused: bool = False) -> pa.Schema:
    """The Parquet schema of a dataset kind, or of its refused rows."""
    base = arrow_schema(row_type)
    return pa.schema([*base, *REFUSAL_FIELDS]) if refused else base


def storage(kind: pa.DataType) -> pa.DataType:
    """The Arrow type that holds the values of this one, JSON as text."""
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    if pa.types.is_list(kind):
        return pa.list_(storage(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, storage(field.type)) for field in kind])
    return kind


def read_rows(files: Iterable[Path], row_type: type, unfit: Tell = raise_unfit, *, partial: bool = True) -> Iterator[Row]:
    """The stored dicts of these Parquet files in order, JSON decoded. A row that is not what it says goes to `unfit` instead; of
    refused rows all may be null that is not known, unless they must not be `partial`.

    Raises `DataError` for a file that is not ours, and where nobody takes a row that does not fit.
    """
    seen: set[str] = set()
    for path in files:
        file = f"{path.parent.name}/{path.name}"
        with parquet_files.opened(path) as parquet:
            _check_columns(parquet.schema_arrow, row_type, path)
            columns = schema(row_type, refused=file.startswith(REFUSED)).names
            yield from sound(row_type, parquet_files.batches(parquet, path, columns), file, unfit, seen, partial=partial)


def count_rows(files: Iterable[Path]) -> int:
    """How many rows these Parquet files hold, from their footers."""
    total = 0
    for path in files:
        with parquet_files.opened(path) as parquet:
            total += parquet.metadata.num_rows
    return total


def _check_columns(found: pa.Schema, row_type: type, path: Path) -> None:
    missing = [name for name in arrow_schema(row_type).names if name not in found.names]
    if missing:
        raise DataError(
            "no such column",
            place=Place(path.name, field=missing[0]),
            mend=f"this file does not hold {row_type.__name__} rows of this version; make it again with `astra make`",
        )


def rows_digest(rows: Iterable[Row], row_type: type) -> str:
    """The digest of stored dicts, as `Writer` computes it."""
    total, encode = hashlib.sha256(), encoder(row_type)
    for row in rows:
        total.update(canonical_line(encode(row) if encode else row))
        total.update(b"\n")
    return f"rows-sha256:{total.hexdigest()}"


def read_jsonl(path: Path) -> Iterator[tuple[int, Any]]:
    """(line number from 1, value) of a JSON Lines file. Raises `DataError` naming the row."""
    for number, read in jsonl_rows(path):
        yield number, read()


def jsonl_rows(path: Path) -> Iterator[tuple[int, Callable[[], Any]]]:
    """(line number from 1, what reads the line) of a JSON Lines file. What reads it raises `DataError` naming the row, so that
    one line that is none does not cost the others."""
    for number, line in files.lines(path):
        yield number, partial(json_text.loads, line, Place(path.name, number), mend="write one JSON object on each line")
