"""Parquet files as `datasets` reads them, and by our reader: with an end to rows, columns and batches.

    Bounded(data_files=..., features=..., cache_dir=...).as_streaming_dataset(split="train")

The builder of the library takes a row group at once, as large as its file says.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets.builder import Key
from datasets.packaged_modules.parquet.parquet import Parquet

from astra_data.hub import parquet


class Bounded(Parquet):  # type: ignore[misc]
    """The builder of the library for local files of known features. Raises `DataError` as `parquet.opened` and `batches` do."""

    _generate_more_gen_kwargs = None  # it would open the files to share out their row groups

    def _generate_tables(self, files: list[str], row_groups_list: object = None) -> Iterator[tuple[Any, pa.Table]]:
        for index, path in enumerate(map(Path, files)):
            with parquet.opened(path) as file:
                for number, batch in enumerate(parquet.batches(file, path)):
                    yield Key(index, number), self._cast_table(pa.Table.from_batches([batch]))
