"""Parquet files of strangers, opened with an end: of rows, of what a file says it unpacks to, and of a batch.

    with opened(path) as parquet:
        for batch in batches(parquet, path):
            for row in rows(batch, path): ...

A file says in its footer how many rows it has and how large they are; one that says more than its bytes can hold is refused
before a row is read. What it says may be wrong: so few rows are read at once, and each batch is measured. A single value is
unpacked by the library as a whole, up to 2 GiB.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from astra_data.errors import DataError, Place
from astra_data.rows.columns import require_distinct
from astra_data.rows.columns import rows as rows

BATCH_ROWS = 64
LEAST_ROWS = 100_000
"""Rows that any file may have, however small; of others, one for each byte: an id alone takes eight."""
LEAST_UNPACKED = 256 << 20
MOST_RATIO = 500
"""Unpacked bytes, as the footer says, for each byte of the file."""
MOST_BATCH_BYTES = 512 << 20
MOST_COLUMNS = 2_000


def opened(path: Path) -> pq.ParquetFile:
    """The file. Raises `DataError` for one that is no Parquet file, that says more than it can hold, or that has two columns of
    one name."""
    try:
        parquet = pq.ParquetFile(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error
    try:
        if wrong := _beyond(parquet.metadata, path.stat().st_size):
            raise DataError(wrong, place=Place(str(path)), mend="make its version again, or pull it from somebody you trust")
        require_distinct(_names(parquet, path), path)
    except DataError:
        parquet.close()
        raise
    return parquet


def _names(parquet: pq.ParquetFile, path: Path) -> list[str]:
    try:
        names: list[str] = parquet.schema_arrow.names
    except (ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error
    return names


def batches(parquet: pq.ParquetFile, path: Path, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """A few rows at a time, of these columns or all, whose texts are UTF-8.

    Raises `DataError` for a batch that is too large, and for one that cannot be read.
    """
    try:
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=columns):
            batch.validate(full=True)
            if batch.nbytes > MOST_BATCH_BYTES:
                said = f"{batch.num_rows} rows of more than {MOST_BATCH_BYTES >> 20} MiB"
                raise DataError(said, place=Place(str(path)), mend="leave out rows of that size")
            yield batch
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> DataError:
    said = " ".join(str(error).split()).partition(". ")[0]
    mend = "the file is damaged: make its version again, or pull it"
    return DataError(f"not a readable Parquet file: {said}", place=Place(str(path)), mend=mend)


def _beyond(footer: pq.FileMetaData, size: int) -> str | None:
    """What a footer says that the bytes of its file cannot hold."""
    unpacked = sum(footer.row_group(index).total_byte_size for index in range(footer.num_row_groups))
    if footer.num_rows > max(size, LEAST_ROWS):
        return f"says that it holds {footer.num_rows:,} rows in {size:,} bytes"
    if unpacked > max(MOST_RATIO * size, LEAST_UNPACKED):
        return f"says that it unpacks to more than {MOST_RATIO} times its size"
    return f"has more than {MOST_COLUMNS:,} columns" if footer.num_columns > MOST_COLUMNS else None
