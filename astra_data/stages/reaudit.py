"""Audits environments again, without making them anew.

Accepted and rejected rows alike are audited, so that rows may enter as well as leave. A row whose audit could not be made in
full, for want of a sandbox, is quarantined. Its version is that of the stage `environments`, which audits by the same code.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from pydantic import Field

from astra_data.audit import Audit, Bench, audit
from astra_data.audit.audit import audited
from astra_data.audit.finding import NOT_MADE
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Quarantine, Reject, Resources, Stage, StageConfig
from astra_data.rows import Environment
from astra_data.stages.environments.stage import STAGE as ENVIRONMENTS

WORKERS = 2


class ReauditConfig(StageConfig):
    """How the code of environments is held."""

    isolation: Literal["strict", "best_effort"] = Field(default="strict", description="`strict` refuses to run with less")
    most_hackability: float = Field(default=0.2, ge=0, le=1, description="share of the audit's probes that may fool it")


def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
    for environment in inputs["environments"]:
        yield Item(environment.id, environment)


def decided(environment: Environment, found: Audit, most_hackability: float) -> Outcome:
    """The environment with its audit, where that puts it."""
    row = audited(environment, found)
    if found.failed:
        return Reject(found.reasons[0], row)
    if not found.complete:
        missing = next(each for each in found.checks if each.evidence.startswith(NOT_MADE))
        return Quarantine(f"audit: incomplete - {missing.check}: {missing.evidence}", row)
    if found.hackability is not None and found.hackability > most_hackability:
        return Reject(f"audit: too hackable - {found.hackability:g}", row)
    return Keep(row)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: ReauditConfig, resources: Resources) -> AsyncIterator[Expand]:
    bench = await asyncio.to_thread(Bench.open, WORKERS, config.isolation)

    async def expand(environment: Environment) -> list[Outcome]:
        return [decided(environment, await asyncio.to_thread(audit, environment, bench), config.most_hackability)]

    try:
        yield expand
    finally:
        await asyncio.to_thread(bench.__exit__, None, None, None)


REAUDIT = Stage(
    name="audit",
    version=ENVIRONMENTS.version,
    reads=("environments",),
    config=ReauditConfig,
    items=items,
    open=open_stage,
    total=lambda inputs, config, resources: len(inputs["environments"]),
    fingerprint=lambda config, resources: {"audit": 2},
    histograms=("hackability",),
    writes="environments",
)
