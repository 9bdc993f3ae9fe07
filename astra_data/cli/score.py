"""`astra score ADDR`: score stored trajectories again, and say which rows entered and which left."""

import asyncio
from dataclasses import replace
from pathlib import Path

import click

from astra_data.cli import options
from astra_data.cli.moves import all_rows, moves, tell
from astra_data.console import plain_console
from astra_data.errors import UsageError
from astra_data.hub.addresses import name_for, parse
from astra_data.hub.load import Located, input_of, resolve
from astra_data.hub.store import Store
from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead, find, load
from astra_data.pipeline.sources import Source, source_at
from astra_data.stages import STAGES
from astra_data.stages.rescore import RESCORE, RescoreConfig


@click.command("score")
@click.argument("address")
@click.option("--tasks", help="Address of the tasks; by default those the trajectories were made from.")
@click.option("--to", metavar="NAME", help="Name of the new dataset; by default the old name with -rescored.")
@click.option("--recipe", help="Recipe that names the judge, and weights and thresholds in trajectories.accept.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one value of the recipe.")
@options.store
@options.running
@options.as_json
def command(address: str, tasks: str | None, to: str | None, recipe: str | None, overrides: tuple[str, ...], store: Path,
            ledger: Path | None, refresh: bool, budget: float | None, concurrency: int, limit: int | None, seed: int | None,
            as_json: bool) -> None:
    """Score the trajectories at ADDRESS again, accepted and rejected ones, without a new rollout."""
    shelf = Store.open(store)
    place = resolve(parse(address), shelf)
    given = options.with_seed(overrides, seed)
    checked = _recipe(recipe, given)
    source = all_rows(place, "trajectories")
    inputs = {"trajectories": source, "tasks": _tasks(place, tasks, shelf)}
    name = to or name_for(place.address, "rescored")
    told_tasks = ["--tasks", tasks] if tasks else []
    shown = options.recorded("score", place.address if place.repo else address, *told_tasks, "--to", name,
                             recipe=recipe, overrides=given, limit=limit)
    told = Options(store, (), limit, concurrency, budget, refresh, ledger, shown, name)
    outcome = asyncio.run(execute(checked, {RESCORE.name: RESCORE}, told, plain_console(err=True, quiet=as_json), inputs))
    tell(outcome, moves(outcome, place, source, limit), as_json=as_json)


def _recipe(name: str | None, overrides: list[str]) -> Recipe:
    """The recipe with what its trajectories stage says of scoring as the config of the scoring stage."""
    if name is None and overrides:
        raise UsageError("--set overrides a recipe's value", mend="name the recipe with --recipe")
    if name is None:
        return Recipe(RecipeHead(name="score"), {RESCORE.name: RESCORE.config()}, Path(), "none")
    recipe = load(find(name), STAGES, overrides)
    wanted = recipe.stages["trajectories"].model_dump(include=set(RescoreConfig.model_fields))
    return replace(recipe, stages={RESCORE.name: RescoreConfig.model_validate(wanted)})


def _tasks(place: Located, given: str | None, shelf: Store) -> Source:
    found = resolve(parse(given), shelf) if given else input_of(place, "tasks", shelf)
    if found is None:
        raise UsageError("the lineage names no tasks", mend="give their address with --tasks")
    source = source_at(found)
    if source.record.role != "tasks":
        raise UsageError(f"{given or found.address} holds {source.record.role}", mend="give the address of tasks with --tasks")
    return source
