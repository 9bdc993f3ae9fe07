"""`astra audit ADDR`: audit stored environments again, and say which rows entered and which left."""

import asyncio
from dataclasses import replace
from pathlib import Path

import click
import orjson
from rich.console import Console

from astra_data.cli import options
from astra_data.cli.run import as_object, say
from astra_data.errors import UsageError
from astra_data.hub.addresses import parse
from astra_data.hub.load import Located, resolve
from astra_data.hub.store import Store, config_files
from astra_data.hub.writer import read_rows
from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.pipeline.runner import Source, source_at
from astra_data.pipeline.stage import Rows
from astra_data.rows import Environment
from astra_data.stages.reaudit import REAUDIT, ReauditConfig


@click.command("audit")
@click.argument("address")
@click.option("--to", metavar="NAME", help="Name of the new dataset; by default the old name with -audited.")
@click.option("--isolation", type=click.Choice(["strict", "best_effort"]), default="strict", show_default=True,
              help="Whether code may run where the kernel isolates it less than it could.")
@options.store
@options.running
@options.as_json
def command(address: str, to: str | None, isolation: str, store: Path, ledger: Path | None, refresh: bool, budget: float | None,
            concurrency: int, limit: int | None, seed: int | None, as_json: bool) -> None:
    """Audit the environments at ADDRESS again, accepted and rejected ones. `astra show ADDRESS ID --why` prints an audit."""
    place = resolve(parse(address), Store.open(store))
    name = to or f"{place.address.partition('@')[0].rpartition('/')[2]}-audited"
    config = ReauditConfig.model_validate({"isolation": isolation})
    recipe = Recipe(RecipeHead(name="audit"), {REAUDIT.name: config}, Path(), "none")
    source = place.address if place.repo else address
    shown = options.recorded("audit", source, "--isolation", isolation, "--to", name, limit=limit)
    told = Options(store, (), limit, concurrency, budget, refresh, ledger, shown, name)
    outcome = asyncio.run(execute(recipe, {REAUDIT.name: REAUDIT}, told, Console(stderr=True, quiet=as_json),
                                  {"environments": _all_rows(place)}))
    entered, left = _moves(place, outcome.reports[0].version.files())
    if as_json:
        click.echo(orjson.dumps(as_object(outcome) | {"entered": entered, "left": left}).decode())
        return
    say(outcome)
    for word, ids in (("entered", entered), ("left", left)):
        click.echo(f"{word}: {len(ids)}{': ' if ids else ''}{' '.join(ids)}")


def _all_rows(place: Located) -> Source:
    """Accepted rows, then rejected ones that are whole."""
    source = source_at(place)
    if source.record.role != "environments":
        raise UsageError(f"{place.address} holds {source.record.role}", mend="give the address of environments")
    rejected = config_files(place.path, "rejected") if (place.path / "rejected").is_dir() else []
    return replace(source, rows=Rows(Environment, (*source.rows.files, *rejected)))


def _moves(place: Located, new_files: list[Path]) -> tuple[list[str], list[str]]:
    """Ids of the rows that are accepted now and were not, and of those that were and are not."""
    before = [row["id"] for row in read_rows(place.files(), Environment)]
    after = [row["id"] for row in read_rows(new_files, Environment)]
    return [row for row in after if row not in set(before)], [row for row in before if row not in set(after)]
