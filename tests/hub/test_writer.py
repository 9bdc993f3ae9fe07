"""The writer: bytes that depend on the rows alone, a digest that does not depend on the bytes, and nothing half done."""

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_versions import task

from astra_data.errors import DataError
from astra_data.hub import writer as module
from astra_data.hub.writer import Writer, Written, count_rows, read_jsonl, read_rows, rows_digest
from astra_data.rows import SftRow, Task, new_row, to_dict
from astra_data.rows.sft import Difficulty

ROOT = Path(__file__).parents[2]
OTHER_PROCESS = """
import sys
from pathlib import Path
from astra_data.hub.writer import Writer
from astra_data.rows import Task
from small_versions import task
with Writer(Path(sys.argv[1]), Task) as writer:
    for number in range(2500):
        writer.write(task(f"question {number}"))
"""


def rows(count: int) -> list[dict[str, Any]]:
    return [task(f"question {number}") for number in range(count)]


def write(folder: Path, some: Iterable[dict[str, Any]]) -> Written:
    with Writer(folder, Task) as writer:
        for row in some:
            writer.write(row)
    assert writer.written is not None
    return writer.written


def sums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups of 2 rows, shards of 4."""
    monkeypatch.setattr(module, "GROUP_ROWS", 2)
    monkeypatch.setattr(module, "SHARD_ROWS", 4)


def test_equal_rows_are_equal_bytes_in_any_process(tmp_path: Path) -> None:
    write(tmp_path / "here", rows(2500))
    for seed in ("0", "1"):
        command = [sys.executable, "-c", OTHER_PROCESS, str(tmp_path / seed)]
        subprocess.run(command, check=True, env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}, timeout=300)
    assert sums(tmp_path / "here") == sums(tmp_path / "0") == sums(tmp_path / "1")


def test_the_order_of_a_rows_fields_shows_neither_in_bytes_nor_in_the_digest(tmp_path: Path) -> None:
    scored = task("x") | {"scores": [{"axis": "a", "value": None, "reason": "r"}]}
    turned = dict(reversed(list(scored.items()))) | {"scores": [{"reason": "r", "value": None, "axis": "a"}]}
    assert write(tmp_path / "one", [scored]).rows == write(tmp_path / "other", [turned]).rows
    assert sums(tmp_path / "one") == sums(tmp_path / "other")


def test_a_row_read_while_it_is_written_shares_nothing_with_the_file(tmp_path: Path) -> None:
    writer, one = Writer(tmp_path / "data", SftRow), [{"role": "user", "content": "x"}]
    row = new_row(SftRow, trajectory_id="t", server="s", messages=one, tools=[], reward=1.0,
                  difficulty=Difficulty(0, 0, 0, 0), models={})
    writer.write(to_dict(row))
    one[0]["content"] = "changed later"
    files = [tmp_path / "data" / name for name in writer.close().files]
    assert next(read_rows(files, SftRow))["messages"] == [{"role": "user", "content": "x"}]


@pytest.mark.parametrize("group_rows", [1, 7, 10_000])
def test_the_digest_is_blind_to_the_parquet_layout(tmp_path: Path, group_rows: int) -> None:
    written = write(tmp_path / "data", rows(1200))
    table = pq.read_table(tmp_path / "data" / written.files[0])
    pq.write_table(table, tmp_path / "again.parquet", row_group_size=group_rows, compression="snappy", use_dictionary=False)
    assert sums(tmp_path / "data")[written.files[0]] != hashlib.sha256((tmp_path / "again.parquet").read_bytes()).hexdigest()
    assert rows_digest(read_rows([tmp_path / "again.parquet"], Task), Task) == written.rows


def test_the_digest_sees_content_and_order(tmp_path: Path) -> None:
    first, second = rows(2)
    digests = {write(tmp_path / str(index), some).rows for index, some in
               enumerate([[first, second], [second, first], [first], [first, first, second], []])}
    assert len(digests) == 5


@pytest.mark.parametrize(("count", "shards"), [(0, 1), (1, 1), (4, 1), (5, 2), (8, 2), (11, 3)])
def test_rows_are_spread_over_full_shards(tmp_path: Path, small: None, count: int, shards: int) -> None:
    written = write(tmp_path / "data", rows(count))
    assert written.files == [f"train-{index:05d}-of-{shards:05d}.parquet" for index in range(shards)]
    files = [tmp_path / "data" / name for name in written.files]
    sizes = [pq.read_metadata(path).num_rows for path in files]
    assert sizes[:-1] == [4] * (shards - 1)
    assert sum(sizes) == count_rows(files) == written.num_rows == count
    assert list(read_rows(files, Task)) == rows(count)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == written.files


def test_row_groups_have_a_fixed_number_of_rows(tmp_path: Path, small: None) -> None:
    written = write(tmp_path / "data", rows(7))
    groups = [pq.read_metadata(tmp_path / "data" / name) for name in written.files]
    assert [[meta.row_group(index).num_rows for index in range(meta.num_row_groups)] for meta in groups] == [[2, 2], [2, 1]]


def test_no_rows_are_a_dataset_with_columns(tmp_path: Path) -> None:
    written = write(tmp_path / "data", [])
    assert pq.read_schema(tmp_path / "data" / written.files[0]).names == list(task("x"))


def test_a_refused_row_keeps_what_is_known_of_it_and_why(tmp_path: Path) -> None:
    with Writer(tmp_path / "rejected", Task, refused=True) as writer:
        writer.refuse(task("known"), "item-1", ["too vague", "too short"])
        writer.refuse(None, "item-2", ["no answer"])
        writer.refuse({"text": "only the text"}, "item-3", [])
    assert writer.written is not None
    known, unknown, partial = read_rows([tmp_path / "rejected" / name for name in writer.written.files], Task)
    assert known == task("known") | {"input_id": "item-1", "reasons": ["too vague", "too short"]}
    assert unknown == dict.fromkeys(task("x")) | {"input_id": "item-2", "reasons": ["no answer"]}
    assert partial == dict.fromkeys(task("x")) | {"text": "only the text", "input_id": "item-3", "reasons": []}


def test_what_is_known_of_a_refused_row_is_checked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^rejected, row 1, field target_tools\[0\]: expected string, got int"):
        Writer(tmp_path / "rejected", Task, refused=True).refuse({"target_tools": [1]}, "item", ["r"])


@pytest.mark.parametrize("broken", ["a wrong row", "the source"])
def test_an_error_in_the_middle_leaves_no_file_under_a_final_name(tmp_path: Path, small: None, broken: str) -> None:
    with pytest.raises(DataError if broken == "a wrong row" else ZeroDivisionError), Writer(tmp_path / "data", Task) as writer:
        for row in rows(9):
            writer.write(row)
        writer.write({"id": "x"}) if broken == "a wrong row" else 1 / 0
    assert writer.written is None
    assert list((tmp_path / "data").glob("*.parquet")) == []


def test_closing_twice_changes_nothing(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "data", Task)
    writer.write(task("x"))
    assert writer.close() is writer.close()


def test_a_file_that_is_not_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("id,text")
    with pytest.raises(DataError, match=r"text.parquet: not a readable Parquet file"):
        list(read_rows([tmp_path / "text.parquet"], Task))
    pq.write_table(pa.table({"id": ["x"]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match=r"other.parquet, field server_id: no such column"):
        list(read_rows([tmp_path / "other.parquet"], Task))


def test_json_lines_are_numbered_as_in_the_file_and_a_bad_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n\n[2]\n{"a": \n')
    lines = read_jsonl(tmp_path / "rows.jsonl")
    assert [next(lines), next(lines)] == [(1, {"a": 1}), (3, [2])]
    with pytest.raises(DataError, match=r"^rows.jsonl, row 4: not JSON"):
        next(lines)


def test_large_rows_fill_a_group_sooner_and_read_back_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = [task(str(number) * 400) for number in range(9)]
    plain = write(tmp_path / "plain", some)
    monkeypatch.setattr(module, "GROUP_BYTES", 1_000)
    monkeypatch.setattr(module, "SHARD_ROWS", 5)
    large = write(tmp_path / "large", some)
    assert (large.rows, large.num_rows, len(plain.files), len(large.files)) == (plain.rows, 9, 1, 2)
    groups = [pq.ParquetFile(tmp_path / "large" / name).metadata for name in large.files]
    assert [[one.row_group(at).num_rows for at in range(one.num_row_groups)] for one in groups] == [[2, 2, 1], [2, 2]]
    assert list(read_rows([tmp_path / "large" / name for name in large.files], Task)) == some
