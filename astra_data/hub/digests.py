"""Whether the rows of a version have the digest that its lineage names.

    check_rows(place, "default")            # raises DataError if not

A stage key holds the digests of the rows that a run read. Whoever wrote a lineage could name that of other rows there, so that
what was made of these would later be found as made of those.
"""

from collections.abc import Iterator
from pathlib import Path

from astra_data.errors import DataError, Place
from astra_data.hub import parquet
from astra_data.hub.load import Located
from astra_data.hub.writer import rows_digest, schema
from astra_data.rows import ROW_TYPES, Row
from astra_data.rows.schema import decoder

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
    """The digest of rows as they are stored, whether or not they are fit to be used; None where they are of another kind.

    Raises `DataError` for a file that cannot be read within the bounds of `hub.parquet`.
    """
    try:
        return rows_digest(_stored(files, row_type, schema(row_type, refused=refused).names), row_type)
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def _stored(files: list[Path], row_type: type, columns: list[str]) -> Iterator[Row]:
    decode = decoder(row_type)
    for path in files:
        with parquet.opened(path) as file:
            for batch in parquet.batches(file, path, columns):
                yield from map(decode, batch.to_pylist()) if decode else batch.to_pylist()
