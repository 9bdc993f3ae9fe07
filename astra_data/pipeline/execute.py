"""Runs a recipe from end to end: opens what the stages share, runs them in order, closes everything whatever happens.

A stage that reads nothing is run if the recipe names something for it to start from, any other if all that it reads is made; with
`only` just the stages that it names are run, on what the store has.

    outcome = await execute(recipe, STAGES, Options(store=Path("hub")))
    outcome.reports[-1].version.path        # load_dataset(<this>)
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from rich.console import Console

from astra_data.console import plain_console
from astra_data.errors import UsageError
from astra_data.filenames import inside
from astra_data.hub.addresses import LEDGER
from astra_data.hub.store import Store, Version
from astra_data.ledger import Ledger, Totals
from astra_data.pipeline.ahead import Step, looked_ahead
from astra_data.pipeline.barren import nothing_kept
from astra_data.pipeline.calling import LeftAlone, absentees, entries, forewarned, left_alone, unmeant
from astra_data.pipeline.complaints import did_you_mean
from astra_data.pipeline.progress import Board, Silent
from astra_data.pipeline.reading import Reading
from astra_data.pipeline.recipe import Recipe
from astra_data.pipeline.runner import Report, Run, find_version, key_of, run_stage
from astra_data.pipeline.secrecy import known
from astra_data.pipeline.sources import Source, source_of
from astra_data.pipeline.stage import Resources, Stage, StageConfig, Stages
from astra_data.teacher.budget import Budget
from astra_data.teacher.offline.policy import OfflinePolicy
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.teacher.roles import build
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.privacy import close_process
from astra_data.tools.scrub import Scrub
from astra_data.tools.silence import Silence

START = "add `mcp: mcp.json` or `documents: [FILE]` for trajectories, or a source to the section `questions`"


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is told beside its recipe. None of it but `limit` and `refresh` may change a row."""

    store: Path
    only: tuple[str, ...] = ()
    limit: int | None = None
    concurrency: int = 16
    budget: float | None = None
    refresh: bool = False
    ledger: Path | None = None
    command: str = "astra run"
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The reports of the stages that were run or found, what the ledger was asked, and which tools were not called."""

    reports: list[Report] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    left_alone: list[LeftAlone] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return all(report.version.complete for report in self.reports)

    def check(self) -> None:
        """Raise `InnerError` where items met an error of ours, `NothingKept` where the last stage kept no row: of the stages
        before it that kept none either, without a break, the first is to blame."""
        for report in self.reports:
            if report.fault:
                raise report.fault
        barren = list(takewhile(lambda report: not report.funnel.kept, reversed(self.reports)))
        if barren:
            raise nothing_kept(barren[-1].stage, barren[-1].dataset, barren[-1].funnel)


@dataclass(slots=True)
class Warned:
    """The servers of which some tools are left alone; None until the tools were read, which is once in a run."""

    alone: list[LeftAlone] | None = None


async def execute(recipe: Recipe, stages: Stages, options: Options, console: Console | None = None,
                  given: Mapping[str, Source] | None = None) -> Outcome:
    """Run the stages of a recipe in order. `given` replaces datasets that would be read from the store.

    Raises `AstraError`; versions that were finished before stay in the store, and running again goes on from there.
    """
    _known(options.only, stages)
    async with opened(recipe, options) as run:
        chosen = _chosen(recipe, stages, options, run, given or {})
        reading = Reading(run, dict(given or {}))
        steps = looked_ahead(chosen, recipe, reading)
        warned = Warned()
        reports = await _stages(recipe, steps, reading, console, warned)
        run.resources.ledger.require_kept()
        return Outcome(reports, run.resources.ledger.totals(), warned.alone or [])


def _known(only: tuple[str, ...], stages: Stages) -> None:
    for name in only:
        if name not in stages:
            raise UsageError(f"no stage {name!r}", mend=did_you_mean(name, stages))


def _chosen(recipe: Recipe, stages: Stages, options: Options, run: Run, given: Mapping[str, Source]) -> Stages:
    """The stages that are run, in order. Raises `UsageError` where the recipe names nothing to start from."""
    if options.only:
        return {name: stage for name, stage in stages.items() if name in options.only}
    chosen: dict[str, Stage] = {}
    for name, stage in stages.items():
        kinds = {one.kind: one.name for one in chosen.values()}
        made = all(kind in kinds or kind in given for kind in stage.reads)
        if made and stage.starts(recipe.stages[name], run.resources):
            if stage.kind in kinds:
                raise UsageError(f"{kinds[stage.kind]} and {name} both make {stage.kind}", mend="give each a recipe of its own")
            chosen[name] = stage
    if not chosen:
        raise UsageError("the recipe names nothing to start from", mend=START)
    return chosen


async def status(recipe: Recipe, stages: Stages, options: Options) -> list[tuple[str, str, Version | None]]:
    """(stage, dataset, version found) as `execute` would meet them, running nothing. Of a stage that reads what has to be
    made first nothing is known of the inputs, and so nothing is found. Raises the `AstraError` that the run would end in."""
    _known(options.only, stages)
    async with opened(recipe, options) as run:
        chosen = _chosen(recipe, stages, options, run, {})
        steps = looked_ahead(chosen, recipe, Reading(run, {}))
        return [(stage.name, run.dataset(stage.kind), version) for stage, version in steps]


@asynccontextmanager
async def opened(recipe: Recipe, options: Options) -> AsyncIterator[Run]:
    """What the stages of a run share, closed again at the end. What goes wrong meanwhile is told without secrets."""
    close_process()
    store, servers = Store.open(options.store), _servers(recipe)
    scrub = known(recipe, servers)
    with Silence(lambda: scrub):
        async with _shared(recipe, options, store, servers, scrub) as run:
            yield run


@asynccontextmanager
async def _shared(recipe: Recipe, options: Options, store: Store, servers: Mapping[str, ServerEntry],
                  scrub: Scrub) -> AsyncIterator[Run]:
    ledger = Ledger.open(options.ledger or inside(options.store, LEDGER), scrub)
    try:
        resources = _resources(recipe, ledger, servers, options)
        try:
            yield Run(recipe.head.name, store, resources, options.command, options.concurrency, options.limit, recipe.source,
                      options.to)
        finally:
            await resources.roles.close()
    finally:
        await ledger.close()


async def _stages(recipe: Recipe, steps: list[Step], reading: Reading, console: Console | None, warned: Warned) -> list[Report]:
    """Run the stages. What tools are left alone is said, and noted in `warned`, as soon as tools are read."""
    run, reports = reading.run, []
    with Board(console or plain_console(quiet=True), lambda: run.resources.ledger.totals().cost) as board:
        for line in absentees(run.resources) if any(version is None for _, version in steps) else ():
            board.say(run.resources.ledger.scrub(line))
        for stage, _ in steps:
            config = recipe.config(stage)
            inputs = reading.of(stage, config)
            for strange in {source.strange: None for source in inputs.values() if source.strange}:
                board.say(f"{stage.name:<16}reads {strange}")
            for line in _warnings(stage, config, inputs, run, warned):
                board.say(line)
            total = stage.total({role: source.rows for role, source in inputs.items()}, config, run.resources)
            most = total if total is None or run.limit is None else min(total, run.limit)
            meter = board.meter(stage.name, most) if console else Silent()
            report = await run_stage(stage, config, inputs, run, meter)
            report = replace(report, beyond=(total or 0) - (most or 0))
            board.say(_said(report))
            reading.made[stage.kind] = source_of(stage.kind, report.version)
            reports.append(report)
    return reports


def _warnings(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], run: Run, warned: Warned) -> list[str]:
    """What is said of tools before a stage that lists them, or that is the first to read them."""
    if "tools" in inputs and warned.alone is None:
        warned.alone = list(left_alone(inputs["tools"].rows, run.resources))
        return [*map(str, warned.alone), *unmeant(inputs["tools"].rows, run.resources)]
    lists = stage.kind == "tools" and stage.is_source and find_version(stage, key_of(stage, config, inputs, run), run) is None
    return list(forewarned(run.resources)) if lists else []


async def notices(recipe: Recipe, options: Options) -> list[str]:
    """What `execute` would say of tools that are not called, as far as the store knows the tools."""
    async with opened(recipe, options) as run:
        dataset = run.dataset("tools")
        if dataset not in run.store.names():
            return list(forewarned(run.resources))
        rows = source_of("tools", run.store.version(dataset)).rows
        return [*map(str, left_alone(rows, run.resources)), *unmeant(rows, run.resources)]


def _said(report: Report) -> str:
    done = "found" if report.found else "made"
    state = "" if report.version.complete else "  incomplete: run again to retry what is quarantined"
    return f"{report.stage:<16}{done} {report.dataset}@{report.version.tree[:12]}  {report.funnel.kept} rows{state}"


def _resources(recipe: Recipe, ledger: Ledger, servers: Mapping[str, ServerEntry], options: Options) -> Resources:
    return Resources(
        seed=recipe.head.seed,
        ledger=ledger,
        roles=build(recipe.head.models, ledger, Budget(options.budget), OfflineTeacher(), OfflinePolicy()),
        servers=servers,
        documents=tuple(recipe.path(name) for name in recipe.head.documents),
        options=recipe.head.servers,
        template=recipe.template(ledger.scrub.values),
        refresh=options.refresh,
        folder=recipe.folder,
        store=options.store,
    )


def _servers(recipe: Recipe) -> dict[str, ServerEntry]:
    if recipe.head.mcp is None:
        return {}
    return entries(recipe.path(recipe.head.mcp), recipe.head.servers)
