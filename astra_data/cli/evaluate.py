"""`astra evaluate arena ADDR`: let a policy act in arenas, and say what its rollouts are worth."""

import asyncio
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from astra_data.cli import options
from astra_data.cli.run import as_object, not_looked_at
from astra_data.console import plain_console
from astra_data.errors import EndpointError, UsageError
from astra_data.evaluate.stage import ROLE, EvaluationConfig, evaluation
from astra_data.evaluate.statistics import Estimate
from astra_data.evaluate.summary import Summary, summarised
from astra_data.hub.addresses import name_for, parse
from astra_data.hub.load import resolve
from astra_data.hub.models import fetched
from astra_data.hub.store import Store
from astra_data.pipeline.complaints import complaint
from astra_data.pipeline.execute import Options, Outcome, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.pipeline.sources import source_at, source_of
from astra_data.rollout.acting import MAX_TURNS
from astra_data.terminal import say, say_json

SCRIPTED = ("oracle", "random", "empty")


@click.group("evaluate")
def command() -> None:
    """Evaluate a policy."""


@command.command("arena")
@click.argument("address")
@click.option("--model", required=True, help="oracle, random, empty, a folder or ORG/NAME to load, or a name at an endpoint.")
@click.option("--base-url", help="OpenAI-compatible endpoint that serves the model.")
@click.option("--api-key-env", help="Environment variable that holds the endpoint's key.")
@click.option("--revision", help="Commit of a model of the Hub that is loaded here.")
@click.option("--split", type=click.Choice(["train", "validation", "test"]), help="Arenas of this split alone.")
@click.option("--samples", type=click.IntRange(min=1), default=1, show_default=True, help="Rollouts in each arena, for pass^k.")
@click.option("--temperature", type=click.FloatRange(min=0), help="Default: 0 for a model loaded here, else the endpoint's.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Most tokens of one turn; 1024 for a model loaded here.")
@click.option("--max-turns", type=click.IntRange(min=1), default=MAX_TURNS, show_default=True, help="Most turns of the policy.")
@click.option("--calls-per-turn", type=click.IntRange(min=1), default=1, show_default=True, help="Of the oracle.")
@click.option("--batch", type=click.IntRange(min=1), default=16, show_default=True, help="Of a model loaded here.")
@click.option("--mode", type=click.Choice(["f1", "recall", "precision"]), default="f1", show_default=True, help="The reward.")
@click.option("--answer", type=click.FloatRange(min=0), default=0.0, help="Weight of the final answer in the reward, in goals.")
@click.option("--decline", type=click.FloatRange(min=0), default=0.0, help="Weight of saying rightly what is missing.")
@click.option("--isolation", type=click.Choice(["strict", "best_effort"]), default="strict", show_default=True,
              help="Whether tools may run where the kernel isolates them less than it could.")
@click.option("--to", metavar="NAME", help="Name of the new dataset; by default that of the arenas with the model's.")
@options.store
@options.running
@options.as_json
def arena(address: str, model: str, base_url: str | None, api_key_env: str | None, revision: str | None, to: str | None,
          store: Path, ledger: Path | None, refresh: bool, budget: float | None, concurrency: int, limit: int | None,
          seed: int | None, as_json: bool, batch: int, **chosen: Any) -> None:
    """Let a policy act in the arenas at ADDRESS. Its rollouts become a dataset that can be pushed, and be trained on.

    Running it again goes on where it stopped; --limit counts arenas.
    """
    shelf = Store.open(store)
    place = resolve(parse(address), shelf)
    source = source_at(place)
    if source.record.role != "arenas":
        raise UsageError(f"{place.address} holds {source.record.role}", mend="give the address of arenas")
    folder = _folder(model, base_url, revision)
    config = _config(model, base_url, folder, chosen)
    models = _models(config, base_url, api_key_env, chosen)
    recipe = Recipe(RecipeHead(name="evaluate", seed=seed or 0, models=models), {"evaluation": config}, Path(), "none")
    name = to or name_for(place.address, config.model or model)
    local = {} if folder is None else {"revision": _commit(model, folder), "batch": batch}
    words = _words({"model": _shown(model), **_asked(models), **local, **_chosen(config), "seed": seed or None, "to": name})
    told = Options(store, (), None if limit is None else limit * config.samples, concurrency, budget, refresh, ledger,
                   options.recorded("evaluate", "arena", place.address if place.repo else address, *words, limit=limit), name)
    notes: list[str] = []
    stage = evaluation(folder, batch, notes)
    outcome = asyncio.run(execute(recipe, {stage.name: stage}, told, plain_console(err=True, quiet=as_json), {"arenas": source}))
    version = outcome.reports[0].version
    rows = source_of("trajectories", version).rows
    summary = summarised(rows, version.lineage().funnel)
    for unfit in sorted(rows.left_out):
        options.tell_left_out(unfit)
    for note in notes:
        say(note, err=True)
    say_json(as_object(outcome) | {"summary": summary}) if as_json else _say(outcome, summary)
    outcome.check()


def _folder(model: str, base_url: str | None, revision: str | None) -> Path | None:
    """Where a model to be loaded here is; a model of the Hub is downloaded."""
    if model in SCRIPTED or base_url is not None:
        return None
    if Path(model).expanduser().is_dir():
        return fetched(model)
    if "/" not in model:
        if close := difflib.get_close_matches(model, SCRIPTED, n=1, cutoff=0.75):
            raise UsageError(f"no model {model!r} is known here",
                             mend=f"did you mean {close[0]}? For a model of an endpoint, give --base-url")
        return None
    try:
        return fetched(model, revision)
    except EndpointError as error:
        raise UsageError(f"there is no folder {model}, and the Hub gave no such model",
                         mend="name a folder, a model of the Hub, or give --base-url for one that is served") from error


def _config(model: str, base_url: str | None, folder: Path | None, chosen: Mapping[str, Any]) -> EvaluationConfig:
    policy = model if model in SCRIPTED and base_url is None else "endpoint" if folder is None else "local"
    name = None if policy in SCRIPTED else model if folder is None or not Path(model).expanduser().is_dir() else folder.name
    given = {key: value for key, value in chosen.items() if value is not None}
    if policy != "local":
        given = {key: value for key, value in given.items() if key not in ("temperature", "max_tokens")}
    return EvaluationConfig.model_validate({"policy": policy, "model": name, **given})


def _models(config: EvaluationConfig, base_url: str | None, key: str | None, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The role of an endpoint's model. Raises `UsageError` for one that is not in order."""
    from pydantic import ValidationError

    from astra_data.teacher.models import ModelConfig

    if config.policy != "endpoint":
        return {}
    given = {"model": config.model, "base_url": base_url} | {key: chosen[key] for key in ("temperature", "max_tokens")}
    try:
        return {ROLE: ModelConfig.model_validate(given | ({"api_key_env": key} if key else {}))}
    except ValidationError as error:
        field, message, _ = complaint(ModelConfig, error)
        raise UsageError(f"{field}: {message}".strip(": "), mend="give --api-key-env, the variable that holds its key") from error


def _words(given: Mapping[str, Any]) -> list[str]:
    """Options as words; without those that are null."""
    return [word for key, value in given.items() if value is not None for word in (f"--{key.replace('_', '-')}", str(value))]


def _asked(models: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of the model at the endpoint, if there is one."""
    names = {"base_url", "api_key_env", "temperature", "max_tokens"}
    given: dict[str, Any] = models[ROLE].model_dump(include=names, exclude_unset=True) if models else {}
    return given


def _shown(model: str) -> str:
    """The model as it was given; of a folder that only this machine has, its name."""
    return Path(model).name if Path(model).expanduser().is_absolute() else model


def _commit(model: str, folder: Path) -> str | None:
    """The commit of a model of the Hub: its snapshot is a folder of that name."""
    return None if Path(model).expanduser().is_dir() else folder.name


def _chosen(config: EvaluationConfig) -> dict[str, Any]:
    return config.model_dump(exclude_defaults=True, exclude={"policy", "model"})


def _say(outcome: Outcome, summary: Summary) -> None:
    shown = plain_console(width=140)
    shown.print(f"{summary.rollouts} rollouts in {summary.arenas} arenas; {summary.no_score} without a score, "
                f"{summary.rejected} in arenas that do not work")
    for line in not_looked_at(outcome):
        shown.print(line)
    ends = ", ".join(f"{name} {count}" for name, count in summary.terminals.items())
    shown.print(f"endings: {ends or 'none'}\n")
    figures = Table("figure", "mean [95 %]", "arenas", "interval", box=None, pad_edge=False)
    for name, figure in [*summary.figures.items(), *((f"pass^{k}", one) for k, one in enumerate(summary.passes, 1))]:
        figures.add_row(name, figure.told(), str(figure.arenas), _method(figure))
    shown.print(figures)
    for title, rows in (*summary.groups.items(), ("band", summary.bands)):
        if rows:
            shown.print(_table(title, rows))
    report = outcome.reports[0]
    totals = outcome.totals
    shown.print(f"\nledger: {totals.asked} new answers, {totals.reused} at hand, {totals.failed} failed; ${totals.cost:.4f}")
    if not report.version.complete:
        shown.print("incomplete: run the same command again to retry what has no score")
    say(f"{report.dataset}@{report.version.tree[:12]}")
    say(f'    load_dataset("{report.version.path}", split="train")   # {report.funnel.kept} rows')


def _method(figure: Estimate) -> str:
    return {"wilson": "Wilson, over arenas", "bootstrap": "bootstrap over arenas"}.get(figure.method or "", "-")


def _table(title: str, rows: Mapping[str, Mapping[str, Estimate]]) -> Table:
    first = next(iter(rows.values()))
    table = Table(title, "arenas", *first, title=" ", box=None, pad_edge=False)
    for name, figures in rows.items():
        arenas = max(figure.arenas for figure in figures.values())
        table.add_row(name, str(arenas), *(figure.told(2) for figure in figures.values()))
    return table
