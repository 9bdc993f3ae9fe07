"""What the runner promises for every stage: order, counts, nothing half done, nothing done twice."""

import asyncio
import errno
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_stages import Endpoint, SmallConfig, numbered, rows, run, task, texts

from astra_data.errors import AstraError, DataError, EndpointError, StoreError, ToolError, UsageError
from astra_data.hub.store import Store
from astra_data.ledger import Unanswered
from astra_data.pipeline.spool import DUPLICATE
from astra_data.pipeline.stage import Item, Keep, Outcome, Quarantine, Reject, Resources, Stage


async def keep(number: int, resources: Resources) -> list[Outcome]:
    return [Keep(task(number))]


def keeping(count: int, **changes: Any) -> Stage:
    return numbered(keep, count, **changes)


def store_is_empty(folder: Path) -> bool:
    """No version, and nothing left over from writing one."""
    store = Store.open(folder / "store")
    return store.names() == [] and not list((store.root / ".staging").glob("*"))


def test_the_output_has_the_order_of_the_input_at_any_concurrency(tmp_path: Path) -> None:
    rng = random.Random(3)

    async def late(number: int, resources: Resources) -> list[Outcome]:
        await asyncio.sleep(rng.random() * 0.004)
        return [Keep(task(f"{number} first")), Reject("odd", task(f"{number} no")), Keep(task(f"{number} second"))]

    reports = [run(tmp_path / str(concurrency), numbered(late, 100), concurrency=concurrency) for concurrency in (1, 32)]
    for report in reports:
        assert texts(report) == [f"{number} {child}" for number in range(100) for child in ("first", "second")]
        assert texts(report, "rejected") == [f"{number} no" for number in range(100)]
    assert reports[0].version.tree == reports[1].version.tree


def test_items_that_finish_in_reverse_are_filed_in_order(tmp_path: Path) -> None:
    done = [asyncio.Event() for _ in range(9)]
    done[8].set()

    async def after_the_next(number: int, resources: Resources) -> list[Outcome]:
        await done[number + 1].wait()
        done[number].set()
        return [Keep(task(number))]

    assert texts(run(tmp_path, numbered(after_the_next, 8), concurrency=8)) == [str(number) for number in range(8)]


def test_no_more_items_are_in_flight_than_allowed(tmp_path: Path) -> None:
    flying, most, full = 0, 0, asyncio.Event()

    async def fly(number: int, resources: Resources) -> list[Outcome]:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        if flying == 5:
            full.set()
        await full.wait()
        await asyncio.sleep(0)
        flying -= 1
        return await keep(number, resources)

    run(tmp_path, numbered(fly, 40), concurrency=5)
    assert most == 5


def test_an_item_that_waits_for_nothing_is_done_before_the_next_one_is_made(tmp_path: Path) -> None:
    done: list[int] = []

    async def at_once(number: int, resources: Resources) -> list[Outcome]:
        done.append(number)
        return [Keep(task(number))]

    def items(*_: Any) -> Iterator[Item]:
        for number in range(20):
            assert done == list(range(number))
            yield Item(f"item-{number}", number)

    run(tmp_path, replace(numbered(at_once), items=items), concurrency=16)
    assert len(done) == 20


def test_a_row_that_is_there_already_is_rejected_as_a_duplicate(tmp_path: Path) -> None:
    async def same(number: int, resources: Resources) -> list[Outcome]:
        return [Keep(task(number // 2))]

    report = run(tmp_path, numbered(same, 4))
    assert texts(report) == ["0", "1"]
    assert [(row["input_id"], row["reasons"]) for row in rows(report, "rejected")] == [
        ("item-1", [DUPLICATE]), ("item-3", [DUPLICATE])]
    assert report.funnel.rejected == {DUPLICATE: 2}


def test_what_was_refused_is_kept_with_its_item_and_reason_with_or_without_a_row(tmp_path: Path) -> None:
    given: list[list[Outcome]] = [[Reject("bad: a - 1", task("a"))], [Reject("bad: a - 2")], [Quarantine("down: b", task("b"))],
                                  [Quarantine("down: b")], [Keep(task("c"))]]

    async def expand(number: int, resources: Resources) -> list[Outcome]:
        return given[number]

    report = run(tmp_path, numbered(expand, 5))
    assert texts(report) == ["c"]
    refused = {config: [(row["input_id"], row["text"], row["reasons"]) for row in rows(report, config)]
               for config in ("rejected", "quarantined")}
    assert refused == {"rejected": [("item-0", "a", ["bad: a - 1"]), ("item-1", None, ["bad: a - 2"])],
                       "quarantined": [("item-2", "b", ["down: b"]), ("item-3", None, ["down: b"])]}
    assert (report.funnel.items, report.funnel.kept) == (5, 1)
    assert (report.funnel.rejected, report.funnel.quarantined) == ({"bad: a": 2}, {"down: b": 2})
    assert not report.version.complete


def test_a_stage_that_refuses_nothing_has_no_config_for_it(tmp_path: Path) -> None:
    report = run(tmp_path, keeping(2))
    assert [output.config for output in report.version.lineage().outputs] == ["default"]
    assert report.version.complete


def test_an_expand_that_gives_nothing_is_a_defect_of_the_stage(tmp_path: Path) -> None:
    async def nothing(number: int, resources: Resources) -> list[Outcome]:
        return []

    with pytest.raises(AssertionError, match="stage tasks gave no outcome for item item-0"):
        run(tmp_path, numbered(nothing))
    assert store_is_empty(tmp_path)


def even(frame: pl.LazyFrame, config: SmallConfig, resources: Resources) -> pl.LazyFrame:
    keep = pl.col("text").cast(pl.Int64) % 2 == 0
    return frame.select("id", keep=keep, reason=pl.format("odd: size {} - {}", pl.lit(config.size), pl.col("text")))


def test_select_decides_over_the_whole_set_and_its_refusals_name_their_items(tmp_path: Path) -> None:
    report = run(tmp_path, keeping(5, select=even))
    assert texts(report) == ["0", "2", "4"]
    assert [(row["text"], row["input_id"], row["reasons"]) for row in rows(report, "rejected")] == [
        ("1", "item-1", ["odd: size 1 - 1"]), ("3", "item-3", ["odd: size 1 - 3"])]
    assert (report.funnel.kept, report.funnel.rejected) == (3, {"odd: size 1": 2})
    assert sorted(path.name for path in report.version.path.iterdir()) == ["README.md", "data", "lineage.json", "rejected"]


DECISIONS: list[tuple[str, Any, str]] = [
    ("forgets a row", lambda frame: frame.head(2), "decided 2 times on 3 rows"),
    ("decides twice", lambda frame: pl.concat([frame.head(2), frame.head(1)]), "decided 3 times on 3 rows"),
    ("invents a row", lambda frame: frame.with_columns(id=pl.lit("invented")), "a row it was not given: invented"),
    ("cannot say", lambda frame: frame.with_columns(keep=pl.lit(None, pl.Boolean)), "left 'keep' null"),
    ("gives no reason", lambda frame: frame.with_columns(reason=pl.lit(None, pl.String)), "gave no reason"),
]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in DECISIONS], ids=[case[0] for case in DECISIONS])
def test_a_select_that_does_not_decide_on_every_row_once_is_an_error(tmp_path: Path, change: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        run(tmp_path, keeping(3, select=lambda *given: change(even(*given))))
    assert store_is_empty(tmp_path)


@pytest.mark.parametrize("error", [UsageError("no such key"), StoreError("the disk is full"), EndpointError("refused"),
                                   OSError(errno.ENOSPC, "no room"), OSError(errno.EMFILE, "too many open files")])
def test_what_no_item_can_be_done_with_cancels_all_and_leaves_no_trace(tmp_path: Path, error: Exception) -> None:
    cancelled: list[int] = []

    async def fail_second(number: int, resources: Resources) -> list[Outcome]:
        if number == 1:
            raise error
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(number)
        return []

    with pytest.raises(type(error) if isinstance(error, AstraError) else StoreError):
        run(tmp_path, numbered(fail_second, 4), concurrency=4)
    assert sorted(cancelled) == [0, 2, 3]
    assert store_is_empty(tmp_path)


def test_a_stage_is_found_by_its_key_and_not_run_again(tmp_path: Path) -> None:
    endpoint = Endpoint()

    async def ask(number: int, resources: Resources) -> list[Outcome]:
        return [Keep(task(await endpoint.ask(number, resources)))]

    first = run(tmp_path, numbered(ask))
    again = run(tmp_path, numbered(ask), concurrency=1)
    assert (first.found, again.found) == (False, True)
    assert again.version.path == first.version.path
    assert again.funnel == first.funnel
    assert endpoint.asked == [0, 1, 2]


CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("the config", {}, {"config": SmallConfig(size=2)}),
    ("the seed", {}, {"seed": 8}),
    ("the limit", {}, {"limit": 2}),
    ("the stage's version", {"version": 2}, {}),
    ("the fingerprint", {"fingerprint": lambda config, resources: {"workspace": "other"}}, {}),
]


@pytest.mark.parametrize(("stage", "options"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_what_decides_the_rows_is_part_of_the_key(tmp_path: Path, stage: dict[str, Any], options: dict[str, Any]) -> None:
    run(tmp_path, keeping(3))
    assert not run(tmp_path, keeping(3, **stage), **options).found
    assert run(tmp_path, keeping(3, **stage), **options).found
    assert run(tmp_path, keeping(3)).found


def test_a_limit_takes_the_first_items(tmp_path: Path) -> None:
    report = run(tmp_path, keeping(5), limit=2)
    assert texts(report) == ["0", "1"]
    assert report.funnel.items == 2
    assert texts(run(tmp_path, keeping(5))) == ["0", "1", "2", "3", "4"]


def test_an_incomplete_version_is_run_again_and_only_what_failed_is_asked_again(tmp_path: Path) -> None:
    endpoint = Endpoint(1, 3)

    async def ask(number: int, resources: Resources) -> list[Outcome]:
        return [Keep(task(await endpoint.ask(number, resources)))]

    first = run(tmp_path, numbered(ask, 5))
    assert not first.version.complete
    assert first.funnel.quarantined == {"endpoint: down": 2}
    assert [row["input_id"] for row in rows(first, "quarantined")] == ["item-1", "item-3"]

    endpoint.down.discard(1)
    endpoint.asked.clear()
    second = run(tmp_path, numbered(ask, 5))
    assert (endpoint.asked, second.found, second.version.complete) == ([1, 3], False, False)

    endpoint.down.clear()
    endpoint.asked.clear()
    third = run(tmp_path, numbered(ask, 5))
    assert (endpoint.asked, third.version.complete) == ([3], True)
    assert texts(third) == [f"answer {number}" for number in range(5)]
    assert run(tmp_path, numbered(ask, 5)).found
    assert third.version.tree == run(tmp_path / "fresh", numbered(ask, 5)).version.tree


def test_items_that_share_a_question_pay_for_it_once(tmp_path: Path) -> None:
    endpoint = Endpoint()

    async def ask(number: int, resources: Resources) -> list[Outcome]:
        answer = await endpoint.ask(number % 2, resources)
        return [Keep(task(f"{number}: {answer}"))]

    assert run(tmp_path, numbered(ask, 20), concurrency=20).funnel.kept == 20
    assert sorted(endpoint.asked) == [0, 1]


def test_a_source_of_which_everything_is_down_is_an_error_and_no_empty_version(tmp_path: Path) -> None:
    async def down(number: int, resources: Resources) -> list[Outcome]:
        raise Unanswered("server: it left")

    with pytest.raises(ToolError, match="nothing could be collected: server: it left"):
        run(tmp_path, numbered(down))
    assert store_is_empty(tmp_path)


def test_refresh_runs_a_source_again(tmp_path: Path) -> None:
    run(tmp_path, keeping(3))
    assert not run(tmp_path, keeping(3), refresh=True).found


def test_a_version_that_was_removed_is_made_again(tmp_path: Path) -> None:
    first = run(tmp_path, keeping(3))
    shutil.rmtree(first.version.path)
    again = run(tmp_path, keeping(3))
    assert not again.found
    assert again.version.tree == first.version.tree


def test_lineage_says_what_was_run(tmp_path: Path) -> None:
    lineage = run(tmp_path, keeping(3), limit=2, config=SmallConfig(size=3)).version.lineage()
    assert (lineage.kind, lineage.stage, lineage.config, lineage.seed) == ("tasks", "tasks", {"size": 3}, 7)
    assert [file.path for file in lineage.outputs[0].files] == ["data/train-00000-of-00001.parquet"]
