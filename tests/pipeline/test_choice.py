"""Which stages of a recipe are run, and the datasets that a config names by address."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from small_stages import task

from astra_data.errors import DataError, UsageError
from astra_data.pipeline.execute import Options, execute, status
from astra_data.pipeline.recipe import load
from astra_data.pipeline.runner import Report
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Resources, Stage, StageConfig, Stages
from astra_data.rows import Chain, new_row
from astra_data.rows.chains import Walk


class Config(StageConfig):
    """A number of rows, and the address of others."""

    size: int = 0
    of: str | None = None


def chain(number: int) -> Chain:
    row: Chain = new_row(Chain, server_id="s", server="s", tools=[str(number)], weights=[], evidence=[], walk=Walk(1, 0.0),
                         verdicts=[], models={})
    return row


def stage(name: str, make: Any, *, reads: tuple[str, ...] = (), **more: Any) -> Stage:
    """A stage that makes `size` rows, and one of each row that it reads."""

    def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
        for number in range(config.size):
            yield Item(str(number), str(number))
        for kind, rows in inputs.items():
            yield from (Item(row.id, f"{kind} {row.id}") for row in rows)

    @asynccontextmanager
    async def opened(inputs: Inputs, config: Any, resources: Resources) -> AsyncIterator[Expand]:
        async def expand(value: str) -> list[Outcome]:
            return [Keep(make(value))]

        yield expand

    return Stage(name, 1, reads, Config, items, opened, **more)


STAGES: Stages = {
    "chains": stage("chains", chain, starts=lambda config, resources: config.size > 0),
    "tasks": stage("tasks", task, reads=("chains",)),
    "trajectories": stage("trajectories", task, starts=lambda config, resources: bool(config.size or config.of), collects=False,
                          named={"chains": "of"}, licenses=lambda config: ["MIT"] if config.size else []),
}


@pytest.fixture(autouse=True)
def rows_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """`trajectories` stands for a second source here; its rows are tasks."""
    from astra_data.rows import ROW_TYPES

    monkeypatch.setitem(ROW_TYPES, "trajectories", ROW_TYPES["tasks"])


class Place:
    """A folder with a recipe and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def loaded(self, text: str) -> Any:
        path = self.folder / "r.yaml"
        path.write_text(f"name: small\n{text}")
        return load(path, STAGES)

    def run(self, text: str, **options: Any) -> list[Report]:
        done = execute(self.loaded(text), STAGES, Options(**{"store": self.folder / "store", **options}))
        return asyncio.run(done).reports

    def status(self, text: str, **options: Any) -> dict[str, bool]:
        told = asyncio.run(status(self.loaded(text), STAGES, Options(**{"store": self.folder / "store", **options})))
        return {name: version is not None for name, _, version in told}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("recipe", "made"),
    [
        ("chains: {size: 2}", ["chains", "tasks"]),
        ("trajectories: {size: 2}", ["trajectories"]),
        ("chains: {size: 1}\ntrajectories: {size: 1}", ["chains", "tasks", "trajectories"]),
    ],
)
def test_what_a_recipe_names_a_start_for_is_made_and_what_follows_from_it(place: Place, recipe: str, made: list[str]) -> None:
    assert place.status(recipe) == dict.fromkeys(made, False)
    assert [report.stage for report in place.run(recipe)] == made
    assert place.status(recipe) == dict.fromkeys(made, True)
    assert all(report.found for report in place.run(recipe))


@pytest.mark.parametrize("recipe", ["", "tasks: {size: 3}"])
def test_a_recipe_that_names_nothing_to_start_from_is_refused(place: Place, recipe: str) -> None:
    for ask in (place.run, place.status):
        with pytest.raises(UsageError, match="names nothing to start from"):
            ask(recipe)


def test_stages_that_are_named_are_run_whatever_the_recipe_starts_from(place: Place) -> None:
    place.run("chains: {size: 2}")
    recipe = "trajectories: {size: 1}"
    assert place.status(recipe, only=("tasks",)) == {"tasks": True}
    assert [report.stage for report in place.run(recipe, only=("tasks",))] == ["tasks"]
    with pytest.raises(DataError, match="small-chains"):
        place.run(recipe, only=("tasks",), store=place.folder / "other")


def test_a_named_dataset_of_the_same_recipe_is_that_of_the_same_run(place: Place) -> None:
    recipe = "chains: {size: 2}\ntrajectories: {of: small-chains}"
    assert place.status(recipe) == {"chains": False, "tasks": False, "trajectories": False}
    made = {report.stage: report for report in place.run(recipe)}
    (read,) = made["trajectories"].version.lineage().inputs
    assert (read.role, read.tree) == ("chains", made["chains"].version.tree)
    assert made["trajectories"].funnel.kept == 2
    more = recipe.replace("2", "3")
    assert place.status(more) == {"chains": False, "tasks": False, "trajectories": False}
    assert {report.stage: report.funnel.kept for report in place.run(more)}["trajectories"] == 3
    assert place.status(recipe) == dict.fromkeys(STAGES, True)


def test_a_named_dataset_is_pinned_by_its_rows(place: Place) -> None:
    first, _ = place.run("chains: {size: 2}")
    recipe = "trajectories: {of: %s}"
    at_first = recipe % f"small-chains@{first.version.tree}"
    (one,) = place.run(at_first)
    assert place.status(at_first) == {"trajectories": True}
    place.run("chains: {size: 3}")
    assert place.status(at_first) == {"trajectories": True}
    assert (one.funnel.kept, place.run(recipe % "small-chains")[0].funnel.kept) == (2, 3)


def test_a_folder_is_named_from_the_recipes(place: Place) -> None:
    first, _ = place.run("chains: {size: 2}")
    (one,) = place.run(f"trajectories: {{of: ./{first.version.path.relative_to(place.folder)}}}")
    assert one.funnel.kept == 2


def test_a_named_dataset_of_another_kind_is_refused(place: Place) -> None:
    place.run("chains: {size: 2}")
    with pytest.raises(UsageError, match=r"small-tasks@\w+ holds tasks \(name a dataset of chains\)"):
        place.run("trajectories: {of: small-tasks}")


def test_a_pure_source_is_not_refreshed_and_may_be_all_quarantined(place: Place) -> None:
    recipe = "chains: {size: 1}\ntrajectories: {size: 2}"
    place.run(recipe)
    assert {report.stage: report.found for report in place.run(recipe, refresh=True)} == {
        "chains": False, "tasks": True, "trajectories": True}


def test_the_licences_of_what_a_config_names_are_those_of_the_rows(place: Place) -> None:
    assert place.run("trajectories: {size: 1}")[0].version.lineage().licenses == ["MIT"]
