"""`astra run RECIPE`: all stages of a recipe, then the funnel and how to load what was made."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from rich.console import Console

from astra_data.cli import options
from astra_data.hub.store import Version
from astra_data.pipeline.execute import Options, Outcome, execute, notices, status
from astra_data.pipeline.progress import funnel_table
from astra_data.pipeline.recipe import find, load
from astra_data.stages import STAGES


@click.command("run")
@click.argument("recipe")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@options.store
@options.running
@options.as_json
@click.option("--only", multiple=True, metavar="STAGE", help="Run only this stage (may be repeated) on what the store has.")
@click.option("--dry-run", is_flag=True, help="Check the recipe, and say which stages are found and which would run.")
def command(recipe: str, overrides: tuple[str, ...], store: Path, ledger: Path | None, refresh: bool, budget: float | None,
            concurrency: int, limit: int | None, seed: int | None, as_json: bool, only: tuple[str, ...], dry_run: bool) -> None:
    """Run all stages of RECIPE: a YAML file, or the name of a packaged recipe such as `demo`.

    KEY=VALUE overrides one value of the recipe, such as tasks.per_server=4. Running again goes on where the last run stopped.
    """
    given = options.with_seed(overrides, seed)
    checked = load(find(recipe), STAGES, given)
    told = Options(store, only, limit, concurrency, budget, refresh, ledger,
                   options.recorded("run", recipe, *given, limit=limit))
    console = Console(stderr=True, quiet=as_json)
    if dry_run:
        _say_status(asyncio.run(status(checked, STAGES, told)), asyncio.run(notices(checked, told)))
        return
    outcome = asyncio.run(execute(checked, STAGES, told, console))
    click.echo(orjson.dumps(as_object(outcome)).decode() if as_json else "", nl=as_json)
    if not as_json:
        say(outcome)


def _say_status(found: list[tuple[str, str, Version | None]], told: list[str]) -> None:
    for stage, dataset, version in found:
        state = "would run" if version is None else f"found {version.tree[:12]}"
        click.echo(f"{stage:<16}{dataset:<28}{state}")
    for line in told:
        click.echo(line)


def say(outcome: Outcome) -> None:
    """The closing page: funnel, cost, addresses, how to load."""
    console = Console(width=140)
    console.print(funnel_table([(report.stage, report.funnel) for report in outcome.reports]))
    totals = outcome.totals
    console.print(f"\nledger: {totals.asked} new answers, {totals.reused} at hand, {totals.failed} failed; ${totals.cost:.4f}\n",
                  highlight=False)
    if outcome.reports and all(report.found for report in outcome.reports):
        console.print("Nothing to do: every stage was found complete.\n", highlight=False)
    for report in outcome.reports:
        click.echo(f"{report.dataset}@{report.version.tree[:12]}")
        click.echo(f'    load_dataset("{report.version.path}", split="train")   # {report.funnel.kept} rows')


def as_object(outcome: Outcome) -> dict[str, object]:
    """The outcome for machines."""
    return {
        "complete": outcome.complete,
        "cost": outcome.totals.cost,
        "asked": outcome.totals.asked,
        "reused": outcome.totals.reused,
        "failed": outcome.totals.failed,
        "left_alone": [asdict(one) | {"allow": one.allow} for one in outcome.left_alone],
        "stages": [
            {
                "stage": report.stage,
                "dataset": report.dataset,
                "tree": report.version.tree,
                "path": str(report.version.path),
                "rows": report.version.lineage().rows(),
                "found": report.found,
                "funnel": report.funnel,
            }
            for report in outcome.reports
        ],
    }
