"""Scores stored trajectories again, with another judge or other thresholds, without a new rollout.

Accepted and rejected rows alike are scored, so that rows may enter as well as leave. What had no answer stays where it was.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from astra_data.pipeline.stage import Expand, Inputs, Item, Outcome, Reject, Resources, Stage
from astra_data.rows import Trajectory
from astra_data.stages.trajectories.acceptance import Acceptance, decide
from astra_data.stages.trajectories.stage import scored
from astra_data.teacher.asks import JUDGES


def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
    for trajectory in inputs["trajectories"]:
        yield Item(trajectory.id, trajectory)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: Acceptance, resources: Resources) -> AsyncIterator[Expand]:
    references = {task.id: task.target_tools for task in inputs["tasks"]}
    judge = resources.roles.teacher("judge")

    async def expand(trajectory: Trajectory) -> list[Outcome]:
        if not trajectory.messages:
            return [Reject("trajectory: no conversation", trajectory)]
        reference = references.get(trajectory.task_id, [])
        return [decide(await scored(trajectory, reference, judge), config)]

    yield expand


RESCORE = Stage(
    name="trajectories",
    version=1,
    reads=("trajectories", "tasks"),
    config=Acceptance,
    items=items,
    open=open_stage,
    roles=("judge",),
    asks=JUDGES,
    total=lambda inputs, config, resources: len(inputs["trajectories"]),
    histograms=("reward",),
)
