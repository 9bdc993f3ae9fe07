"""The oracle shows how an arena is done, by calls that are really made, and what it shows becomes training conversations."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from arena_rows import arena_of
from sample_environments import wallet
from small_environments import BANK, SHOP

from astra_data.messages import calls_of
from astra_data.pipeline.stage import Keep, Outcome, Reject
from astra_data.rollout.oracle import Oracle, rounds, told
from astra_data.rows import Arena
from astra_data.rows.arenas import Removed
from astra_data.rows.environments import EnvironmentTurn, Module
from astra_data.stages.demonstrations import STAGE
from astra_data.stages.sft import STAGE as SFT

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)
Expand = Callable[..., list[Outcome]]


def demonstrated(expand: Expand, *arenas: Arena, **config: Any) -> list[Outcome]:
    return expand(STAGE, {"arenas": list(arenas)}, isolation="best_effort", **config)


def test_gold_calls_are_made_in_order_over_all_turns_and_the_answer_is_said(expand: Expand) -> None:
    shop, bank, purse = arena_of(SHOP, answer=13), arena_of(BANK), arena_of(wallet(), language="de")
    kept = demonstrated(expand, shop, bank, purse)
    assert all(isinstance(one, Keep) for one in kept)
    rows = [one.row for one in kept if isinstance(one, Keep)]
    assert [row.reward for row in rows] == [1.0, 1.0, 1.0]
    said = [message["content"] for message in rows[0].messages if message["role"] == "assistant" and message["content"]]
    assert said == ["Done.", "Done.", "The answer is 13."] and rows[2].messages[-1]["content"] == "Erledigt."
    assert [call.name for call in calls_of(rows[0].messages)] == ["total", "total", "count"]
    assert [call.arguments["account"] for call in calls_of(rows[1].messages)] == ["X", "Y"]
    assert rows[0].arena.credits == ["a", "b", "c"] and rows[0].arena.answered and rows[1].arena.answered is None
    assert {call.backend for row in rows for call in row.calls} == {"sandbox"}


def test_calls_that_wait_for_one_another_are_never_made_at_once(expand: Expand) -> None:
    goals = SHOP.turns[2].goals
    assert [[goal.id for goal in turn] for turn in rounds(list(goals), 5, "")] == [["b"], ["c"]]
    free = [replace(goal, after=[]) for goal in goals]
    assert [[goal.id for goal in turn] for turn in rounds(free, 5, "")] == [["b", "c"]]
    assert [[goal.id for goal in turn] for turn in rounds(free, 1, "")] == [["b"], ["c"]]
    told = replace(free[1], arguments={"of": 13})
    assert [[goal.id for goal in turn] for turn in rounds([free[0], told], 5, "of B")] == [["b"], ["c"]]
    assert [[goal.id for goal in turn] for turn in rounds([free[0], told], 5, "of 13")] == [["b", "c"]]
    both = EnvironmentTurn("?", [*SHOP.turns[0].goals, goals[0]])
    (kept,) = demonstrated(expand, arena_of(SHOP, turns=[both]), calls_per_turn=2)
    assert isinstance(kept, Keep) and kept.row.usage.turns == 2 and kept.row.usage.calls == 2


def test_a_demonstration_that_is_not_worth_one_is_rejected(expand: Expand) -> None:
    wrong = arena_of(SHOP, modules=[Module("shop", SHOP.modules[0].source.replace('"B": 13', '"B": 14'))])
    broken = arena_of(SHOP, modules=[Module("shop", "raise RuntimeError('no')")])
    low, dead = demonstrated(expand, wrong, broken)
    assert isinstance(low, Reject) and low.reason.startswith("demonstration: not worth 1 - 0.") and low.row.arena.unsolved
    assert isinstance(dead, Reject) and dead.reason.startswith("arena: the tools do not load")


def test_a_split_is_taken_alone_and_goes_on_into_the_training_conversations(expand: Expand) -> None:
    arenas = [arena_of(SHOP, split="train"), arena_of(BANK, split="validation")]
    kept = demonstrated(expand, *arenas)
    rows = [one.row for one in kept if isinstance(one, Keep)]
    found = [one.row for one in expand(SFT, {"trajectories": rows}) if isinstance(one, Keep)]
    assert [(row.split, row.reward, row.tools) for row in found] == [
        ("train", 1.0, arenas[0].tools), ("validation", 1.0, arenas[1].tools)]
    (alone,) = demonstrated(expand, *arenas, split="validation")
    assert isinstance(alone, Keep) and alone.row.task_id == arenas[1].id


@pytest.mark.parametrize(("kind", "language", "said"), [
    ("tool", "en", "I cannot do that: there is no tool for it."),
    ("argument", "en", "Which order id do you mean?"),
    ("tool", "de", "Das kann ich nicht tun: es gibt kein Werkzeug daf\u00fcr."),
    ("argument", "de", "Welcher Wert ist gemeint: order id?"),
])
def test_where_something_is_missing_the_oracle_says_so(expand: Expand, kind: str, language: str, said: str) -> None:
    removed = Removed(kind, "total", "order_id" if kind == "argument" else None, "How much is A?")
    arena = arena_of(SHOP, language=language, turns=[EnvironmentTurn("How much is it?", [])], removed=removed)
    (kept,) = demonstrated(expand, arena)
    assert isinstance(kept, Keep) and kept.row.messages[-1]["content"] == said and kept.row.arena.declined


def test_answers_are_told_part_by_part() -> None:
    assert told([1, "two", {"three": 3.5}]) == "1, two, three: 3.5"
    assert Oracle(arena_of(SHOP), 3).sampling == {"calls_per_turn": 3}
