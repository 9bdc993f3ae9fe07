"""A Parquet file that says more than its bytes can hold is refused before a row of it is read."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from astra_data.errors import DataError
from astra_data.hub import parquet


def written(path: Path, table: pa.Table, **options: object) -> Path:
    pq.write_table(table, path, **options)
    return path


def read(path: Path) -> int:
    with parquet.opened(path) as file:
        return sum(batch.num_rows for batch in parquet.batches(file, path))


def test_a_file_within_the_bounds_is_read_whole(tmp_path: Path) -> None:
    table = pa.table({"id": [f"{n:016x}" for n in range(1000)], "text": ["x" * n for n in range(1000)]})
    assert read(written(tmp_path / "a.parquet", table)) == 1000


def test_rows_without_bytes_are_refused(tmp_path: Path) -> None:
    table = pa.table({"a": pa.nulls(20_000_000)})
    with pytest.raises(DataError, match=r"says that it holds 20,000,000 rows in [\d,]+ bytes"):
        read(written(tmp_path / "many.parquet", table))


def test_a_column_that_unpacks_to_much_more_than_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "LEAST_UNPACKED", 1 << 20)
    table = pa.table({"a": ["x" * (1 << 20)] * 32})
    path = written(tmp_path / "bomb.parquet", table, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < (32 << 20) / parquet.MOST_RATIO
    with pytest.raises(DataError, match="unpacks to more than 500 times its size"):
        read(path)


def test_columns_without_end_are_refused(tmp_path: Path) -> None:
    table = pa.table({f"c{n}": [1] for n in range(2_001)})
    with pytest.raises(DataError, match="more than 2,000 columns"):
        read(written(tmp_path / "wide.parquet", table))


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", b"no parquet at all"])
def test_what_is_no_parquet_is_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(damage)
    with pytest.raises(DataError, match=r"x\.parquet: not a readable Parquet file"):
        read(path)


def test_a_batch_that_is_too_large_is_refused_when_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.parquet", pa.table({"a": ["x" * 1000] * 64}))
    monkeypatch.setattr(parquet, "MOST_BATCH_BYTES", 10_000)
    with pytest.raises(DataError, match="64 rows of more than"):
        read(path)
