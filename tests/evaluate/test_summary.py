"""Figures are means over arenas; what has no score is counted apart, and enters no mean."""

from typing import Any

import pytest
from arena_rows import arena_of
from small_environments import SHOP

from astra_data.evaluate.summary import summarised
from astra_data.hub.lineage import Funnel
from astra_data.messages import assistant, tool_call, tool_result, user
from astra_data.rollout.acting import recorded
from astra_data.rollout.loop import Rollout
from astra_data.rollout.scoring import Terms, scored
from astra_data.rows import Trajectory
from astra_data.rows.arenas import ArenaDifficulty, Distractor, Removed
from astra_data.rows.environments import EnvironmentTurn

ONE = [EnvironmentTurn("How much is A?", SHOP.turns[0].goals)]
FAR = [Distractor("say", "low", 0.1, "total", "0" * 16), Distractor("clock", "low", 0.2, "total", "0" * 16),
       Distractor("fail", "high", 0.9, "total", "0" * 16)]


def row(sample: int, names: str, final: str, hops: int = 1, **values: Any) -> Trajectory:
    arena = arena_of(SHOP, **({"turns": ONE, "answer": 3, "distractors": FAR} | values),
                     difficulty=ArenaDifficulty(hops, 1, 6, 1, None, None), domain=str(hops), environment_id=f"{hops:016}")
    messages = [user("How much is A?")]
    for number, name in enumerate(names.split()):
        call = tool_call(str(number), name, {"order": "A"} if name == "total" else {})
        messages += [assistant("", [call]), tool_result(str(number), name, '{"total": 3}' if name == "total" else "x")]
    done = Rollout([*messages, assistant(final)], terminal="answered", turns=len(names.split()) + 1)
    return recorded(arena, "policy", {}, sample, done, scored(arena, done.messages), Terms())


def test_figures_count_each_arena_once() -> None:
    rows = [row(0, "total", "It is 3."), row(1, "total say say clock", "It is 4."), row(0, "fail", "It is 3.", hops=2),
            row(1, "", "3", hops=2)]
    found = summarised(rows, Funnel(6, 4, {"arena: bad": 1}, {"endpoint: down": 1}))
    assert (found.arenas, found.rollouts, found.no_score, found.rejected, found.terminals) == (2, 4, 1, 1, {"answered": 4})
    assert {name: found.figures[name].value for name in ("f1", "recall", "solved", "answered", "valid", "calls")} == {
        "f1": pytest.approx((1 + 0.4) / 4), "recall": 0.5, "solved": 0.5, "answered": 0.75, "valid": 1.0, "calls": 1.5}
    assert found.figures["declined"].value is None and found.figures["f1"].arenas == 2
    assert [one.value for one in found.passes] == [0.25, 0.0]
    assert [(name, figures["solved"].value) for name, figures in found.groups["hops"].items()] == [("1", 1.0), ("2", 0.0)]
    assert list(found.groups["tools"]) == ["5 to 8"]
    assert {band: (figures["offered"].value, figures["calls"].value, figures["called"].value)
            for band, figures in found.bands.items()} == {"high": (1.0, 0.25, 0.25), "low": (2.0, 0.75, 0.25)}


def test_a_right_refusal_is_a_success_and_has_no_f1() -> None:
    removed = {"turns": [EnvironmentTurn("How much is A?", [])], "removed": Removed("tool", "total", None, "?"), "answer": None}
    found = summarised([row(0, "", "I cannot do that: there is no tool.", **removed)], Funnel(1, 1, {}, {}))
    assert found.figures["f1"].value is None and found.figures["declined"].value == 1.0
    assert [one.value for one in found.passes] == [1.0]


def test_without_any_score_there_are_no_figures() -> None:
    found = summarised([], Funnel(2, 0, {}, {"endpoint: down": 2}))
    assert (found.rollouts, found.no_score, found.passes) == (0, 2, []) and found.figures["f1"].value is None
