"""Runs stages: order, concurrency, resume, counts and lineage. Knows no stage by name.

    report = await run_stage(stage, config, inputs, run)

Resuming is running again: whatever was answered is in the ledger, and a stage whose key names a complete version is not run at
all. Items are expanded concurrently and filed in input order, so concurrency never shows in the rows.
"""

import asyncio
import platform
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from itertools import islice
from pathlib import Path

import astra_data
from astra_data.errors import AstraError, DataError, InnerError, StoreError
from astra_data.hub.disk import refused
from astra_data.hub.lineage import FILE, Code, FileDigest, Funnel, Lineage, Output, from_json, stage_key, to_json
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import Written
from astra_data.ledger import Unanswered
from astra_data.pipeline.collected import uncollected
from astra_data.pipeline.faults import INNER, Faults
from astra_data.pipeline.histograms import histograms
from astra_data.pipeline.progress import Meter
from astra_data.pipeline.sources import Source
from astra_data.pipeline.spool import Spool
from astra_data.pipeline.stage import Expand, Item, Outcome, Quarantine, Reject, Resources, Rows, Stage, StageConfig
from astra_data.rows import ROW_TYPES, fields

WINDOW = 4
"""Items in flight or waiting to be filed, as a multiple of the concurrency."""

UNUSABLE = "item: cannot be used"


@dataclass(frozen=True, slots=True)
class Run:
    """What all stages of one run share. `name` prefixes the datasets (or `to` names the only one), `command` rebuilds them."""

    name: str
    store: Store
    resources: Resources
    command: str
    concurrency: int = 16
    limit: int | None = None
    recipe: str | None = None
    to: str | None = None

    def dataset(self, kind: str) -> str:
        return self.to or f"{self.name}-{kind}"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a stage: the version that holds its rows, its funnel, whether it was run or found, and what to mend; `fault`
    if items met an error of ours, `failures` the first reasons for which items are to be tried again, in full. `beyond` are the
    items that a limit left out, of which nothing is known, 0 without one."""

    stage: str
    dataset: str
    version: Version
    funnel: Funnel
    found: bool
    advice: str | None = None
    fault: InnerError | None = None
    failures: tuple[str, ...] = ()
    beyond: int = 0


async def run_stage(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], run: Run, meter: Meter) -> Report:
    """Run one stage, or find its version. Raises `AstraError`; the store is unchanged unless a version was finished.

    A source that keeps nothing because nothing could be read or answered is an error, not an empty version.
    """
    dataset = run.dataset(stage.kind)
    key = key_of(stage, config, inputs, run)
    found = find_version(stage, key, run)
    if found is not None:
        run.store.promote(found)
        funnel = found.lineage().funnel
        return Report(stage.name, dataset, found, funnel, found=True, advice=stage.advice(funnel))
    faults = Faults(run.store.root, dataset, run.resources.ledger.scrub)
    with run.store.staging(dataset) as folder:
        lineage, failures = await _fill(stage, config, inputs, run, meter, folder, key, faults)
        run.resources.ledger.require_kept()
        version = run.store.commit(dataset, folder, lineage)
    return Report(stage.name, dataset, version, lineage.funnel, found=False, advice=stage.advice(lineage.funnel),
                  fault=faults.error(stage.name), failures=failures)


def find_version(stage: Stage, key: str, run: Run) -> Version | None:
    """The complete version that a run of the stage with this key made, if the store has it. `refresh` hides those of sources."""
    if run.resources.refresh and stage.is_source:
        return None
    found = run.store.find(run.dataset(stage.kind), key)
    return found if found is not None and found.complete else None


def key_of(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], run: Run) -> str:
    """The stage key of a run: what its rows depend on, 64 hex digits. Reads the files that the fingerprint covers."""
    resources = run.resources
    return stage_key(
        stage.name,
        stage.version,
        config.model_dump(mode="json"),
        resources.seed,
        _prompts(stage),
        resources.roles.identity(stage.roles_of(config)),
        {role: source.record.rows + source.further for role, source in inputs.items()},
        {"limit": run.limit, "fingerprint": stage.fingerprint(config, resources)},
    )


async def _fill(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], run: Run, meter: Meter, folder: Path,
                key: str, faults: Faults) -> tuple[Lineage, tuple[str, ...]]:
    """Write the rows of a version into `folder`, and say what they are, and what failed first."""
    rows = {role: replace(source.rows, left_out=set()) for role, source in inputs.items()}
    items = islice(stage.items(rows, config, run.resources), run.limit)
    count = 0
    scrub = run.resources.ledger.scrub
    with Spool(folder, ROW_TYPES[stage.kind], deferred=stage.select is not None, scrub=scrub) as spool:
        async with (
            stage.open(rows, config, run.resources) as expand,
            aclosing(_expanded(items, expand, run.concurrency, faults)) as expanded,
        ):
            async for item, outcomes in expanded:
                count += 1
                _file(spool, stage, item, outcomes)
                meter.update(count, spool.candidates, spool.rejected.total(), spool.quarantined.total())
        count += _file_left_out(spool, rows)
        select = stage.select
        written = spool.settle(None if select is None else lambda frame: select(frame, config, run.resources))
    if stage.is_source and not written["default"].num_rows and (error := _uncollected(stage.name, spool, faults)):
        raise error
    funnel = Funnel(count, written["default"].num_rows, dict(sorted(spool.rejected.items())),
                    dict(sorted(spool.quarantined.items())))
    lineage = _lineage(stage, config, inputs, run, key, funnel, folder, written)
    return from_json(scrub.json(to_json(lineage)), file=FILE), tuple(spool.failures)


def _uncollected(stage: str, spool: Spool, faults: Faults) -> AstraError | None:
    """Why a source that kept nothing makes no version; None where it looked at everything, and nothing was good."""
    if INNER in spool.first_failures:
        return faults.error(stage)
    if spool.first_failures:
        return uncollected(stage, spool.first_failures)
    unusable = spool.rejected.keys() == {UNUSABLE}
    return DataError(spool.first_rejection.partition(" - ")[2]) if unusable else None


def _file(spool: Spool, stage: Stage, item: Item, outcomes: list[Outcome]) -> None:
    if not outcomes:
        raise AssertionError(f"stage {stage.name} gave no outcome for item {item.id}")
    for outcome in outcomes:
        spool.add(item.id, outcome)


def _file_left_out(spool: Spool, inputs: Mapping[str, Rows]) -> int:
    """Reject the rows of the inputs that are not what they say; how many there are."""
    found = [(role, unfit) for role, rows in inputs.items() for unfit in sorted(rows.left_out)]
    for role, unfit in found:
        kind, _, detail = unfit.why.partition(" - ")
        spool.add("", Reject(f"input: {kind} - {role}, {unfit.place}{detail and ': '}{detail}"))
    return len(found)


async def _expanded(items: Iterator[Item], expand: Expand, concurrency: int,
                    faults: Faults) -> AsyncGenerator[tuple[Item, list[Outcome]], None]:
    """Expand items concurrently, yield them in input order. The first error that ends the run, of whichever item, cancels what is
    in flight."""
    gate = asyncio.Semaphore(concurrency)
    alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    window: deque[tuple[Item, asyncio.Task[list[Outcome]]]] = deque()

    async def guarded(item: Item) -> list[Outcome]:
        async with gate:
            try:
                return await _expand(item, expand, faults)
            except Exception as error:
                if not alarm.done():
                    alarm.set_exception(error)
                raise

    try:
        for item in items:
            window.append((item, asyncio.create_task(guarded(item))))
            await asyncio.sleep(0)  # an item that waits for nothing is expanded before the next one is made, and not held
            while window and (window[0][1].done() or len(window) >= concurrency * WINDOW):
                yield await _head(window, alarm)
        while window:
            yield await _head(window, alarm)
    finally:
        pending = [task for _, task in window]
        for task in pending:
            task.cancel()
        alarm.cancel()
        await asyncio.gather(*pending, alarm, return_exceptions=True)


async def _head(window: deque[tuple[Item, asyncio.Task[list[Outcome]]]],
                alarm: asyncio.Future[None]) -> tuple[Item, list[Outcome]]:
    """Take the first item off the window once it is expanded. Raises the error of any item as soon as there is one."""
    item, task = window[0]
    if not task.done():
        await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
    if alarm.done():
        await alarm
    window.popleft()
    return item, task.result()


async def _expand(item: Item, expand: Expand, faults: Faults) -> list[Outcome]:
    """The outcomes of an item. Whatever is wrong with it is its own; what no item could be done with is raised."""
    try:
        return await expand(item.value)
    except Unanswered as failure:
        return [Quarantine(failure.reason)]
    except StoreError:
        raise
    except DataError as error:
        return [Reject(f"{UNUSABLE} - {error}")]
    except AstraError:
        raise
    except Exception as error:
        if refusal := refused(error):
            raise refusal from error
        return [Quarantine(faults.noted(item.id, error))]


def _outputs(folder: Path, written: Mapping[str, Written]) -> list[Output]:
    outputs = []
    for config, result in sorted(written.items()):
        place = "data" if config == "default" else config
        files = [folder / place / name for name in result.files]
        digests = [FileDigest(f"{place}/{path.name}", sha256_file(path), path.stat().st_size) for path in files]
        outputs.append(Output(config, result.rows, result.num_rows, digests))
    return outputs


def _licenses(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], folder: Path, outputs: list[Output]) -> list[str]:
    """The licences of all inputs, of what else the config names, and of the rows themselves where they name one; `unknown` for a
    row that names none."""
    import polars as pl

    found = {name for source in inputs.values() for name in source.licenses} | set(stage.licenses(config))
    if "license" in fields(ROW_TYPES[stage.kind]):
        files = [folder / file.path for output in outputs if output.config == "default" for file in output.files]
        found |= set(pl.scan_parquet(files).select(pl.col("license").fill_null("unknown")).unique().collect()["license"])
    return sorted(found)


def _prompts(stage: Stage) -> dict[str, str]:
    return {ask.name: ask.prompt_hash for ask in stage.asks}


def begun(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], run: Run, key: str) -> Lineage:
    """What is said of a version before there is a row of it."""
    return Lineage(
        kind=stage.kind,
        stage=stage.name,
        stage_version=stage.version,
        key=key,
        complete=True,
        config=config.model_dump(mode="json"),
        seed=run.resources.seed,
        command=run.command,
        funnel=Funnel(0, 0),
        outputs=[],
        code=Code("astra-data", astra_data.__version__),
        recipe=run.recipe,
        inputs=[replace(record, role=role) for role, source in inputs.items() for record in source.records],
        models=run.resources.roles.names(stage.roles_of(config)),
        prompts=_prompts(stage),
        env={"python": platform.python_version()} | {name: installed(name) for name in ("pyarrow", "datasets")},
    )


def _lineage(stage: Stage, config: StageConfig, inputs: Mapping[str, Source], run: Run, key: str, funnel: Funnel,
             folder: Path, written: Mapping[str, Written]) -> Lineage:
    outputs = _outputs(folder, written)
    return replace(
        begun(stage, config, inputs, run, key),
        complete=not funnel.quarantined,
        funnel=funnel,
        outputs=outputs,
        licenses=_licenses(stage, config, inputs, folder, outputs),
        histograms=histograms(stage.histograms, folder, written),
    )
