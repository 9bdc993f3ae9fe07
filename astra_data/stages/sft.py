"""`trajectories` -> `sft`: accepted conversations in the columns that TRL trains on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from astra_data.messages import calls_of
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Reject, Resources, Stage, StageConfig
from astra_data.rows import SftRow, Trajectory, new_row
from astra_data.rows.sft import Difficulty


class SftConfig(StageConfig):
    """What a training conversation keeps."""

    keep_reasoning: bool = True


def items(inputs: Inputs, config: SftConfig, resources: Resources) -> Iterator[Item]:
    for trajectory in inputs["trajectories"]:
        yield Item(trajectory.id, trajectory)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: SftConfig, resources: Resources) -> AsyncIterator[Expand]:
    async def expand(trajectory: Trajectory) -> list[Outcome]:
        if trajectory.reward is None:
            return [Reject("sft: the trajectory has no reward")]
        return [Keep(_row(trajectory, trajectory.reward, config))]

    yield expand


def _row(trajectory: Trajectory, reward: float, config: SftConfig) -> SftRow:
    messages: list[Any] = list(trajectory.messages)
    if not config.keep_reasoning:
        messages = [{key: value for key, value in message.items() if key != "reasoning_content"} for message in messages]
    calls = list(calls_of(messages))
    turns = sum(message["role"] == "assistant" for message in messages)
    difficulty = Difficulty(len(calls), turns, len({call.name for call in calls}), len(trajectory.tools))
    row: SftRow = new_row(
        SftRow, trajectory_id=trajectory.id, server=trajectory.server, messages=messages, tools=trajectory.tools,
        reward=reward, difficulty=difficulty, models=trajectory.models,
    )
    return row


STAGE = Stage(
    name="sft",
    version=1,
    reads=("trajectories",),
    config=SftConfig,
    items=items,
    open=open_stage,
    total=lambda inputs, config, resources: len(inputs["trajectories"]),
)
