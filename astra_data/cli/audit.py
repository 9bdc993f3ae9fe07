"""`astra audit ADDR`: audit stored environments again, and say which rows entered and which left."""

import asyncio
from pathlib import Path

import click

from astra_data.cli import options
from astra_data.cli.moves import all_rows, moves, tell
from astra_data.console import plain_console
from astra_data.hub.addresses import name_for, parse
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.stages.reaudit import REAUDIT, ReauditConfig


@click.command("audit")
@click.argument("address")
@click.option("--to", metavar="NAME", help="Name of the new dataset; by default the old name with -audited.")
@click.option("--isolation", type=click.Choice(["strict", "best_effort"]), default="strict", show_default=True,
              help="Whether code may run where the kernel isolates it less than it could.")
@click.option("--most-hackability", type=click.FloatRange(0, 1), default=0.2, show_default=True,
              help="The share of the audit's probes that may fool an environment that is kept.")
@options.store
@options.running
@options.as_json
def command(address: str, to: str | None, isolation: str, most_hackability: float, store: Path, ledger: Path | None,
            refresh: bool, budget: float | None, concurrency: int, limit: int | None, seed: int | None, as_json: bool) -> None:
    """Audit the environments at ADDRESS again, accepted and rejected ones. `astra show ADDRESS ID --why` prints an audit."""
    place = resolve(parse(address), Store.open(store))
    rows = all_rows(place, "environments")
    name = to or name_for(place.address, "audited")
    config = ReauditConfig.model_validate({"isolation": isolation, "most_hackability": most_hackability})
    recipe = Recipe(RecipeHead(name="audit"), {REAUDIT.name: config}, Path(), "none")
    source = place.address if place.repo else address
    shown = options.recorded("audit", source, "--isolation", isolation, "--most-hackability", str(most_hackability),
                             "--to", name, limit=limit)
    told = Options(store, (), limit, concurrency, budget, refresh, ledger, shown, name)
    outcome = asyncio.run(execute(recipe, {REAUDIT.name: REAUDIT}, told, plain_console(err=True, quiet=as_json),
                                  {"environments": rows}))
    tell(outcome, moves(outcome, place, rows, limit), as_json=as_json)
