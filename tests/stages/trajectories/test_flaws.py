"""Each operator spoils a row in its own way and leaves it a row; the checks find what was spoiled and accuse nobody else."""

import copy
import random
from typing import Any

import pytest
from scripted import NUMBER, TEXT, calls, card, offered, says, schema

from astra_data.messages import Message, calls_of, tool_result, user
from astra_data.rows import Trajectory, new_row, to_dict
from astra_data.rows.checks import check
from astra_data.rows.trajectories import CallRecord, Usage
from benchmarks.flaws import found, table
from benchmarks.mutations import OPERATORS

TOOLS = offered(
    card("search_books", "Searches books.", schema({"title": TEXT})),
    card("get_stock", "How many are left.", schema({"isbn": TEXT})),
    card("convert_money", "Converts an amount.", schema({"amount": NUMBER, "to": TEXT})),
    card("write_note", "Keeps a note.", schema({"path": TEXT, "text": TEXT})),
    card("list_branches", "Lists the branches.", schema()),
)
Steps = list[tuple[tuple[str, dict[str, Any]], str]]
NORTH = (("search_books", {"title": "North"}), '{"isbn": "978-3-16-148410-0", "price": 18.9}')
STOCK = (("get_stock", {"isbn": "978-3-16-148410-0"}), '{"left": 214}')
MONEY = (("convert_money", {"amount": 18.9, "to": "USD"}), '{"amount": 20.41}')
NOTE = (("write_note", {"path": "books/north.txt", "text": "214 left"}), "Wrote 8 characters to books/north.txt")
CONVERSATIONS: list[tuple[str, Steps, str]] = [
    ("Find the book North and tell me how many are left.", [NORTH, STOCK],
     "The book North has the number 978-3-16-148410-0.\nThere are 214 of them left."),
    ("Find the book North and say what it costs in dollars.", [NORTH, MONEY],
     "The book North costs 18.90.\nIn dollars that is 20.41."),
    ("Find North, and keep a note in books/north.txt of how many are left.", [NORTH, STOCK, NOTE],
     "North costs 18.9.\nThere are 214 left.\nThe note is in books/north.txt."),
]  # fmt: skip


def row(asked: str, steps: Steps, answer: str) -> dict[str, Any]:
    messages: list[Message] = [{"role": "system", "content": "Help."}, user(asked)]
    for number, (call, result) in enumerate(steps):
        messages += [calls(call, start=number), tool_result(f"call_{number}", call[0], result)]
    made: Trajectory = new_row(
        Trajectory, task_id=asked[:12], server="books", policy="p", sampling={}, sample=0, tools=TOOLS,
        messages=[*messages, says(answer)], terminal="answered", flaws=[], scores=[], reward=None, usage=Usage(1, 1, 0, 0),
        calls=[CallRecord(call.id, call.name, True, False, "live") for call in calls_of(messages)], models={},
    )  # fmt: skip
    return to_dict(made)


ROWS = [row(*conversation) for conversation in CONVERSATIONS]
REFERENCE = {one["task_id"]: [record["tool"] for record in one["calls"]] for one in ROWS}


def test_sound_rows_are_accused_of_nothing() -> None:
    assert [found(one, REFERENCE[one["task_id"]]) for one in ROWS] == [[]] * len(ROWS)


@pytest.mark.parametrize("name", OPERATORS)
def test_a_spoiled_row_is_another_valid_row_and_the_sound_one_is_left_as_it_was(name: str) -> None:
    for one in ROWS:
        before = copy.deepcopy(one)
        spoiled = OPERATORS[name](one, random.Random(name))
        assert spoiled == OPERATORS[name](before, random.Random(name)), "the same for the same seed"
        assert spoiled is not None and spoiled != before and one == before
        check(Trajectory, spoiled, file="spoiled")
        made = list(calls_of(spoiled["messages"]))
        assert [(call.id, call.name) for call in made] == [(record["id"], record["tool"]) for record in spoiled["calls"]]
        assert [call.id for call in made] == [m["tool_call_id"] for m in spoiled["messages"] if m["role"] == "tool"]


CHANGED = {
    "fabricated_argument": ("messages",),
    "ignored_tool_error": ("messages", "calls"),
    "redundant_call": ("messages", "calls"),
    "ungrounded_answer": ("messages",),
    "invented_url": ("messages",),
    "wrong_language": ("messages",),
    "unfinished": ("messages", "calls"),
    "unknown_tool": ("messages", "calls"),
    "repeated_call": ("messages", "calls"),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_touches_only_what_its_flaw_is(name: str) -> None:
    one = ROWS[2]
    spoiled = OPERATORS[name](one, random.Random(1))
    assert spoiled is not None
    assert tuple(key for key in one if spoiled[key] != one[key]) == CHANGED[name]
    answered = spoiled["messages"][-1] == one["messages"][-1]
    assert answered == (name not in ("ungrounded_answer", "invented_url", "wrong_language", "unfinished"))
    more = len(spoiled["calls"]) - len(one["calls"])
    assert more == {"redundant_call": 1, "repeated_call": 1, "unfinished": -1}.get(name, 0)


def test_an_operator_that_does_not_apply_says_so() -> None:
    bare = row("Good morning!", [], "Good morning.")
    applied = {name for name, operator in OPERATORS.items() if operator(bare, random.Random(0)) is not None}
    assert applied == {"redundant_call", "invented_url", "wrong_language"}


def test_most_flaws_are_found_and_every_check_finds_its_own() -> None:
    outcome = table(ROWS, REFERENCE)
    made = sum(counts.total() for counts in outcome.values())
    missed = sum(counts["nothing"] for counts in outcome.values())
    assert outcome.keys() == OPERATORS.keys() and all(outcome.values())
    assert (made - missed) / made >= 0.85
    own = {"ignored_tool_error": "ignored_error", "unknown_tool": "invalid_call"}
    assert [name for name, counts in outcome.items() if not counts[own.get(name, name)]] == []
