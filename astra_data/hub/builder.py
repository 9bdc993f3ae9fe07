"""Parquet files as `datasets` reads them, and by our reader: with an end to rows, columns and batches, and a look at each row.

    Bounded(data_files=..., features=..., kind="tasks", cache_dir=...).as_streaming_dataset(split="train")

The builder of the library takes a row group at once, as large as its file says, and hands on whatever is in it.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets.builder import Key
from datasets.packaged_modules.parquet.parquet import Parquet, ParquetConfig

from astra_data.hub import parquet
from astra_data.hub.writer import schema
from astra_data.rows import ROW_TYPES
from astra_data.rows.fit import raise_unfit, sound


@dataclass
class BoundedConfig(ParquetConfig):  # type: ignore[misc]
    """`kind` is that of the rows, where it is known; `refused` ones may be null in what is not known of them."""

    kind: str | None = None
    refused: bool = False


class Bounded(Parquet):  # type: ignore[misc]
    """The builder of the library for local files of known features. Raises `DataError` as `parquet.opened` and `batches` do, and
    for a row that is not what it says."""

    BUILDER_CONFIG_CLASS = BoundedConfig
    _generate_more_gen_kwargs = None  # it would open the files to share out their row groups

    def _generate_tables(self, files: list[str], row_groups_list: object = None) -> Iterator[tuple[Any, pa.Table]]:
        row_type, seen = ROW_TYPES.get(self.config.kind), set[str]()
        for index, path in enumerate(map(Path, files)):
            with parquet.opened(path) as file:
                names = schema(row_type, refused=self.config.refused).names if row_type else []
                known = bool(names) and set(names) <= set(file.schema_arrow.names)
                for number, batch in enumerate(parquet.batches(file, path)):
                    if known and row_type:
                        name, rows = f"{path.parent.name}/{path.name}", [batch.select(names)]
                        deque(sound(row_type, rows, name, raise_unfit, seen, partial=True, refused=self.config.refused), 0)
                    yield Key(index, number), self._cast_table(pa.Table.from_batches([batch]))
