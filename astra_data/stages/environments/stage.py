"""The stage: an item is a question, its outcome an environment, or the reason why there is none.

An environment is kept only if every sub-question that needs a tool has a verified one, and the finished row, replayed, is worth 1
to the gold calls and 0 to none, and passes its audit.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from astra_data.audit import Bench, audit
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Quarantine, Reject, Resources, Stage
from astra_data.rollout.replay import Played
from astra_data.rollout.running import Unloadable
from astra_data.rows import Environment, Question
from astra_data.rows.environments import AuditCheck
from astra_data.sandbox import Blobs, Limits, Sandbox
from astra_data.stages.acting import require_sandbox
from astra_data.stages.environments.assembly import Tool, assembled, in_order, with_final_state
from astra_data.stages.environments.config import EnvironmentsConfig
from astra_data.stages.environments.merging import merged
from astra_data.stages.environments.synthesis import Failed, Work, played_gold
from astra_data.stages.environments.trial import Trial
from astra_data.teacher.environment_asks import ENVIRONMENT_ASKS
from astra_data.teacher.teacher import Abstained

WORKERS = 2


def items(inputs: Inputs, config: EnvironmentsConfig, resources: Resources) -> Iterator[Item]:
    for question in inputs["questions"]:
        yield Item(question.id, question)


def total(inputs: Inputs, config: EnvironmentsConfig, resources: Resources) -> int:
    return len(inputs["questions"])


@asynccontextmanager
async def open_stage(inputs: Inputs, config: EnvironmentsConfig, resources: Resources) -> AsyncIterator[Expand]:
    limits, blobs = Limits(cpu_s=config.cpu_s), Blobs()
    sandbox = await asyncio.to_thread(Sandbox, WORKERS, config.isolation, limits=limits, blobs=blobs)
    try:
        bench = await asyncio.to_thread(Bench.open, 1, config.isolation, blobs=blobs)
    except BaseException:
        sandbox.close()
        raise
    work = Work(config, resources.roles.teacher("writer"), sandbox, bench)

    async def expand(question: Question) -> list[Outcome]:
        return [await environment_of(work, question)]

    try:
        yield expand
    finally:
        await asyncio.to_thread(bench.__exit__)
        await asyncio.to_thread(sandbox.close)


async def environment_of(work: Work, question: Question) -> Outcome:
    """What becomes of one question. Raises `Unanswered` where a model or the sandbox gave no answer."""
    wanted = [node for node in in_order(question.nodes) if node.needs_tool]
    if not wanted:
        return Reject("environment: no sub-question needs a tool")
    trial = Trial(work, question, wanted)
    try:
        tools = await trial.tools()
    except Abstained as abstained:
        return Reject(f"environment: the teacher abstained - {abstained.reason}")
    except Failed as failed:
        lacking = f"environment: a sub-question has no verified tool - {failed.reason}"
        return Reject(lacking) if failed.answered else Quarantine(lacking)
    records: list[AuditCheck] = []
    if work.config.merge and len(tools) > 1:
        tools, records = await merged(work, question, tools)
    return await _finished(work, question, tools, records, trial)


async def _finished(work: Work, question: Question, tools: Sequence[Tool], records: list[AuditCheck], trial: Trial) -> Outcome:
    """The row, replayed as it will be stored, unless the trial was just that."""
    row = assembled(question, tools, {"writer": work.writer.name})
    if repeated := _repeated(row):
        return Reject(f"environment: two sub-questions have the same call - {repeated}", row)
    try:
        played = trial.replay_of(row) or await played_gold(row, work.sandbox)
    except Unloadable as broken:
        return Reject(f"environment: the finished tools do not load - {broken}", row)
    if wrong := _unlike_gold(played):
        return Reject(f"environment: the gold calls are not worth 1 - {wrong}", row)
    return await _audited(work, row if played.final_state is None else with_final_state(row, played.final_state), records)


async def _audited(work: Work, row: Environment, records: list[AuditCheck]) -> Outcome:
    """The row with what the audit found; kept if nothing failed, and tried again if it could not be finished."""
    found = await asyncio.to_thread(audit, row, work.bench)
    row = replace(row, audit=[*found.checks, *records], hackability=found.hackability)
    if found.failed:
        return Reject(found.reasons[0], row)
    if not found.complete:
        return Quarantine("audit: a check could not be made", row)
    if found.hackability is not None and found.hackability > work.config.most_hackability:
        return Reject(f"audit: too hackable - {found.hackability:g}", row)
    return Keep(row)


def _repeated(row: Environment) -> str | None:
    """Two goals that one call reaches: the second would reward saying it again."""
    seen = list[tuple[str, Any]]()
    for goal in row.turns[0].goals:
        if (goal.tool, goal.arguments) in seen:
            return goal.id
        seen.append((goal.tool, goal.arguments))
    return None


def _unlike_gold(played: Played) -> str | None:
    scored = played.breakdown
    return None if scored.f1 == 1.0 else f"{scored.f1:g}, unsolved: {', '.join(scored.unsolved)}"


STAGE = Stage(
    name="environments",
    version=2,
    reads=("questions",),
    config=EnvironmentsConfig,
    items=items,
    open=open_stage,
    roles=("writer",),
    asks=ENVIRONMENT_ASKS,
    total=total,
    needs=lambda config, resources: require_sandbox(config.isolation),
)
