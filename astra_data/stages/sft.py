"""`trajectories` -> `sft`: accepted conversations in the columns that TRL trains on."""

import importlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from pydantic import Field

from astra_data import templates
from astra_data.errors import DataError, EndpointError, UsageError
from astra_data.hub.models import fetched
from astra_data.messages import calls_of
from astra_data.models.panics import calm
from astra_data.models.pretrained import open_tokenizer
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Reject, Resources, Stage, StageConfig
from astra_data.rows import SftRow, Trajectory, new_row
from astra_data.rows.sft import Difficulty

Count = Callable[[SftRow], int]


class SftConfig(StageConfig):
    """What a training conversation keeps, and how it is measured."""

    keep_reasoning: bool = Field(default=True, description="keep reasoning_content in the messages")
    test_share: float = Field(default=0.0, ge=0, le=1, description="chance of each server that all its rows are for testing")
    tokenizer: str | None = Field(default=None, description="name of a tokenizer with a chat template, to count tokens by")


def items(inputs: Inputs, config: SftConfig, resources: Resources) -> Iterator[Item]:
    for trajectory in inputs["trajectories"]:
        yield Item(trajectory.id, trajectory)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: SftConfig, resources: Resources) -> AsyncIterator[Expand]:
    count = None if config.tokenizer is None else counter(config.tokenizer)

    async def expand(trajectory: Trajectory) -> list[Outcome]:
        if trajectory.reward is None:
            return [Reject("sft: the trajectory has no reward")]
        row = _row(trajectory, trajectory.reward, config, resources.seed)
        return [Keep(row if count is None else replace(row, tokens=count(row)))]

    yield expand


def needs(config: SftConfig, resources: Resources) -> None:
    if config.tokenizer is not None:
        counter(config.tokenizer)


def split_of(server: str, share: float, seed: int) -> str:
    """The side of a server, drawn for it alone: which other servers there are is no matter."""
    return "test" if random.Random(f"{seed}/sft/{server}").random() < share else "train"


def counter(name: str) -> Count:
    """Counts tokens by a tokenizer's chat template. Raises `UsageError` without `transformers` or the tokenizer, and counting
    what `templates.render` raises."""
    try:
        importlib.import_module("transformers")
        tokenizer = open_tokenizer(fetched(name, weights=False), name, weights=False)
    except ImportError as error:
        raise UsageError("sft.tokenizer needs transformers", mend="pip install transformers") from error
    except (DataError, EndpointError) as error:
        mend = "name a tokenizer of the Hub, or its folder"
        raise UsageError(f"sft.tokenizer: {name} was not loaded: {error.message}", mend=mend) from error
    if not tokenizer.chat_template:
        raise UsageError(f"sft.tokenizer: {name} has no chat template", mend="name the tokenizer of a chat model")

    def count(row: SftRow) -> int:
        tools = row.tools or None
        text = templates.render(tokenizer.get_chat_template(tools=tools), row.messages, tools, tokenizer.special_tokens_map).text
        with calm(f"sft.tokenizer: {name} cannot read a row"):
            return len(tokenizer(text, add_special_tokens=False)["input_ids"])

    return count


def _row(trajectory: Trajectory, reward: float, config: SftConfig, seed: int) -> SftRow:
    messages: list[Any] = list(trajectory.messages)
    if not config.keep_reasoning:
        messages = [{key: value for key, value in message.items() if key != "reasoning_content"} for message in messages]
    calls = list(calls_of(messages))
    turns = sum(message["role"] == "assistant" for message in messages)
    distinct = len({call.name for call in calls})
    side = split_of(trajectory.server, config.test_share, seed) if trajectory.arena is None else trajectory.arena.split
    difficulty = Difficulty(len(calls), turns, distinct, len(trajectory.tools), trajectory.horizon)
    row: SftRow = new_row(
        SftRow, trajectory_id=trajectory.id, server=trajectory.server, messages=messages, tools=trajectory.tools,
        reward=reward, difficulty=difficulty, models=trajectory.models,
        split=side, tokens=None,
    )
    return row


STAGE = Stage(
    name="sft",
    version=3,
    reads=("trajectories",),
    config=SftConfig,
    items=items,
    open=open_stage,
    total=lambda inputs, config, resources: len(inputs["trajectories"]),
    needs=needs,
)
