"""Columns of any type that Parquet can hold are rows, or an error that names file and column; never a traceback."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_versions import task

from astra_data.errors import AstraError, DataError
from astra_data.formats import astra_rl
from astra_data.formats.importing import foreign_rows
from astra_data.hub import parquet
from astra_data.hub.writer import Writer, read_rows
from astra_data.rows import Task
from astra_data.rows.fit import Unfit

TIME = datetime.datetime(2026, 5, 1, 12, 30)
READABLE: dict[str, pa.Array] = {
    "a time": pa.array([TIME], pa.timestamp("ms")),
    "a time of a zone": pa.array([TIME], pa.timestamp("us", "+02:00")),
    "nanoseconds": pa.array([2**60 + 1], pa.timestamp("ns")),
    "a day": pa.array([TIME.date()]),
    "a time of day": pa.array([TIME.time()]),
    "a duration": pa.array([datetime.timedelta(1)]),
    "a decimal": pa.array([Decimal("12.50")]),
    "bytes": pa.array([b"\xff\xfe"]),
    "bytes of one size": pa.array([b"ab"], pa.binary(2)),
    "a dictionary": pa.array(["one"]).dictionary_encode(),
    "a dictionary of numbers": pa.array([7]).dictionary_encode(),
    "a map": pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64())),
    "nulls": pa.nulls(1),
    "half": pa.array([0.5], pa.float16()),
    "unsigned": pa.array([2**64 - 1], pa.uint64()),
    "a list of one size": pa.array([[1, 2]], pa.list_(pa.int8(), 2)),
    "large": pa.array([["x"]], pa.large_list(pa.large_string())),
    "a view": pa.array(["one"], pa.string_view()),
    "an extension": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))),
    "an opaque extension": pa.ExtensionArray.from_storage(pa.opaque(pa.string(), "t", "v"), pa.array(["x"])),
    "a struct": pa.array([{"a": [{"b": None}]}], pa.struct([("a", pa.list_(pa.struct([("b", pa.int64())])))])),
    "lists in lists": pa.array([[[["x"], None]]]),
}
UNREADABLE: dict[str, pa.Array] = {
    "a time beyond the calendar": pa.array([0, 2**62], pa.timestamp("us")),
    "a zone that nobody knows": pa.array([None, 1], pa.timestamp("us", "Mars/Olympus")),
    "a zone that is a path": pa.array([None, 1], pa.timestamp("us", "../../etc/passwd")),
    "a day beyond the calendar": pa.array([1, 2**31 - 1], pa.date32()),
    "a struct with two fields of a name": pa.StructArray.from_arrays([pa.array([1, 2])] * 2, ["x", "x"]),
    "times in a list": pa.array([[1], [-(2**62)]], pa.list_(pa.timestamp("us"))),
}


def written(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path)
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    with parquet.opened(path) as file:
        return [row for batch in parquet.batches(file, path) for row in parquet.rows(batch, path)]


def stored(folder: Path) -> Path:
    with Writer(folder, Task) as writer:
        writer.write(task("one"))
    return folder / writer.close().files[0]


@pytest.mark.parametrize("case", READABLE)
def test_what_python_has_a_value_for_is_read_as_arrow_reads_it(case: str, tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", pa.table({"id": ["one"], "more": READABLE[case]}))
    assert rows(path) == pq.read_table(path).to_pylist()


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_python_has_no_value_for_is_named_with_file_row_and_column(case: str, tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", pa.table({"id": ["one", "two"], "more": UNREADABLE[case]}))
    row = 1 if "struct" in case else 2
    with pytest.raises(DataError, match=rf"x\.parquet, row {row}, field more: a value of type .* that cannot be read"):
        rows(path)
    with pytest.raises(DataError, match=rf"^x\.parquet, row {row}, field more"):
        [read() for _, _, read in foreign_rows([path])]


def test_rows_are_counted_through_all_batches_of_a_file(tmp_path: Path) -> None:
    times = pa.array([0] * 200 + [2**62], pa.timestamp("us"))
    with pytest.raises(DataError, match=r"row 201, field more"):
        [read() for _, _, read in foreign_rows([written(tmp_path / "x.parquet", pa.table({"more": times}))])]


@pytest.mark.parametrize("names", [["id", "id"], ["text", "id", "text"], ["", ""]])
def test_two_columns_of_one_name_are_refused_before_a_row_is_read(names: list[str], tmp_path: Path) -> None:
    path = written(tmp_path / "x.parquet", pa.Table.from_arrays([pa.array(["one"])] * len(names), names))
    with pytest.raises(DataError, match=r"x\.parquet.*2 columns of this name"):
        parquet.opened(path)


def test_a_version_with_two_columns_of_one_name_is_an_error(tmp_path: Path) -> None:
    path = stored(tmp_path / "data")
    table = pq.read_table(path)
    written(path, table.append_column("id", pa.array(["f" * 16])))
    with pytest.raises(DataError, match="field id: 2 columns of this name"):
        list(read_rows([path], Task, lambda unfit: None))


@pytest.mark.parametrize("name", ["id", "text", "target_tools", "scores", "models", "augmentation", "horizon"])
@pytest.mark.parametrize("case", [*READABLE, *UNREADABLE])
def test_no_column_of_another_type_is_a_traceback(name: str, case: str, tmp_path: Path) -> None:
    path = stored(tmp_path / "data")
    table = pq.read_table(path)
    strange = (READABLE | UNREADABLE)[case][-1:]
    if name == "scores":
        strange = pa.ListArray.from_arrays([0, 1], strange)
    written(path, table.set_column(table.schema.get_field_index(name), name, strange))
    told: list[Unfit] = []
    try:
        found = list(read_rows([path], Task, told.append))
    except DataError as error:
        assert error.place is not None and error.place.field == name
        return
    assert len(told) + len(found) == 1 and all(row["id"] == task("one")["id"] for row in found)


@pytest.mark.parametrize("column", astra_rl.COLUMNS)
@pytest.mark.parametrize("case", READABLE)
def test_an_imported_column_of_another_type_is_named(column: str, case: str, tmp_path: Path) -> None:
    texts = {name: pa.array(["[]"]) for name in astra_rl.COLUMNS} | {"prompt": pa.array([[{"role": "user", "content": "x"}]])}
    (place,) = foreign_rows([written(tmp_path / "x.parquet", pa.table(texts | {column: READABLE[case]}))])
    with pytest.raises(AstraError, match=r"x\.parquet, row 1, field "):
        astra_rl.from_row(place[2](), *place[:2])
