"""A policy that makes nothing but calls that no tool may see is stopped."""

import asyncio
from typing import Any

from scripted import NUMBER, ScriptedPolicy, ScriptedToolbox, calls, card, offered, says, schema

from astra_data.messages import user
from astra_data.rollout.loop import Rollout, rollout

ADD = card("add", "Adds.", schema({"a": NUMBER}))
BAD, GOOD = ("ad", {"a": 1}), ("add", {"a": 1})


def run(*turns: Any, **limits: int) -> Rollout:
    tools = ScriptedToolbox(add=lambda a: a)
    return asyncio.run(rollout(ScriptedPolicy(*turns), tools, [user("Add.")], offered(ADD), max_turns=9, **limits))


def test_three_invalid_calls_in_a_row_end_it() -> None:
    done = run(calls(BAD), calls(("add", {})), calls(("add", {"a": "1"})), says("never"))
    assert (done.terminal, done.turns, len(done.calls)) == ("invalid_calls", 3, 3)
    assert done.messages[-1]["role"] == "tool", "the last call has its error, too"


def test_a_valid_call_between_starts_the_count_again() -> None:
    done = run(calls(BAD), calls(BAD), calls(GOOD), calls(BAD), calls(BAD), says("I give up."))
    assert done.terminal == "answered"


def test_every_call_of_the_last_turn_has_its_result() -> None:
    done = run(calls(BAD, BAD, BAD, BAD))
    assert (done.terminal, len(done.calls), len(done.messages)) == ("invalid_calls", 4, 6)


def test_a_turn_that_ends_well_goes_on() -> None:
    assert run(calls(BAD, BAD, BAD, GOOD), says("1")).terminal == "answered"


def test_the_limit_can_be_chosen() -> None:
    assert run(calls(BAD), says("never"), max_invalid=1).terminal == "invalid_calls"
    assert run(*[calls(BAD)] * 4, says("1"), max_invalid=5).terminal == "answered"
