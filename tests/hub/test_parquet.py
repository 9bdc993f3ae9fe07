"""A Parquet file that says more than its bytes can hold is refused before a row of it is read."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_versions import make_version
from strange_versions import FILE, copied, rewrite_file

from astra_data.errors import DataError
from astra_data.hub import parquet
from astra_data.hub.digests import check_rows, stored_digest
from astra_data.hub.files import tree_named
from astra_data.hub.load import load, resolve
from astra_data.hub.store import Store
from astra_data.hub.tree import sha256_file, version_tree
from astra_data.rows import Task


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


@pytest.fixture
def theirs(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version of a stranger, loaded into a cache of this test alone."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    return copied(make_version(store, *(f"text {number}" for number in range(70))), tmp_path / "theirs")


def foreign(folder: Path) -> Path:
    """The same rows without a lineage."""
    (folder / "lineage.json").unlink()
    (folder / "README.md").unlink()
    return folder


def digested(folder: Path) -> object:
    place = resolve(str(folder))
    return check_rows(place, "default") if place.record else pytest.skip("it has no digest")


WAYS: dict[str, Callable[[Path], object]] = {
    "loaded": lambda folder: load(str(folder)),
    "streamed": lambda folder: list(load(str(folder), streaming=True)),
    "all splits": lambda folder: load(str(folder), split=None),
    "digested": digested,
}


def replaced(folder: Path, table: pa.Table) -> None:
    """The second file of a version holds this table, as its lineage says."""
    written(folder / FILE, table)
    if (folder / "lineage.json").exists():
        rewrite_file(folder, sha256=sha256_file(folder / FILE), size=(folder / FILE).stat().st_size)


@pytest.mark.parametrize("whose", ["with a lineage", "without"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_batch_is_measured_by_whatever_way_rows_are_read(
    way: Callable[[Path], object], whose: str, theirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = theirs if whose == "with a lineage" else foreign(theirs)
    way(folder)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", theirs.parent / "another")
    monkeypatch.setattr("astra_data.hub.digests._checked", set())
    monkeypatch.setattr(parquet, "MOST_BATCH_BYTES", 1_000)
    with pytest.raises(DataError, match="64 rows of more than"):
        way(folder)


@pytest.mark.parametrize("whose", ["with a lineage", "without"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_footer_is_read_first_by_whatever_way_rows_are_read(way: Callable[[Path], object], whose: str, theirs: Path) -> None:
    folder = theirs if whose == "with a lineage" else foreign(theirs)
    replaced(folder, pa.table({"id": pa.nulls(3_000_000, pa.string()), "text": pa.nulls(3_000_000, pa.string())}))
    with pytest.raises(DataError, match="says that it holds 3,000,000 rows"):
        way(folder)


def test_every_file_of_a_dataset_is_held_to_it(theirs: Path) -> None:
    folder = foreign(theirs)
    written(folder / "data" / "train-00001-of-00002.parquet", pa.table({f"c{n}": [1] for n in range(2_001)}))
    for streaming in (False, True):
        with pytest.raises(DataError, match="more than 2,000 columns"):
            load(str(folder), streaming=streaming)


def test_what_is_loaded_is_what_the_library_loads(theirs: Path, tmp_path: Path) -> None:
    whole: Any = datasets.load_dataset("parquet", data_files=str(theirs / FILE), split="train", cache_dir=str(tmp_path / "plain"))
    ours: Any = load(str(theirs))
    assert ours.features == whole.features and ours[:] == whole[:] == load(str(foreign(theirs)))[:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(load(str(theirs), streaming=True)) == list(whole)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1_000, 1_001])
def test_digests_and_trees_of_sound_rows_are_what_they_were(store: Store, count: int) -> None:
    version = make_version(store, *(f"text {number}" for number in range(count)), rejected=("r", "s"))
    record = version.lineage()
    for config in ("default", "rejected"):
        assert stored_digest(version.files(config), Task, refused=config != "default") == record.rows(config)
    assert version.tree == tree_named(record) == version_tree(version.path)


def test_the_digest_of_rows_is_the_one_of_all_versions_before(store: Store) -> None:
    rows = make_version(store, "a", "é\u2028", "b").lineage().rows()
    assert rows == "rows-sha256:ee33cc209e59537aa7a71f04b58539afbcfd6baf1f4c53c857dc6cb789f1f7d2"
