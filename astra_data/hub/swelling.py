"""What the texts of a Parquet file unpack to, told before they are unpacked.

    swelling(Path("a.parquet"), footer, most=256 << 20, at_once=512 << 20)      # 'unpacks to more than ...', or None

A text that stands once in the dictionary of a column may be the value of every row, and one that repeats the text before it takes
a few bytes; a footer counts neither. So of columns with a dictionary just the places in it are read, and lengths are added up. Of
columns whose texts refer to those before, so few rows are read at once that it cannot be too much.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BATCH_ROWS = 64
"""Rows that are unpacked at once."""
STEP_ROWS = 16 * BATCH_ROWS
PREFIXED = "DELTA_BYTE_ARRAY"


def swelling(path: Path, footer: pq.FileMetaData, most: int, at_once: int) -> str | None:
    """What is wrong with texts that become more than `most` bytes, or a few rows of which become more than `at_once`. Raises what
    the library raises for a file that cannot be read."""
    left = most
    for index in _texts(footer):
        chunks = [footer.row_group(group).column(index) for group in range(footer.num_row_groups)]
        if sum(chunk.num_values * chunk.total_uncompressed_size for chunk in chunks) <= min(most, at_once):
            continue
        column = footer.schema.column(index)
        if any(PREFIXED in chunk.encodings for chunk in chunks):
            if column.max_repetition_level:
                return f"has lists of texts in the encoding {PREFIXED}, which tells no end of them"
        elif any(chunk.has_dictionary_page for chunk in chunks):
            for size in _sizes(path, column.path):
                left -= size
                if size > at_once:
                    return f"holds {BATCH_ROWS} rows of more than {at_once >> 20} MiB"
                if left < 0:
                    return f"unpacks to more than {most >> 20} MiB"
    return None


def rows_at_once(footer: pq.FileMetaData, at_once: int) -> int:
    """How many rows may be unpacked together: fewer where texts may repeat most of a column each."""
    each = 0
    for group in range(footer.num_row_groups):
        chunks = [footer.row_group(group).column(index) for index in _texts(footer)]
        each = max(each, sum(chunk.total_uncompressed_size for chunk in chunks if PREFIXED in chunk.encodings))
    return max(1, min(BATCH_ROWS, at_once // max(each, 1)))


def _texts(footer: pq.FileMetaData) -> Iterator[int]:
    return (index for index in range(footer.num_columns) if footer.schema.column(index).physical_type == "BYTE_ARRAY")


def _sizes(path: Path, column: str) -> Iterator[int]:
    """The bytes of the texts of every few rows of a column, which is read as places in its dictionary."""
    with pq.ParquetFile(path, read_dictionary=[column]) as file:
        for batch in file.iter_batches(STEP_ROWS, columns=[column]):
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield sum(map(_length, batch.slice(start, BATCH_ROWS).columns))


def _length(array: pa.Array) -> int:
    """Bytes of the texts in an array, each counted as often as it stands there."""
    if isinstance(array, pa.ExtensionArray):
        return _length(array.storage)
    if isinstance(array, pa.DictionaryArray):
        lengths = pc.binary_length(array.dictionary.cast(pa.large_binary()))
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_nested(array.type):
        parts = array.flatten()
        return sum(map(_length, parts)) if isinstance(parts, list) else _length(parts)
    return int(array.nbytes)
