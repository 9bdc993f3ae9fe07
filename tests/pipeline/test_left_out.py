"""A row of an input that is not what it says is rejected by the stage that reads it, counted, and told with file and row."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from small_stages import SmallConfig, rows, run_in, task
from small_unfit import unfit_version
from small_versions import task as task_dict

from astra_data.hub.store import Store
from astra_data.pipeline.runner import Report
from astra_data.pipeline.sources import source_of
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Resources, Rows, Stage
from astra_data.rows import Task

FILE = "data/train-00000-of-00001.parquet"


def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
    for row in inputs["tasks"]:
        yield Item(row.id, row)


@asynccontextmanager
async def opened(inputs: Inputs, config: Any, resources: Resources) -> AsyncIterator[Expand]:
    known = {row.id for row in inputs["tasks"]}

    async def expand(row: Task) -> list[Outcome]:
        assert row.id in known
        return [Keep(task(f"{row.text} again"))]

    yield expand


READING = Stage("tasks", 1, ("tasks",), SmallConfig, items, opened)


def report_of(folder: Path, stored: list[dict[str, Any]], **options: Any) -> Report:
    store = Store.open(folder / "store")
    version = unfit_version(store, "small-given", stored, Task, "tasks")
    return asyncio.run(run_in(store, READING, inputs={"tasks": source_of("tasks", version)}, **options))


@pytest.mark.parametrize(("wrong", "why"), [
    (task_dict("two") | {"id": "../../../x"}, "id is not that of the content"),
    (task_dict("two") | {"text": "edited"}, "id is not that of the content"),
    (task_dict("one"), "same id as an earlier row"),
])
def test_the_others_proceed_and_the_funnel_counts_it_with_its_reason(wrong: dict[str, Any], why: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, [task_dict("one"), wrong, task_dict("three")])
    assert [row["text"] for row in rows(report)] == ["one again", "three again"]
    assert (report.funnel.items, report.funnel.kept, report.funnel.rejected) == (3, 2, {f"input: {why}": 1})
    (refused,) = rows(report, "rejected")
    assert refused["reasons"] == [f"input: {why} - tasks, {FILE}, row 2"]
    assert refused["id"] is None and "../" not in str(refused)


def test_a_limit_meets_only_what_is_before_it(tmp_path: Path) -> None:
    stored = [task_dict("one"), task_dict("two") | {"id": "x"}, task_dict("three"), task_dict("four") | {"id": "y"}]
    report = report_of(tmp_path, stored, limit=1)
    assert [row["text"] for row in rows(report)] == ["one again"]
    assert sum(report.funnel.rejected.values()) == 2  # what `open` read is told as well


def test_that_all_rows_are_unfit_is_said_of_every_one(tmp_path: Path) -> None:
    report = report_of(tmp_path, [task_dict(str(number)) | {"id": "x"} for number in range(5)])
    assert (report.funnel.items, report.funnel.kept) == (5, 0)
    assert [row["reasons"][0].partition("row ")[2][0] for row in rows(report, "rejected")] == list("12345")


def test_rows_that_are_what_they_say_change_nothing(tmp_path: Path) -> None:
    report = report_of(tmp_path, [task_dict("one"), task_dict("two")])
    assert (report.funnel.items, report.funnel.kept, report.funnel.rejected) == (2, 2, {})


def test_reading_twice_tells_once(tmp_path: Path) -> None:
    version = unfit_version(Store.open(tmp_path), "given", [task_dict("one"), task_dict("two") | {"id": "x"}], Task, "tasks")
    read = Rows(Task, tuple(version.files()))
    assert [[row.text for row in read] for _ in range(2)] == [["one"], ["one"]]
    assert [unfit.number for unfit in read.left_out] == [2]


def test_a_stage_that_gives_a_row_another_id_is_a_fault_of_the_stage(tmp_path: Path) -> None:
    from dataclasses import replace

    from small_stages import numbered, run

    async def misnamed(number: int, resources: Resources) -> list[Outcome]:
        return [Keep(replace(task("x"), text="y"))]

    with pytest.raises(AssertionError, match="make it with `new_row`"):
        run(tmp_path, numbered(misnamed, 1))
