"""`arenas` -> `trajectories`: how the scripted oracle does what the user of an arena wants, to train on.

The calls are really made, in the sandbox; a demonstration that is not worth 1, or whose last message is not the answer, is
rejected. The stage `sft` makes training conversations of the rows, on the side of the split that their arena is on.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import Field

from astra_data.pipeline.stage import Expand, Inputs, Keep, Outcome, Reject, Resources, Stage
from astra_data.rollout.oracle import Oracle
from astra_data.rollout.scoring import Terms
from astra_data.rows import Trajectory
from astra_data.stages.acting import ActingConfig, Wanted, items, outcome, require_sandbox, sandboxed, total

TERMS = Terms(answer=1.0, decline=1.0)
"""A demonstration has to be right in everything that can be told."""


class DemonstrationsConfig(ActingConfig):
    calls_per_turn: int = Field(default=1, ge=1, description="most calls that the oracle makes in one turn")


def starts(config: DemonstrationsConfig, resources: Resources) -> bool:
    """Only where the recipe says something of them."""
    return bool(config.model_fields_set)


def decided(row: Trajectory) -> Outcome:
    return Keep(row) if row.reward == 1.0 else Reject(f"demonstration: not worth 1 - {row.reward}", row)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: DemonstrationsConfig, resources: Resources) -> AsyncIterator[Expand]:
    async with sandboxed(config.isolation, config.cpu_s) as sandbox:

        async def expand(wanted: Wanted) -> list[Outcome]:
            oracle = Oracle(wanted.arena, config.calls_per_turn)
            return [await outcome(wanted, oracle, sandbox, config, TERMS, decided)]

        yield expand


STAGE = Stage(
    name="demonstrations",
    version=2,
    reads=("arenas",),
    config=DemonstrationsConfig,
    items=items,
    open=open_stage,
    starts=starts,
    total=total,
    histograms=("reward",),
    writes="trajectories",
    needs=lambda config, resources: require_sandbox(config.isolation),
)
