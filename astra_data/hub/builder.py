"""Files as `datasets` reads them, within bounds: Parquet by our reader, and JSON and CSV after a look through them.

    Bounded(data_files=..., features=..., kind="tasks", cache_dir=...).as_streaming_dataset(split="train")

The builders of the library take a row group at once, as large as its file says, or any number of columns, and hand on whatever is
in them, whether Python has a value for it or not.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets.builder import Key
from datasets.packaged_modules.csv.csv import Csv
from datasets.packaged_modules.json.json import Json
from datasets.packaged_modules.parquet.parquet import Parquet, ParquetConfig
from datasets.utils.json import ujson_loads

from astra_data.bounded import json_text
from astra_data.errors import DataError, Place
from astra_data.hub import parquet, plain
from astra_data.hub.writer import schema
from astra_data.rows import ROW_TYPES
from astra_data.rows.columns import rows as rows_of
from astra_data.rows.fit import raise_unfit, sound


@dataclass
class BoundedConfig(ParquetConfig):  # type: ignore[misc]
    """`kind` is that of the rows, where it is known; `refused` ones may be null in what is not known of them."""

    kind: str | None = None
    refused: bool = False


class Bounded(Parquet):  # type: ignore[misc]
    """The builder of the library for local files of known features. Raises `DataError` as `parquet.opened` and `batches` do, for
    rows that become too large together or that Python has no value for, and for a row that is not what it says."""

    BUILDER_CONFIG_CLASS = BoundedConfig
    _generate_more_gen_kwargs = None  # it would open the files to share out their row groups

    def _generate_tables(self, files: list[str], row_groups_list: object = None) -> Iterator[tuple[Any, pa.Table]]:
        row_type, seen = ROW_TYPES.get(self.config.kind), set[str]()
        left = parquet.most_unpacked(sum(Path(file).stat().st_size for file in files))
        for index, path in enumerate(map(Path, files)):
            with parquet.opened(path) as file:
                names = schema(row_type, refused=self.config.refused).names if row_type else []
                known = bool(names) and set(names) <= set(file.schema_arrow.names)
                before = 0
                for number, batch in enumerate(parquet.batches(file, path)):
                    if known and row_type:
                        name, rows = f"{path.parent.name}/{path.name}", [batch.select(names)]
                        deque(sound(row_type, rows, name, raise_unfit, seen, partial=True, refused=self.config.refused), 0)
                    table = self._cast_table(pa.Table.from_batches([batch]))
                    left -= table.nbytes
                    if left < 0:
                        raise DataError(parquet.SWOLLEN, place=Place(str(path)), mend="leave out rows that repeat long texts")
                    if not known:
                        _require_values(table, path, before)
                    before += batch.num_rows
                    yield Key(index, number), table


class BoundedJson(Json):  # type: ignore[misc]
    """The builder of the library for local files. Raises `DataError` as `plain.check` does, and for times that Python has not."""

    def _split_generators(self, dl_manager: Any) -> Any:
        plain.check((Path(path) for paths in self.config.data_files.values() for path in paths), "json")
        return super()._split_generators(dl_manager)

    def _generate_tables(self, base_files: list[str], *given: Any, **options: Any) -> Iterator[tuple[Any, pa.Table]]:
        before = Counter[int]()
        for key, table in super()._generate_tables(base_files, *given, **options):
            shard = key.original_shard_id
            _require_values(table, Path(base_files[shard]), before[shard])
            before[shard] += table.num_rows
            yield key, table


class BoundedCsv(Csv):  # type: ignore[misc]
    """The builder of the library for local files. Raises `DataError` as `plain.check` does."""

    def _split_generators(self, dl_manager: Any) -> Any:
        plain.check((Path(path) for paths in self.config.data_files.values() for path in paths), "csv")
        return super()._split_generators(dl_manager)


def _require_values(table: pa.Table, path: Path, before: int) -> None:
    """Raise `DataError` for a time beyond the calendar of Python, and for JSON in a column of its own that is none."""
    for name in (field.name for field in table.schema if _may_fail(field.type)):
        for batch in table.select([name]).to_batches():
            rows = rows_of(batch, path, before)
            if not pa.types.is_temporal(batch.schema.types[0]):
                for number, row in enumerate(rows, before + 1):
                    _require_json(row[name], batch.schema.types[0], Place(str(path), number, name))
            before += batch.num_rows


def _require_json(value: Any, kind: pa.DataType, place: Place) -> None:
    if value is None:
        return
    if isinstance(kind, pa.JsonType):
        json_text.loads(value.encode(), place, in_parts=True)
        try:
            ujson_loads(value)
        except ValueError as error:
            raise DataError(f"JSON that cannot be read: {error}", place=place, mend="write JSON") from None
    elif pa.types.is_struct(kind):
        for index in range(kind.num_fields):
            _require_json(value[kind.field(index).name], kind.field(index).type, place)
    elif kind.num_fields:
        for part in value:
            _require_json(part, kind.field(0).type, place)


def _may_fail(kind: pa.DataType) -> bool:
    """Whether a column holds times or JSON anywhere."""
    parts = (kind.field(index).type for index in range(kind.num_fields))
    return pa.types.is_temporal(kind) or isinstance(kind, pa.JsonType) or any(map(_may_fail, parts))
