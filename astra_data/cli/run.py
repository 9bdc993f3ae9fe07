"""`astra run RECIPE`: all stages of a recipe, then the funnel and how to load what was made."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from astra_data.characters import one_line
from astra_data.cli import options
from astra_data.console import plain_console
from astra_data.hub.store import Version
from astra_data.pipeline.execute import Options, Outcome, execute, notices, status
from astra_data.pipeline.progress import funnel_table
from astra_data.pipeline.recipe import find, load
from astra_data.stages import STAGES
from astra_data.terminal import say, say_json


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
    if dry_run:
        _say_status(asyncio.run(status(checked, STAGES, told)), asyncio.run(notices(checked, told)))
        return
    outcome = asyncio.run(execute(checked, STAGES, told, plain_console(err=True, quiet=as_json)))
    say_json(as_object(outcome)) if as_json else tell_outcome(outcome)
    outcome.check()


def _say_status(found: list[tuple[str, str, Version | None]], told: list[str]) -> None:
    for stage, dataset, version in found:
        state = "would run" if version is None else f"found {version.tree[:12]}"
        say(f"{stage:<16}{dataset:<28}{state}")
    for line in told:
        say(line)


def tell_outcome(outcome: Outcome) -> None:
    """The closing page: funnel, cost, addresses, how to load."""
    shown = plain_console(width=140)
    shown.print(funnel_table([(report.stage, report.funnel) for report in outcome.reports]))
    totals = outcome.totals
    for line in not_looked_at(outcome):
        shown.print(line)
    shown.print(f"\nledger: {totals.asked} new answers, {totals.reused} at hand, {totals.failed} failed; ${totals.cost:.4f}\n")
    if outcome.reports and all(report.found for report in outcome.reports):
        shown.print("Nothing to do: every stage was found complete.\n")
    for report in outcome.reports:
        say(f"{report.dataset}@{report.version.tree[:12]}")
        say(f'    load_dataset("{report.version.path}", split="train")   # {report.funnel.kept} rows')
    for report in outcome.reports:
        for failure in report.failures:
            say(f"{report.stage}: to be tried again: {one_line(failure, 400)}")
    for line in filter(None, (report.advice for report in outcome.reports)):
        say(line)


def not_looked_at(outcome: Outcome) -> list[str]:
    """How many items a limit left out, by stage."""
    return [f"not looked at, by --limit: {report.beyond} items of {report.stage}" for report in outcome.reports if report.beyond]


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
                "advice": report.advice,
                "failures": report.failures,
                "not_looked_at": report.beyond,
            }
            for report in outcome.reports
        ],
    }
