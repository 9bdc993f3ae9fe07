"""A stored row is what it says: of its type, with the id of its content, and no second one of that id."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from any_rows import rows_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_versions import task

from astra_data.errors import DataError
from astra_data.hub.writer import Writer, read_rows
from astra_data.rows import ROW_TYPES, Task, check, identity
from astra_data.rows.columns import flawless
from astra_data.rows.fit import Unfit
from astra_data.rows.schema import arrow_schema, fields

Row = dict[str, Any]
MISNAMED = "id is not that of the content"


def stored(folder: Path, rows: list[Row], *, refused: bool = False) -> Path:
    with Writer(folder, Task, refused=refused) as writer:
        for row in rows:
            writer.refuse(row, "item", ["why"]) if refused else writer.write(row)
    assert writer.written is not None
    return folder / writer.written.files[0]


def read(file: Path, **options: Any) -> tuple[list[Row], list[Unfit]]:
    """What is read, and what is told."""
    told: list[Unfit] = []
    return list(read_rows([file], Task, told.append, **options)), told


def rewritten(file: Path, change: Callable[[pa.Table], pa.Table]) -> Path:
    """The file as somebody else would write it."""
    pq.write_table(change(pq.read_table(file)), file)
    return file


def test_rows_that_are_what_they_say_are_read_and_nothing_is_told(tmp_path: Path) -> None:
    rows = [task("one"), task("two")]
    assert read(stored(tmp_path / "data", rows)) == (rows, [])


@pytest.mark.parametrize("claimed", ["", "../../../etc/cron.d/x", "/root/.bashrc", "f" * 16, "a\nb", "\x1b]0;x\a", "nul"])
def test_an_id_that_is_not_that_of_the_content_is_told_with_file_and_row(claimed: str, tmp_path: Path) -> None:
    file = stored(tmp_path / "data", [task("one"), task("two") | {"id": claimed}, task("three")])
    rows, told = read(file)
    assert rows == [task("one"), task("three")]
    assert told == [Unfit("data/train-00000-of-00001.parquet", 2, MISNAMED)]
    assert claimed not in str(told[0]) or not claimed


@pytest.mark.parametrize("change", [{"text": "another"}, {"server_id": "1" * 16}, {"target_tools": ["get_weather", "send"]}])
def test_content_that_was_edited_behind_its_id_is_told(change: Row, tmp_path: Path) -> None:
    rows, told = read(stored(tmp_path / "data", [task("one") | change]))
    assert (rows, [unfit.why for unfit in told]) == ([], [MISNAMED])


def test_the_second_row_of_an_id_is_told_also_where_it_lies_in_another_file(tmp_path: Path) -> None:
    first = stored(tmp_path / "data", [task("one"), task("one") | {"language": "de"}])
    told: list[Unfit] = []
    other = stored(tmp_path / "more", [task("two"), task("one")])
    assert list(read_rows([first, other], Task, told.append)) == [task("one"), task("two")]
    assert [(unfit.file[:4], unfit.number, unfit.why) for unfit in told] == [
        ("data", 2, "same id as an earlier row"), ("more", 2, "same id as an earlier row"),
    ]


def test_where_nobody_takes_a_row_that_does_not_fit_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^data/train-00000-of-00001.parquet, row 1: id is not that"):
        list(read_rows([stored(tmp_path / "data", [task("one") | {"id": "x"}])], Task))


def column(name: str, values: list[Any], kind: pa.DataType) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.set_column(table.schema.get_field_index(name), name, pa.array(values, kind))


@pytest.mark.parametrize(("change", "said"), [
    (column("text", [None], pa.string()), "text: expected string, got null"),
    (column("id", [None], pa.string()), "id: expected string, got null"),
    (column("id", [7], pa.int64()), "id: expected string, got int"),
    (column("horizon", [1.5], pa.float64()), "horizon: expected int64, got float"),
    (column("target_tools", [["a", None]], pa.list_(pa.string())), "target_tools[1]: expected string, got null"),
    (column("target_tools", ["a"], pa.string()), "target_tools: expected a list, got str"),
    (column("models", ["{"], pa.string()), "not JSON"),
    (column("models", ['{"writer": 7}'], pa.string()), "models.writer"),
    (column("models", [7], pa.int64()), "not JSON"),
    (column("augmentation", ["x"], pa.string()), "augmentation: expected an object"),
    (column("scores", [[{"axis": "a", "value": float("nan"), "reason": "r"}]],
            arrow_schema(Task).field("scores").type), "scores[0].value: nan"),
    (column("augmentation", [{"mode": "m", "persona_id": None, "\x1b[31m": 1}],
            pa.struct([("mode", pa.string()), ("persona_id", pa.string()), ("\x1b[31m", pa.int64())])), r"\x1b[31m"),
])  # fmt: skip
def test_a_row_that_is_none_of_its_type_is_told_and_not_raised(change: Any, said: str, tmp_path: Path) -> None:
    rows, told = read(rewritten(stored(tmp_path / "data", [task("one")]), change))
    assert rows == [] and len(told) == 1
    assert told[0].why.startswith("no row of this kind - ") and said in told[0].why and "\x1b" not in told[0].why


def test_text_that_is_no_utf8_is_a_damaged_file(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    file = rewritten(stored(tmp_path / "data", [task("one")]), lambda table: table.set_column(7, "text", bad))
    with pytest.raises(DataError, match="not a readable Parquet file"):
        read(file)


def test_columns_that_we_do_not_know_are_not_read(tmp_path: Path) -> None:
    file = rewritten(stored(tmp_path / "data", [task("one")]), lambda table: table.append_column("more", pa.array(["x"])))
    assert read(file) == ([task("one")], [])


def test_of_refused_rows_ids_may_be_unknown_or_shared_but_not_false(tmp_path: Path) -> None:
    rows = [task("one"), task("one"), None, {"text": "only the text"}, task("two") | {"id": "../x"}, {"id": "f" * 16}]
    found, told = read(stored(tmp_path / "rejected", rows, refused=True))
    assert [row["text"] for row in found] == ["one", "one", None, "only the text"]
    assert [(unfit.number, unfit.why) for unfit in told] == [(5, MISNAMED), (6, MISNAMED)]


def test_refused_rows_that_are_used_are_whole(tmp_path: Path) -> None:
    file = stored(tmp_path / "rejected", [task("one"), None, {"text": "only the text"}], refused=True)
    found, told = read(file, partial=False)
    assert [row["text"] for row in found] == ["one"] and [unfit.number for unfit in told] == [2, 3]


def test_accepted_rows_do_not_become_refused_ones_by_having_their_columns(tmp_path: Path) -> None:
    with Writer(tmp_path / "rejected", Task, refused=True) as writer:
        writer.refuse(None, "item", ["why"])
        writer.refuse(task("one"), "item", ["why"])
    (tmp_path / "rejected").rename(tmp_path / "data")
    found, told = read(tmp_path / "data" / "train-00000-of-00001.parquet")
    assert found == [task("one")] and [unfit.number for unfit in told] == [1]


@pytest.mark.parametrize("row_type", ROW_TYPES.values(), ids=ROW_TYPES)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_columns_say_of_a_row_what_a_look_at_it_says(row_type: Any, data: Any) -> None:
    row = data.draw(rows_of(row_type))
    unknown = data.draw(st.none() | st.sampled_from(list(fields(row_type))))
    row |= {} if unknown is None else {unknown: None}
    with tempfile.TemporaryDirectory() as folder, Writer(Path(folder), row_type, refused=True) as writer:
        writer.refuse(row, "item", [])
        (name,) = writer.close().files
        batch = pq.read_table(Path(folder) / name, columns=list(fields(row_type))).to_batches()[0]
    try:
        check(row_type, row, file="x")
        right = True
    except DataError:
        right = False
    assert flawless(batch, row_type) == right


def test_ids_are_those_of_the_identity_fields() -> None:
    assert identity(Task, task("one") | {"language": "de"}) == task("one")["id"] != task("two")["id"]
