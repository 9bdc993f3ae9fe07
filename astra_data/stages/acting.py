"""What the stages that let a policy act in arenas share: one item is one rollout, its outcome a trajectory with its score.

A rollout whose tools went away says nothing about the policy: it is quarantined, without a score.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from astra_data.ledger import Unanswered
from astra_data.pipeline.stage import Inputs, Item, Outcome, Quarantine, Reject, Resources, StageConfig
from astra_data.rollout.acting import MAX_TURNS, act, recorded
from astra_data.rollout.loop import NOT_THE_POLICY, Rollout
from astra_data.rollout.running import Unloadable
from astra_data.rollout.scoring import Scored, Terms, scored, states_of
from astra_data.rollout.toolbox import Diverged
from astra_data.rows import Arena, Trajectory
from astra_data.sandbox import Limits, Sandbox
from astra_data.teacher.teacher import Policy
from astra_data.tools.result import TIMEOUT, ToolBackendDown

WORKERS = 2


class ActingConfig(StageConfig):
    """How rollouts in arenas are run."""

    split: Literal["train", "validation", "test"] | None = Field(default=None, description="arenas of this split alone")
    samples: int = Field(default=1, ge=1, description="rollouts in each arena")
    max_turns: int = Field(default=MAX_TURNS, ge=1, description="most turns of the policy [A 15.4]")
    max_invalid: int = Field(default=3, ge=1, description="calls in a row that no tool sees and that end a rollout")
    cpu_s: float = Field(default=2.0, gt=0, description="seconds of CPU that a call of a tool may take")
    isolation: Literal["strict", "best_effort"] = Field(default="strict", description="what the sandbox may do without")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rollout to be run."""

    arena: Arena
    sample: int


def items(inputs: Inputs, config: ActingConfig, resources: Resources) -> Iterator[Item]:
    for arena in inputs["arenas"]:
        if config.split in (None, arena.split):
            for sample in range(config.samples):
                yield Item(arena.id, Wanted(arena, sample))


def total(inputs: Inputs, config: ActingConfig, resources: Resources) -> int:
    """How many rollouts are wanted. Where a split is, every arena is looked at for its own."""
    arenas = inputs["arenas"]
    count = len(arenas) if config.split is None else sum(arena.split == config.split for arena in arenas)
    return count * config.samples


@functools.cache
def require_sandbox(isolation: Literal["strict", "best_effort"]) -> None:
    """Raise `SandboxError` where code cannot be held as asked for."""
    Sandbox(1, isolation).close()


@asynccontextmanager
async def sandboxed(isolation: Literal["strict", "best_effort"], cpu_s: float) -> AsyncIterator[Sandbox]:
    """The sandbox of a stage; a call may take `cpu_s` seconds of CPU."""
    sandbox = await asyncio.to_thread(Sandbox, WORKERS, isolation, 0, Limits(cpu_s=cpu_s))
    try:
        yield sandbox
    finally:
        await asyncio.to_thread(sandbox.close)


async def outcome(wanted: Wanted, policy: Policy, sandbox: Sandbox, config: ActingConfig, terms: Terms,
                  decide: Callable[[Trajectory], Outcome]) -> Outcome:
    """Run one rollout, score it, and let `decide` say what becomes of its row. Raises `Unanswered`."""
    arena = wanted.arena
    try:
        done = await act(arena, policy, sandbox, sample=wanted.sample, max_turns=config.max_turns, max_invalid=config.max_invalid)
        found = None if done.terminal in NOT_THE_POLICY else await _scored(arena, done, sandbox)
    except Unloadable as broken:
        if broken.undecided:
            raise Unanswered(f"{TIMEOUT} - {broken.message}") from broken
        return Reject(f"arena: the tools do not load - {broken.message}")
    except Diverged:
        return Reject("arena: the tools answer otherwise when a call is made again")
    row = recorded(arena, policy.name, policy.sampling, wanted.sample, done, found, terms)
    return Quarantine(done.failure, row) if found is None else decide(row)


async def _scored(arena: Arena, done: Rollout, sandbox: Sandbox) -> Scored:
    try:
        states = await asyncio.to_thread(states_of, arena, done.messages, sandbox)
    except ToolBackendDown as down:
        raise Unanswered(str(down)) from down
    return scored(arena, done.messages, states)
