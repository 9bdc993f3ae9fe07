"""A recipe from end to end: stages feed each other, and only what changed is run again."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from small_stages import SmallConfig, task

from astra_data.errors import DataError, UsageError
from astra_data.hub.load import resolve
from astra_data.hub.origins import Origin
from astra_data.hub.store import Store, Version
from astra_data.pipeline.execute import Options, Outcome, execute, status
from astra_data.pipeline.recipe import load
from astra_data.pipeline.sources import source_at
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Resources, Stage, Stages
from astra_data.rows import Chain, new_row
from astra_data.rows.chains import Walk


def chain(number: int) -> Chain:
    row: Chain = new_row(Chain, server_id="s", server="s", tools=[f"tool {number}"], weights=[], evidence=[], walk=Walk(1, 0.0),
                         verdicts=[], models={})
    return row


class Stagehand:
    """Two stages, `chains` then `tasks`, and the items that each was asked to expand."""

    def __init__(self) -> None:
        self.expanded: list[tuple[str, Any]] = []
        self.closed: list[str] = []

    def stages(self) -> Stages:
        def numbers(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
            return (Item(str(number), (number, config.size)) for number in range(config.size))

        def chains(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
            return (Item(chain.id, (chain.tools[0], config.size)) for chain in inputs["chains"])

        first = Stage("chains", 1, (), SmallConfig, numbers, self._open("chains", lambda value: chain(value[0])))
        second = Stage("tasks", 1, ("chains",), SmallConfig, chains,
                       self._open("tasks", lambda value: task(f"{value[0]} x{value[1]}")))
        return {"chains": first, "tasks": second}

    def _open(self, name: str, make: Any) -> Any:
        @asynccontextmanager
        async def opened(inputs: Inputs, config: Any, resources: Resources) -> AsyncIterator[Expand]:
            async def expand(value: Any) -> list[Any]:
                self.expanded.append((name, value))
                return [Keep(make(value))]

            try:
                yield expand
            finally:
                self.closed.append(name)

        return opened

    def ran(self) -> list[str]:
        names = [name for name, _ in self.expanded]
        self.expanded.clear()
        return sorted(set(names))


@pytest.fixture
def stagehand() -> Stagehand:
    return Stagehand()


@pytest.fixture
def go(tmp_path: Path, stagehand: Stagehand) -> Any:
    """Execute the recipe `small` with overrides."""
    path = tmp_path / "pipeline.yaml"
    path.write_text("name: small\nseed: 3\nchains: {size: 2}\n")

    def run(*overrides: str, **options: Any) -> Outcome:
        recipe = load(path, stagehand.stages(), overrides)
        return asyncio.run(execute(recipe, stagehand.stages(), Options(tmp_path / "store", **options)))

    return run


def test_stages_feed_each_other(go: Any, stagehand: Stagehand) -> None:
    outcome = go()
    assert [(report.dataset, report.funnel.kept) for report in outcome.reports] == [("small-chains", 2), ("small-tasks", 2)]
    chains, tasks = (report.version for report in outcome.reports)
    (read,) = tasks.lineage().inputs
    assert (read.role, read.address, read.tree, read.rows) == (
        "chains", f"small-chains@{chains.tree}", chains.tree, chains.lineage().rows())
    assert stagehand.closed == ["chains", "tasks"]
    assert outcome.complete


def test_a_second_run_finds_everything(go: Any, stagehand: Stagehand) -> None:
    first, again = go(), go(concurrency=1)
    assert len(stagehand.expanded) == 4
    assert [report.found for report in again.reports] == [True, True]
    assert [report.version.tree for report in again.reports] == [report.version.tree for report in first.reports]


@pytest.mark.parametrize(("override", "ran"), [
    ("tasks.size=5", ["tasks"]),
    ("chains.size=3", ["chains", "tasks"]),
    ("seed=4", ["chains", "tasks"]),
])
def test_a_changed_recipe_runs_the_stages_that_it_reaches(go: Any, stagehand: Stagehand, override: str, ran: list[str]) -> None:
    go()
    stagehand.ran()
    go(override)
    assert stagehand.ran() == ran
    go()
    assert stagehand.ran() == []


def test_a_stage_that_makes_the_same_rows_again_does_not_run_those_behind_it(go: Any, stagehand: Stagehand) -> None:
    go()
    stagehand.ran()
    go(refresh=True)
    assert stagehand.ran() == ["chains"]


def test_one_stage_alone_reads_the_newest_version_of_what_it_needs(go: Any, stagehand: Stagehand) -> None:
    go()
    stagehand.ran()
    outcome = go("chains.size=7", "tasks.size=2", only=("tasks",))
    assert stagehand.ran() == ["tasks"]
    assert [report.funnel.items for report in outcome.reports] == [2]


def test_a_stage_whose_input_is_nowhere_says_so(go: Any) -> None:
    with pytest.raises(DataError, match="small-chains"):
        go(only=("tasks",))


def test_a_stage_that_does_not_exist_is_a_usage_error(go: Any) -> None:
    with pytest.raises(UsageError, match="no stage 'task'"):
        go(only=("task",))


def test_a_limit_holds_for_every_stage(go: Any) -> None:
    assert [report.funnel.items for report in go("chains.size=5", limit=3).reports] == [3, 3]


def test_status_says_what_is_found_and_runs_nothing(go: Any, stagehand: Stagehand, tmp_path: Path) -> None:
    def found(*overrides: str) -> list[bool]:
        recipe = load(tmp_path / "pipeline.yaml", stagehand.stages(), overrides)
        said = asyncio.run(status(recipe, stagehand.stages(), Options(tmp_path / "store")))
        return [version is not None for _, _, version in said]

    assert found() == [False, False]
    go()
    stagehand.ran()
    assert [found(), found("tasks.size=9"), found("chains.size=9")] == [[True, True], [True, False], [False, False]]
    assert stagehand.ran() == []


def test_versions_that_were_finished_before_an_error_stay(go: Any, stagehand: Stagehand, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        go("tasks.size=1", limit=1, only=("tasks",))
    go(only=("chains",))
    assert Store.open(tmp_path / "store").names() == ["small-chains"]


def pulled(folder: Path, version: Version, **changes: Any) -> Version:
    """A version of another store, pulled into that of `go` under its name, with a lineage that says something else."""
    record = replace(version.lineage(), **changes)
    return Store.open(folder / "store").adopt(version.path, record, version.name, Origin("evil/small-chains", "c" * 40))


@pytest.fixture
def away(tmp_path: Path, go: Any, stagehand: Stagehand) -> Version:
    """The chains of a run with five of them, in a store elsewhere; nothing is left of it here."""
    [report] = go("chains.size=5", only=("chains",)).reports
    (tmp_path / "store").rename(tmp_path / "away")
    stagehand.ran()
    return Store.open(tmp_path / "away").version(report.dataset)


def test_a_pulled_version_with_the_key_of_a_run_is_not_found_as_that_run(
    go: Any, stagehand: Stagehand, away: Version, tmp_path: Path
) -> None:
    [wanted] = go("chains.size=3", only=("chains",)).reports
    key = wanted.version.lineage().key
    (tmp_path / "store").rename(tmp_path / "other")
    stagehand.ran()
    poisoned = pulled(tmp_path, away, key=key)
    first, _ = go("chains.size=3").reports
    assert stagehand.ran() == ["chains", "tasks"]
    assert (first.found, first.version.tree) == (False, wanted.version.tree) and first.version.tree != poisoned.tree


@pytest.mark.parametrize("before", [False, True], ids=["alone", "after a run of one's own"])
def test_one_stage_alone_does_not_take_a_pulled_version_for_what_the_recipe_makes(
    go: Any, stagehand: Stagehand, away: Version, tmp_path: Path, before: bool
) -> None:
    if before:
        go(only=("chains",))
    version = pulled(tmp_path, away)
    stagehand.ran()
    with pytest.raises(DataError, match=f"pulled from evil/small-chains@c.*small-chains@{version.tree[:12]}"):
        go(only=("tasks",))
    assert stagehand.ran() == []
    go(only=("chains",))
    assert [report.funnel.items for report in go(only=("tasks",)).reports] == [2]


def test_a_run_on_a_pulled_version_says_where_it_is_from_and_records_it(
    go: Any, stagehand: Stagehand, away: Version, tmp_path: Path
) -> None:
    version, said = pulled(tmp_path, away), io.StringIO()
    source = source_at(resolve(f"small-chains@{version.tree}", Store.open(tmp_path / "store")))
    recipe = load(tmp_path / "pipeline.yaml", stagehand.stages(), [])
    options = Options(tmp_path / "store", only=("tasks",), to="mine")
    outcome = asyncio.run(execute(recipe, stagehand.stages(), options, Console(file=said), {"chains": source}))
    assert f"tasks           reads small-chains@{version.tree}, pulled from evil/small-chains@{'c' * 40}" in said.getvalue()
    [read] = outcome.reports[0].version.lineage().inputs
    assert (read.repo, read.commit, read.tree) == ("evil/small-chains", "c" * 40, version.tree)


def test_a_ledger_that_is_a_link_out_of_the_store_is_not_opened(go: Any, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "canary").write_bytes(b"")
    (tmp_path / "store" / "ledger.sqlite").symlink_to(tmp_path / "canary")
    with pytest.raises(DataError, match="leads out"):
        go()
    assert (tmp_path / "canary").read_bytes() == b""
