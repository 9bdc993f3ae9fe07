"""What is taken away while a run works in it ends the run with its name, and a run without it goes on from what is left."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_stages import SmallConfig, numbered, task

from astra_data.errors import StoreError
from astra_data.ledger import Answer
from astra_data.pipeline.execute import Options, Outcome, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.pipeline.stage import Keep, Resources
from astra_data.pipeline.stage import Outcome as Filed

ITEMS = 6
Harm = Callable[[Path], object]


def replaced(root: Path) -> None:
    shutil.copy(root / "ledger.sqlite", root / "other")
    (root / "other").replace(root / "ledger.sqlite")


def emptied(folder: Path) -> None:
    for inner in folder.iterdir():
        shutil.rmtree(inner)


LEDGER: dict[str, Harm] = {
    "the file": lambda root: (root / "ledger.sqlite").unlink(),
    "its log": lambda root: (root / "ledger.sqlite-wal").unlink(),
    "another in its place": replaced,
    "its bytes": lambda root: (root / "ledger.sqlite").write_bytes(b""),
    "its folder": lambda root: shutil.rmtree(root),
    "the name of its folder": lambda root: root.rename(root.with_name("moved")),
}
STAGING: dict[str, Harm] = {
    "the folder of all": lambda root: shutil.rmtree(root / ".staging"),
    "the folder of the stage": lambda root: emptied(root / ".staging"),
    "the folder of the rows": lambda root: [shutil.rmtree(one) for one in (root / ".staging").glob("*/*")],
}


def run(root: Path, harm: Harm | None = None, at: int = 2, *, asks: bool = True) -> Outcome:
    """Six items, one after another; `harm` comes with number `at`."""

    async def expand(number: int, resources: Resources) -> list[Filed]:
        async def produce() -> Answer:
            return Answer(number)

        if number == at and harm is not None:
            harm(root)
        if asks:
            await resources.ledger.once(f"key {number}", "ask", {}, produce)
        return [Keep(task(number))]

    recipe = Recipe(RecipeHead(name="small"), {"tasks": SmallConfig()}, Path(), "none")
    return asyncio.run(execute(recipe, {"tasks": numbered(expand, ITEMS)}, Options(root, concurrency=1)))


@pytest.mark.parametrize("at", [1, ITEMS - 1])
@pytest.mark.parametrize("harm", LEDGER)
def test_a_ledger_that_is_taken_away_ends_the_run_and_makes_no_version(tmp_path: Path, harm: str, at: int) -> None:
    with pytest.raises(StoreError, match=r"ledger\.sqlite.*was removed or replaced while it was in use.*run again"):
        run(tmp_path / "store", LEDGER[harm], at)
    assert not list(tmp_path.glob("*/small-tasks"))
    again = run(tmp_path / "store")
    assert again.complete and again.reports[0].funnel.kept == ITEMS


@pytest.mark.parametrize("harm", ["the file", "another in its place", "its bytes"])
def test_it_is_noticed_too_where_nothing_is_asked_after_it(tmp_path: Path, harm: str) -> None:
    with pytest.raises(StoreError, match="was removed or replaced"):
        run(tmp_path / "store", LEDGER[harm], asks=False)


def test_a_folder_that_is_reached_in_another_way_is_the_same(tmp_path: Path) -> None:
    def moved(root: Path) -> None:
        root.rename(root.with_name("moved"))
        root.symlink_to("moved")

    assert run(tmp_path / "store", moved).complete
    assert run(tmp_path / "store").totals.asked == 0


@pytest.mark.parametrize("harm", STAGING)
def test_what_is_being_written_and_is_taken_away_ends_the_run_without_a_traceback(tmp_path: Path, harm: str) -> None:
    with pytest.raises(StoreError, match=r"a folder of the store was removed meanwhile .leave the store alone"):
        run(tmp_path / "store", STAGING[harm])
    again = run(tmp_path / "store")
    assert again.complete and again.totals.reused == ITEMS
