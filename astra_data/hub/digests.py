"""Whether the rows of a version have the digest that its lineage names.

    check_rows(place, "default")            # raises DataError if not

A stage key holds the digests of the rows that a run read. Whoever wrote a lineage could name that of other rows there, so that
what was made of these would later be found as made of those.
"""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from astra_data.errors import DataError, Place
from astra_data.hub.load import Located
from astra_data.hub.writer import GROUP_ROWS, schema
from astra_data.rows import ROW_TYPES
from astra_data.rows.schema import canonical_line, decoder, encoder

_checked: set[tuple[str, str, str]] = set()
"""Tree, config and digest of the versions of which this is known."""


def check_rows(place: Located, config: str) -> None:
    """Raise `DataError` unless the rows of a config have the digest that its lineage names.

    Of a version that a run of this store made nothing is read, of any other all rows, once in a process.
    """
    if place.made or place.record is None:
        return
    known = (place.tree, config, place.record.rows(config))
    if known in _checked:
        return
    if stored_digest(place.files(config), ROW_TYPES[place.record.kind], refused=config != "default") != known[2]:
        raise DataError("its rows are not those that its lineage names", place=Place(place.address), mend="name another dataset")
    _checked.add(known)


def stored_digest(files: list[Path], row_type: type, *, refused: bool) -> str | None:
    """The digest of rows as they are stored, whether or not they are fit to be used; None where they are of another kind."""
    decode, encode = decoder(row_type), encoder(row_type)
    total, columns = hashlib.sha256(), schema(row_type, refused=refused).names
    try:
        for path in files:
            with pq.ParquetFile(path) as parquet:
                for batch in parquet.iter_batches(batch_size=GROUP_ROWS, columns=columns):
                    for row in batch.to_pylist():
                        known = decode(row) if decode else row
                        total.update(canonical_line(encode(known) if encode else known))
                        total.update(b"\n")
    except (pa.ArrowException, OSError, TypeError, ValueError, KeyError, AttributeError):
        return None
    return f"rows-sha256:{total.hexdigest()}"
