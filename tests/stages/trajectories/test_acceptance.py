"""A trajectory is kept, rejected for the first threshold that it misses, or set aside where a judge could not be had."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_cases import FIND, PRICE, TOOLS, conversation

from astra_data.errors import UsageError
from astra_data.pipeline.recipe import load
from astra_data.pipeline.stage import Keep, Quarantine, Reject
from astra_data.rows import Trajectory, new_row
from astra_data.rows.trajectories import Score, Usage
from astra_data.stages import STAGES
from astra_data.stages.trajectories.acceptance import Acceptance, decide
from astra_data.stages.trajectories.axes import reward

AXES = ("QU", "QP", "TCU", "TCP", "TCS", "TC", "FA")


def one(axis: str, value: float | None, status: str = "scored") -> Score:
    return Score(axis, value, status if value is None else "scored", "because", [], "j", [])


def trajectory(terminal: str = "answered", **given: Score) -> Trajectory:
    scores = [given.get(axis) or one(axis, 1.0) for axis in AXES]
    row: Trajectory = new_row(
        Trajectory,
        task_id="t",
        server="shop",
        policy="p",
        sampling={},
        sample=0,
        tools=TOOLS,
        messages=conversation((FIND,), (PRICE,)),
        terminal=terminal,
        calls=[],
        flaws=[],
        scores=scores,
        reward=reward(scores),
        usage=Usage(1, 1, 0, 0),
        models={},
    )
    return row


def low(*axes: str, value: float = 0.5) -> Trajectory:
    return trajectory(**{axis: one(axis, value) for axis in axes})


@pytest.mark.parametrize(
    "row", [trajectory(), low("QU", "TCU"), trajectory(FA=one("FA", 0.75)), trajectory(TCU=one("TCU", None, "abstained"))]
)
def test_a_good_trajectory_is_kept(row: Trajectory) -> None:
    assert decide(row, Acceptance()) == Keep(row)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (trajectory("empty_answer"), "trajectory: empty_answer"),
        (trajectory("turn_limit"), "trajectory: turn_limit"),
        (trajectory("cut_off"), "trajectory: cut_off"),
        (trajectory(FA=one("FA", None, "abstained")), "score: FA has no value - because"),
        (low("FA"), "score: FA below 0.75 - because"),
        (low("TC", value=0.49), "score: TC below 0.5 - because"),
        (
            trajectory(**{axis: one(axis, None, "abstained") for axis in AXES[:3]}),
            "score: the judge abstained too often - QU, QP, TCU",
        ),
        (low(*AXES[:6]), "score: reward below 0.8"),
    ],
)
def test_each_threshold_rejects_with_its_reason(row: Trajectory, reason: str) -> None:
    assert decide(row, Acceptance()) == Reject(reason, row)


@pytest.mark.parametrize("terminal", ["answered", "turn_limit"])
def test_a_judge_that_could_not_be_had_sets_it_aside_whatever_else_is_wrong(terminal: str) -> None:
    row = trajectory(terminal, QP=one("QP", None, "failed"), FA=one("FA", 0.0))
    assert row.reward is None
    assert decide(row, Acceptance()) == Quarantine("judge: QP: because", row)


def test_what_does_not_apply_is_no_abstention() -> None:
    row = trajectory(**{axis: one(axis, None, "not_applicable") for axis in AXES[2:6]})
    assert isinstance(decide(row, Acceptance(abstained=0)), Keep)


def test_a_row_without_a_reward_is_not_kept() -> None:
    row = replace(trajectory(), reward=None)
    assert decide(row, Acceptance()) == Reject("score: no axis with a weight has a value", row)


@pytest.mark.parametrize(
    ("weights", "line"),
    [
        ({"FB": 1}, "trajectories.accept.weights.FB"),
        ({"FA": -1}, "-1 is out of range (write at least 0)"),
        (dict.fromkeys(AXES, 0), "every axis has weight 0 (give one a weight above 0)"),
    ],
)
def test_weights_that_weigh_nothing_are_refused(tmp_path: Path, weights: dict[str, float], line: str) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(json.dumps({"name": "r", "trajectories": {"accept": {"weights": weights}}}))
    with pytest.raises(UsageError, match=re.escape(line)):
        load(recipe, STAGES)


@pytest.mark.parametrize(
    ("row", "thresholds"),
    [
        (low("FA", value=0.0), {"answer": 0, "axis": 0, "reward": 0}),
        (low(*AXES[:6]), {"reward": 0.5}),
        (trajectory(**{axis: one(axis, None, "abstained") for axis in AXES[:3]}), {"abstained": 3}),
    ],
)
def test_thresholds_are_the_recipes(row: Trajectory, thresholds: dict[str, Any]) -> None:
    assert isinstance(decide(row, Acceptance(**thresholds)), Keep)
