"""Scores stored trajectories again, with another judge, other weights or other thresholds, without a new rollout.

Accepted and rejected rows alike are scored, so that rows may enter as well as leave. Its version is that of the stage
`trajectories`, which scores by the same code.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import Field

from astra_data.pipeline.stage import Expand, Inputs, Item, Outcome, Reject, Resources, Stage, StageConfig
from astra_data.rows import Trajectory
from astra_data.stages.trajectories.acceptance import Acceptance
from astra_data.stages.trajectories.stage import STAGE as TRAJECTORIES
from astra_data.stages.trajectories.stage import judged
from astra_data.teacher.asks import JUDGES


class RescoreConfig(StageConfig):
    """What of `trajectories` bears on scores."""

    judge_samples: int = Field(default=1, ge=1, description="times that the judge is asked about each thing it judges")
    accept: Acceptance = Acceptance()


def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
    for trajectory in inputs["trajectories"]:
        yield Item(trajectory.id, trajectory)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: RescoreConfig, resources: Resources) -> AsyncIterator[Expand]:
    references = {task.id: task.target_tools for task in inputs["tasks"]}
    judge = resources.roles.teacher("judge")

    async def expand(trajectory: Trajectory) -> list[Outcome]:
        if not trajectory.messages:
            return [Reject("trajectory: no conversation", trajectory)]
        reference = references.get(trajectory.task_id, [])
        return [await judged(trajectory, reference, judge, config.judge_samples, config.accept)]

    yield expand


RESCORE = Stage(
    name="score",
    version=TRAJECTORIES.version,
    reads=("trajectories", "tasks"),
    config=RescoreConfig,
    items=items,
    open=open_stage,
    roles=("judge",),
    asks=JUDGES,
    total=lambda inputs, config, resources: len(inputs["trajectories"]),
    histograms=("reward",),
    writes="trajectories",
)
