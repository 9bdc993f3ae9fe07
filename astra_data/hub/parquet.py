"""Parquet files of strangers, opened with an end: of rows, of what a file says it unpacks to, and of a batch.

    with opened(path) as parquet:
        for batch in batches(parquet, path):
            for row in rows(batch, path): ...

A file says in its footer how many rows it has and how large they are; one that says more than its bytes can hold is refused
before a row is read. What it says may be wrong, and leaves out how often a text is repeated: so texts are measured before they
are unpacked, few rows are read at once, and each batch counts against an end of all. A single value is unpacked by the library as
a whole, up to 2 GiB.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from astra_data.errors import DataError, Place
from astra_data.hub import swelling
from astra_data.hub.swelling import BATCH_ROWS as BATCH_ROWS
from astra_data.rows.columns import require_distinct
from astra_data.rows.columns import rows as rows

LEAST_ROWS = 100_000
"""Rows that any file may have, however small; of others, one for each byte: an id alone takes eight."""
LEAST_UNPACKED = 256 << 20
MOST_RATIO = 500
"""Unpacked bytes for each byte of the file."""
MOST_UNPACKED = 64 << 30
MOST_BATCH_BYTES = 512 << 20
MOST_COLUMNS = 2_000
SWOLLEN = f"unpacks to more than {MOST_RATIO} times its size"
VALUE_BYTES = 8
"""What any value takes, one that is null too."""


def opened(path: Path) -> pq.ParquetFile:
    """The file. Raises `DataError` for one that is no Parquet file, that says more than it can hold, or that has two columns of
    one name."""
    try:
        parquet = pq.ParquetFile(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error
    try:
        schema = _schema(parquet, path)
        if wrong := _beyond(parquet.metadata, schema, path.stat().st_size) or _swelling(parquet.metadata, path):
            raise DataError(wrong, place=Place(str(path)), mend="make its version again, or pull it from somebody you trust")
        require_distinct(schema.names, path)
    except DataError:
        parquet.close()
        raise
    return parquet


def most_unpacked(size: int) -> int:
    """The bytes that files of this size may unpack to."""
    return min(max(MOST_RATIO * size, LEAST_UNPACKED), MOST_UNPACKED)


def _schema(parquet: pq.ParquetFile, path: Path) -> pa.Schema:
    try:
        return parquet.schema_arrow
    except (ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error


def _swelling(footer: pq.FileMetaData, path: Path) -> str | None:
    try:
        return swelling.swelling(path, footer, most_unpacked(path.stat().st_size), MOST_BATCH_BYTES)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error


def batches(parquet: pq.ParquetFile, path: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """A few rows at a time, of these columns or all, whose texts are UTF-8.

    Raises `DataError` for a batch or a file that is too large, and for one that cannot be read.
    """
    left = most_unpacked(path.stat().st_size)
    try:
        for batch in parquet.iter_batches(swelling.rows_at_once(parquet.metadata, MOST_BATCH_BYTES), columns=columns):
            batch.validate(full=True)
            left -= batch.nbytes
            if batch.nbytes > MOST_BATCH_BYTES or left < 0:
                said = f"{batch.num_rows} rows of more than {MOST_BATCH_BYTES >> 20} MiB" if left >= 0 else SWOLLEN
                raise DataError(said, place=Place(str(path)), mend="leave out rows of that size")
            yield batch
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> DataError:
    said = " ".join(str(error).split()).partition(". ")[0]
    mend = "the file is damaged: make its version again, or pull it"
    return DataError(f"not a readable Parquet file: {said}", place=Place(str(path)), mend=mend)


def _beyond(footer: pq.FileMetaData, schema: pa.Schema, size: int) -> str | None:
    """What a footer says that the bytes of its file cannot hold."""
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    if footer.num_rows > max(size, LEAST_ROWS):
        return f"says that it holds {footer.num_rows:,} rows in {size:,} bytes"
    if footer.num_columns > MOST_COLUMNS:
        return f"has more than {MOST_COLUMNS:,} columns"
    if sum(group.total_byte_size for group in groups) > max(MOST_RATIO * size, LEAST_UNPACKED):
        return f"says that it {SWOLLEN}"
    widths = [max(VALUE_BYTES, footer.schema.column(index).length or 0) for index in range(footer.num_columns)]
    values = sum(group.column(index).num_values * width for group in groups for index, width in enumerate(widths))
    if values + footer.num_rows * sum(map(_fixed, schema.types)) > most_unpacked(size):
        return f"says that it holds values that take more than {MOST_RATIO} times its size"
    return None


def _fixed(kind: pa.DataType) -> int:
    """What lists of a fixed length take in a row, null ones too."""
    parts = [kind.field(index).type for index in range(kind.num_fields)]
    inner = sum(map(_fixed, parts))
    return kind.list_size * max(inner, VALUE_BYTES) if pa.types.is_fixed_size_list(kind) else inner
