"""Accepted conversations become training rows that need nothing else."""

from typing import Any

import pytest
from scripted_cases import FIND, PRICE, TOOLS, conversation

from astra_data.messages import assistant
from astra_data.pipeline.stage import Keep
from astra_data.rows import Trajectory, new_row
from astra_data.rows.sft import Difficulty
from astra_data.rows.trajectories import Usage
from astra_data.stages.sft import STAGE

MESSAGES = [*conversation((FIND, PRICE), (FIND,), end=None), assistant("It costs 5.", reasoning="I add up.")]


def trajectory(reward: float | None = 0.9) -> Trajectory:
    row: Trajectory = new_row(
        Trajectory,
        task_id="t",
        server="shop",
        policy="p",
        sampling={"temperature": 0.5},
        sample=0,
        tools=TOOLS,
        messages=MESSAGES,
        terminal="answered",
        calls=[],
        flaws=[],
        scores=[],
        reward=reward,
        usage=Usage(3, 3, 0, 0),
        models={"policy": "p", "judge": "j"},
    )
    return row


def test_a_row_holds_the_conversation_and_what_a_curriculum_orders_by(expand: Any) -> None:
    source = trajectory()
    (outcome,) = expand(STAGE, {"trajectories": [source]})
    assert isinstance(outcome, Keep)
    row = outcome.row
    assert (row.messages, row.tools, row.reward, row.trajectory_id) == (MESSAGES, TOOLS, 0.9, source.id)
    assert row.difficulty == Difficulty(calls=3, turns=3, distinct_tools=2, offered_tools=2)
    assert (row.server, row.models) == ("shop", {"policy": "p", "judge": "j"})


@pytest.mark.parametrize("keep", [True, False])
def test_reasoning_may_be_left_out(expand: Any, keep: bool) -> None:
    source = trajectory()
    (outcome,) = expand(STAGE, {"trajectories": [source]}, keep_reasoning=keep)
    assert ("reasoning_content" in outcome.row.messages[-1]) is keep
    assert "reasoning_content" in source.messages[-1], "the trajectory is left as it was"


def test_without_a_reward_there_is_no_row(expand: Any) -> None:
    (outcome,) = expand(STAGE, {"trajectories": [trajectory(None)]})
    assert outcome.reason == "sft: the trajectory has no reward"
