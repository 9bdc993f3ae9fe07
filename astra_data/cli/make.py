"""`astra make STAGE SOURCE...`: one stage alone, on datasets of any address, or rows of a JSON Lines file as they are."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from astra_data.cli import options
from astra_data.cli.run import as_object, tell_outcome
from astra_data.console import plain_console
from astra_data.errors import DataError, UsageError
from astra_data.hub.addresses import FOLDER, parse
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.hub.writer import jsonl_rows
from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead, find, load
from astra_data.pipeline.sources import Source, source_at
from astra_data.pipeline.stage import Stage
from astra_data.rows import ROW_TYPES, fields
from astra_data.stages import STAGES
from astra_data.stages.imported import import_stage
from astra_data.terminal import say_json


@click.command("make")
@click.argument("stage", type=click.Choice(list(STAGES)))
@click.argument("sources", nargs=-1)
@click.option("--to", required=True, metavar="NAME", help="Name of the new dataset in the store.")
@click.option("--recipe", help="Recipe to take models, servers, workspace and the stage's config from.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one value of the recipe.")
@options.store
@options.running
@options.as_json
def command(stage: str, sources: tuple[str, ...], to: str, recipe: str | None, overrides: tuple[str, ...], store: Path,
            ledger: Path | None, refresh: bool, budget: float | None, concurrency: int, limit: int | None, seed: int | None,
            as_json: bool) -> None:
    """Run STAGE on SOURCE...: the datasets it reads, by address.

    `tools` takes an mcp.json and tool documents instead, `questions` trajectories or what the recipe names. Any stage takes one
    .jsonl file of finished rows, which are checked and stored as they are: `astra show ADDR --json > rows.jsonl`, edit,
    `astra make tasks rows.jsonl --to edited`.
    """
    given = options.with_seed(overrides, seed)
    checked = _recipe(recipe, given, stage, sources)
    if sources and sources[0].endswith(".jsonl") and (stage != "tools" or _holds_rows(stage, Path(sources[0]))):
        chosen, inputs = _imported(STAGES[stage].kind, sources), {}
        checked = replace(checked, stages={chosen.name: chosen.config()})
    else:
        chosen, inputs = STAGES[stage], _inputs(STAGES[stage], sources, store)
        checked = _naming(checked, chosen, inputs)
    shown = options.recorded("make", stage, *sources, "--to", to, recipe=recipe, overrides=given, limit=limit)
    told = Options(store, (), limit, concurrency, budget, refresh, ledger, shown, to)
    outcome = asyncio.run(execute(checked, {chosen.name: chosen}, told, plain_console(err=True, quiet=as_json), inputs))
    say_json(as_object(outcome)) if as_json else tell_outcome(outcome)
    outcome.check()


def _recipe(name: str | None, overrides: list[str], stage: str, sources: tuple[str, ...]) -> Recipe:
    """The named recipe, or an empty one; the sources of `tools` take the place of its own."""
    if name is not None:
        recipe = load(find(name), STAGES, overrides)
    else:
        if overrides:
            raise UsageError("--set overrides a recipe's value", mend="name the recipe with --recipe")
        recipe = Recipe(RecipeHead(name="make"), {key: value.config() for key, value in STAGES.items()}, Path(), "none")
    if stage != "tools":
        return recipe
    entries = [name for name in sources if Path(name).name.endswith("mcp.json")]
    if len(entries) > 1:
        raise UsageError(f"two mcp.json files: {', '.join(entries)}", mend="merge them into one")
    documents = [str(Path(name).absolute()) for name in sources if name not in entries]
    mcp = str(Path(entries[0]).absolute()) if entries else None
    head = recipe.head.model_copy(update={"mcp": mcp, "documents": documents})
    return Recipe(head, recipe.stages, recipe.folder, recipe.source)


def _holds_rows(stage: str, file: Path) -> bool:
    """Whether the file holds finished rows, where it could also hold tool documents: its first object has all their fields."""
    for _, read in jsonl_rows(file) if file.is_file() else ():
        with suppress(DataError):
            if isinstance(first := read(), dict):
                return fields(ROW_TYPES[stage]).keys() <= first.keys() | {"id"}
    return False


def _imported(kind: str, sources: tuple[str, ...]) -> Stage:
    if len(sources) > 1:
        raise UsageError("rows come from one file", mend="concatenate the files")
    if not Path(sources[0]).is_file():
        raise UsageError(f"there is no file {sources[0]}", mend="write rows with `astra show ADDR --json`")
    return import_stage(kind, Path(sources[0]))


def _inputs(stage: Stage, sources: tuple[str, ...], store: Path) -> dict[str, Source]:
    """The datasets of the given addresses, by kind; together they must be what the stage reads, or may name."""
    if stage.name == "tools":
        return {}
    located = [source_at(resolve(parse(text), Store.open(store))) for text in sources]
    found = {source.record.role: source for source in located}
    if set(found) - set(stage.named) != set(stage.reads) or len(located) != len(found):
        given = ", ".join(source.record.role for source in located) or "nothing"
        wanted = " and ".join((*stage.reads, *stage.named))
        raise UsageError(f"{stage.name} reads {wanted}, and was given {given}", mend=f"give one address of {wanted} each")
    return found


def _naming(recipe: Recipe, stage: Stage, inputs: dict[str, Source]) -> Recipe:
    """The recipe with the addresses of given datasets in the config of a stage that may name them."""
    here = recipe.folder == Path()
    given = {
        stage.named[kind]: source.record.address if here else _absolute(source.record.address)
        for kind, source in inputs.items() if kind in stage.named
    }
    config = recipe.stages[stage.name].model_copy(update=given)
    return replace(recipe, stages={**recipe.stages, stage.name: config})


def _absolute(address: str) -> str:
    """A folder from its root, since a recipe's paths start elsewhere; any other address as it is."""
    return str(Path(address).expanduser().absolute()) if FOLDER.match(address) else address
