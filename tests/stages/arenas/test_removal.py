"""What was taken out of an arena leaves no way to do what the user wants, and the row says so."""

from dataclasses import replace
from typing import Any

import pytest
from arena_rows import arena_of
from pydantic import ValidationError
from small_environments import BANK, SHOP

from astra_data.messages import user
from astra_data.rows import Arena, identity, to_dict
from astra_data.rows.environments import EnvironmentTurn, Goal, Match
from astra_data.stages.arenas.config import Removing
from astra_data.stages.arenas.removal import lacking

TOOL, ARGUMENT = Removing(tool=1.0), Removing(argument=1.0)


def goal(name: str, tool: str, response: Any, *after: str, **arguments: Any) -> Goal:
    return Goal(name, tool, arguments, {"result": response}, response, Match("json", "result"), list(after))


def arena(text: str, *goals: Goal) -> Arena:
    prompt = [{"role": "system", "content": "Be brief."}, user(text)]
    return arena_of(SHOP, turns=[EnvironmentTurn(text, list(goals))], prompt=prompt, answer=goals[-1].answer)


CHAIN = (goal("1", "total", "CUS-9", order="O-17"), goal("2", "say", 80, text="CUS-9"), goal("3", "spin", 160, seconds=80))


def test_a_tool_that_the_whole_task_hangs_on_is_gone_with_goals_and_answer() -> None:
    whole = arena("What is twice the age of who ordered O-17?", *CHAIN)
    taken = {lacking(whole, TOOL, seed).removed.tool for seed in range(20)}  # type: ignore[union-attr]
    assert taken == {"total", "say"}
    without = lacking(whole, TOOL, 7)
    assert without.removed is not None and without.removed.kind == "tool" and without.removed.argument is None
    names = [tool["function"]["name"] for tool in without.tools]
    assert without.removed.tool not in names and names == [entry.name for entry in without.entries]
    assert len(names) == len(whole.tools) - 1 == without.difficulty.tools
    assert (without.turns, without.answer, without.difficulty.goals) == ([EnvironmentTurn(whole.turns[0].user, [])], None, 0)
    assert without.prompt == whole.prompt and without.id == identity(Arena, to_dict(without)) != whole.id


def test_a_value_that_the_user_says_once_is_left_out() -> None:
    whole = arena("What is twice the age of who made the order O-17?", *CHAIN)
    without = lacking(whole, ARGUMENT, 7)
    assert without.removed is not None
    assert (without.removed.kind, without.removed.tool, without.removed.argument) == ("argument", "total", "order")
    assert without.removed.text == whole.turns[0].user and without.tools == whole.tools
    assert without.prompt == [whole.prompt[0], user("What is twice the age of who made the order?")]
    assert without.turns[0].user == without.prompt[-1]["content"]


@pytest.mark.parametrize(
    ("text", "goals", "shares"),
    [
        ("the order O-17, I mean O-17", CHAIN, ARGUMENT),
        ("the order (O-17)", CHAIN, ARGUMENT),
        ("the order O-171", CHAIN, ARGUMENT),
        ("orders with status open", (goal("1", "total", 3, order="open"),), ARGUMENT),
        ("the shops 17", (goal("1", "total", 3, order="17"),), ARGUMENT),
        ("orders O-1 and O-2", (goal("1", "total", 3, order="O-1"), goal("2", "say", 4, text="O-2")), ARGUMENT),
        ("orders O-1 and O-2", (goal("1", "total", 3, order="O-1"), goal("2", "say", 4, text="O-2")), TOOL),
        ("twice 80", (goal("1", "spin", 160, seconds=80),), TOOL),
    ],
)
def test_what_leaves_something_to_do_or_to_guess_stays(text: str, goals: tuple[Goal, ...], shares: Removing) -> None:
    whole = arena(text, *goals)
    assert all(lacking(whole, shares, seed) is whole for seed in range(5))


def test_a_value_that_the_tools_tell_stays() -> None:
    whole = arena("the order O-17", CHAIN[0])
    tools = [replace_description(whole.tools[0], "Such as O-17."), *whole.tools[1:]]
    assert lacking(whole, ARGUMENT, 7).removed and lacking(replace(whole, tools=tools), ARGUMENT, 7).removed is None


def replace_description(tool: Any, text: str) -> Any:
    return {**tool, "function": {**tool["function"], "description": text}}


def test_shares_are_kept_and_are_zero_unless_asked_for() -> None:
    whole = arena("the order O-17", *CHAIN)
    many = [replace(whole, environment_id=f"{number:016}") for number in range(400)]
    taken = [lacking(each, Removing(tool=0.2, argument=0.3), 7).removed for each in many]
    kinds = [None if one is None else one.kind for one in taken]
    assert 55 <= kinds.count("tool") <= 105 and 90 <= kinds.count("argument") <= 150
    assert all(lacking(each, Removing(), 7) is each for each in many[:9])
    assert lacking(arena_of(SHOP), TOOL, 7).removed is None and lacking(arena_of(BANK), TOOL, 7).removed is not None
    with pytest.raises(ValidationError, match="more than 1 together"):
        Removing(tool=0.6, argument=0.6)
