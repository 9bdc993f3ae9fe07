"""One odd item ends itself and no other, whatever it brings; what kept nothing says why."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_stages import numbered, rows, run, task, texts

from astra_data.errors import DataError, InnerError, NothingKept, Place, SandboxError
from astra_data.hub.lineage import Funnel
from astra_data.hub.store import Store
from astra_data.ledger import Unanswered
from astra_data.pipeline.barren import nothing_kept
from astra_data.pipeline.execute import Outcome as Ended
from astra_data.pipeline.runner import UNUSABLE
from astra_data.pipeline.spool import UNSTORABLE
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, Resources


def raised(error: BaseException) -> Any:
    raise error


ODD = {
    "a type that is wrong": lambda: replace(task("x"), text=5),
    "an integer beyond 64 bits": lambda: replace(task("x"), horizon=2**64),
    "half a character": lambda: replace(task("x"), text="\ud800"),
    "half a character further in": lambda: replace(task("x"), sub_tasks=["fine", "\udfff"]),
    "a key that is none": lambda: replace(task("x"), models={1: "x"}),
}
BROKEN = [ZeroDivisionError("by zero"), RecursionError("too deep"), KeyError("\x1b[31m"), MemoryError(),
          UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), ExceptionGroup("several", [ValueError("x")])]


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("wrap", [Keep, lambda row: Reject("odd", row), lambda row: Quarantine("odd", row)])
def test_a_row_that_cannot_be_stored_is_refused_and_all_others_are_done(tmp_path: Path, make: Any, wrap: Any) -> None:
    async def expand(number: int, resources: Resources) -> list[Outcome]:
        return [wrap(make())] if number == 3 else [Keep(task(number))]

    report = run(tmp_path, numbered(expand, 9))
    assert texts(report) == [str(number) for number in range(9) if number != 3]
    refused = [row for config in ("rejected", "quarantined") for row in rows(report, config)]
    assert [row["input_id"] for row in refused] == ["item-3"]
    assert any(reason.startswith(UNSTORABLE) for reason in refused[0]["reasons"])


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_an_error_of_ours_quarantines_its_item_and_is_kept_whole(tmp_path: Path, error: Exception) -> None:
    async def expand(number: int, resources: Resources) -> list[Outcome]:
        return raised(error) if number in (1, 4) else [Keep(task(number))]

    report = run(tmp_path, numbered(expand, 6))
    assert texts(report) == ["0", "2", "3", "5"]
    assert not report.version.complete
    reasons = [row["reasons"][0] for row in rows(report, "quarantined")]
    assert reasons == [f"inner error: {type(error).__name__} - in pipeline/runner.py:{reasons[0].rpartition(':')[2]}"] * 2
    kept = (tmp_path / "store" / ".faults" / "small-tasks.txt").read_text()
    assert kept.count("Traceback (most recent call last)") >= 2
    assert "item item-1" in kept and "item item-4" in kept
    with pytest.raises(InnerError, match=r"an inner error met 2 items, the first in pipeline/runner.py:\d+ .*small-tasks.txt"):
        Ended([report]).check()
    assert Store.open(tmp_path / "store").names() == ["small-tasks"]


def test_a_thousand_items_of_which_fifty_are_broken(tmp_path: Path) -> None:
    broken: list[Any] = [*BROKEN, DataError("no such field"), Unanswered("endpoint: 500"), *ODD.values()]

    async def expand(number: int, resources: Resources) -> list[Outcome]:
        if number % 20:
            return [Keep(task(number))]
        made = broken[number // 20 % len(broken)]
        return raised(made) if isinstance(made, Exception) else [Keep(made())]

    report = run(tmp_path, numbered(expand, 1_000), concurrency=32)
    assert texts(report) == [str(number) for number in range(1_000) if number % 20]
    refused = {row["input_id"]: row["reasons"] for config in ("rejected", "quarantined") for row in rows(report, config)}
    assert refused.keys() == {f"item-{number}" for number in range(0, 1_000, 20)} and all(refused.values())
    with pytest.raises(InnerError) as error:
        Ended([report]).check()
    assert error.value.exit_code == 1


def test_the_tracebacks_of_a_run_take_the_place_of_those_before(tmp_path: Path) -> None:
    async def first(number: int, resources: Resources) -> list[Outcome]:
        return raised(ValueError("the first run")) if number else [Keep(task(number))]

    async def second(number: int, resources: Resources) -> list[Outcome]:
        return raised(ValueError("the second run")) if number else [Keep(task(number))]

    run(tmp_path, numbered(first))
    run(tmp_path, numbered(second))
    kept = (tmp_path / "store" / ".faults" / "small-tasks.txt").read_text()
    assert "the second run" in kept and "the first run" not in kept


def test_what_is_wrong_with_the_data_of_an_item_is_its_rejection(tmp_path: Path) -> None:
    async def expand(number: int, resources: Resources) -> list[Outcome]:
        if number == 1:
            raise DataError("missing", place=Place("api.json", 1, "info.title"), mend="give a title")
        return [Keep(task(number))]

    report = run(tmp_path, numbered(expand))
    assert report.funnel.rejected == {UNUSABLE: 1}
    assert rows(report, "rejected")[0]["reasons"] == [f"{UNUSABLE} - api.json, row 1, field info.title: missing (give a title)"]
    Ended([report]).check()


def test_a_sandbox_that_is_not_there_ends_the_run(tmp_path: Path) -> None:
    async def expand(number: int, resources: Resources) -> list[Outcome]:
        await asyncio.sleep(0)
        raise SandboxError("no user namespaces")

    with pytest.raises(SandboxError):
        run(tmp_path, numbered(expand))


def test_a_stage_that_kept_nothing_says_what_stands_in_the_way_most(tmp_path: Path) -> None:
    async def expand(number: int, resources: Resources) -> list[Outcome]:
        return [Reject("task: the teacher abstained - no values")] if number else [Reject("other")]

    ended = Ended([run(tmp_path, numbered(expand))])
    for outcome in (ended, Ended([run(tmp_path, numbered(expand))])):
        with pytest.raises(NothingKept) as error:
            outcome.check()
        assert 'tasks kept no row: 2 rows with "task: the teacher abstained" stand in the way most' in str(error.value)
        assert "models" in str(error.value) and "astra show small-tasks#rejected" in str(error.value)
        assert error.value.exit_code == 7


def test_a_stage_without_items_points_to_the_one_before() -> None:
    assert "look at the stage before it" in str(nothing_kept("sft", "a-sft", Funnel(0, 0, {}, {})))


