"""A call reaches a goal by typed comparison and by nothing less."""

from typing import Any

import pytest

from astra_data.messages import MALFORMED, assistant, tool_call, tool_result, user
from astra_data.rollout.goals import MISSING, Made, calls_made, number_of, parsed, part, reaches, stands_in
from astra_data.rows.environments import Goal, Match

PARAMETERS = {"type": "object", "properties": {"order": {"type": "string"}, "unit": {"type": "string", "default": "EUR"}}}


def goal(answer: Any, kind: str, *, path: str | None = None, tolerance: float | None = None) -> Goal:
    return Goal("g", "look", {"order": "A"}, {"total": 3}, answer, Match(kind, path, tolerance), [])


def reached(answer: Any, kind: str, response: Any, **match: Any) -> bool:
    return reaches(goal(answer, kind, **match), Made("look", {"order": "A"}, response), PARAMETERS)


@pytest.mark.parametrize(
    ("wanted", "text", "there"),
    [
        ("3", "3", True),
        ("3", "there are 3 of them.", True),
        ("3", "13", False),
        ("3", "31", False),
        ("3", "-3", False),
        ("3", "\u22123", False),
        ("-3", "\u22123", True),
        ("-3", "5-3", False),
        ("3", "3.5", False),
        ("3", "2,3", False),
        ("3", "3,000", False),
        ("3", "1/3", False),
        ("3", "at 3:15", False),
        ("2024", "2024-03-01", False),
        ("3", "3%", True),
        ("3", "3kg", False),
        ("3.5", "it is 3.5.", True),
        ("3", "\uff13", True),
        ("3", "\uff11\uff13", False),
        ("\uff13", "3", True),
        ("Oslo", "it is in OSLO, Norway", True),
        ("Oslo", "Oslofjord", False),
        ("New York", "new \n  york", True),
        ("caf\u00e9", "CAFE\u0301", True),
        ("C++", "written in C++.", True),
        ("\u4e0a\u6d77", "\u57ce\u5e02\uff1a\u4e0a\u6d77\u3002", True),
        ("\u4e0a\u6d77", "\u4e0a\u6d77 2 \u5929", True),
        ("\u4eac\u90fd", "\u6771\u4eac\u90fd", False),
        ("3", "\u51713\u4e2a", True),
        ("3", "\u517113\u4e2a", False),
        ("\u4e09", "\u5341\u4e09", False),
        ("a.c", "abc", False),
        ("", "anything", False),
    ],
)
def test_a_text_stands_in_another_as_whole_tokens(wanted: str, text: str, there: bool) -> None:
    assert stands_in(wanted, text) is there


@pytest.mark.parametrize(
    ("answer", "kind", "response", "match", "there"),
    [
        (3, "number", 3.0, {}, True),
        (3, "number", "3", {}, True),
        (3, "number", "13", {}, False),
        (3, "number", True, {}, False),
        (93.5, "number", 93.51, {"tolerance": 0.01}, True),
        (93.5, "number", 93.511, {"tolerance": 0.01}, False),
        (2**53, "number", 2**53 + 1, {}, False),
        (1, "number", 10**400, {}, False),
        (1, "number", "1e999999999", {}, False),
        (3, "exact", 3.0, {}, False),
        (3, "json", 3.0, {}, True),
        (1, "json", True, {}, False),
        (True, "exact", True, {}, True),
        (None, "exact", None, {}, True),
        ({"a": [1], "b": 2}, "json", {"b": 2, "a": [1.0]}, {}, True),
        ([1, 2], "json", [2, 1], {}, False),
        ([1, 2], "set", [2, 1], {}, True),
        ([1, 1], "set", [1], {}, False),
        ([1, 1, 2], "set", [1, 2, 2], {}, False),
        (3, "number", {"total": [0, 3]}, {"path": "total.1"}, True),
        (3, "number", {"total": [0, 3]}, {"path": "total.2"}, False),
        (None, "exact", {}, {"path": "total"}, False),
        ("3", "text", {"total": 13}, {"path": "total"}, False),
        ("Oslo", "text", {"city": "Oslo"}, {}, True),
    ],
)
def test_typed_matches(answer: Any, kind: str, response: Any, match: dict[str, Any], there: bool) -> None:
    assert reached(answer, kind, response, **match) is there


def test_another_tool_or_a_malformed_call_reaches_nothing() -> None:
    wanted = goal(3, "number", path="total")
    assert reaches(wanted, Made("look", {}, {"total": 3}))
    assert not reaches(wanted, Made("look_too", {}, {"total": 3}))
    assert not reaches(wanted, Made("look", None, {"total": 3}))


def test_a_call_is_the_same_with_a_stated_default_and_without() -> None:
    wanted = goal(None, "call")
    for arguments, there in (
        ({"order": "A"}, True), ({"order": "A", "unit": "EUR"}, True), ({"order": "A", "unit": "USD"}, False),
    ):
        assert reaches(wanted, Made("look", arguments, {"total": 3}), PARAMETERS) is there
    assert not reaches(wanted, Made("look", {"order": "A"}, {"total": 4}), PARAMETERS)
    assert not reaches(wanted, Made("look", {"order": "A", "unit": "EUR"}, {"total": 3}))


def test_a_state_must_come_about_by_the_call_and_by_whichever_tool() -> None:
    wanted = goal({"orders": {"A": {"status": "paid"}}}, "state")
    open_, paid = ({"orders": {"A": {"status": status, "sum": 3}, "B": {}}, "log": []} for status in ("open", "paid"))
    assert reaches(wanted, Made("other", {}, None, 0, paid, open_))
    assert not reaches(wanted, Made("look", {}, None, 0, paid, paid))
    assert not reaches(wanted, Made("look", {}, None, 0, open_, open_))
    assert not reaches(wanted, Made("look", {}, None))


def test_an_unknown_kind_is_an_error_and_no_verdict() -> None:
    with pytest.raises(ValueError, match="unknown kind of match: substring"):
        reached(3, "substring", "13")


def test_results_are_read_as_json_where_they_are() -> None:
    values = ["3", '"3"', "three", "NaN", "[1", None, "[" * 5000]
    assert [parsed(value) for value in values] == [3, "3", "three", "NaN", "[1", None, "[" * 5000]
    assert part({"a": [1]}, "a.-1") is MISSING
    assert number_of(float("inf")) is None


def test_every_call_of_a_conversation_is_counted_with_its_turn() -> None:
    messages = [
        {"role": "system", "content": ""},
        user("first"),
        assistant("", [tool_call("1", "look", {"order": "A"}), tool_call("2", "no_such_tool", {})]),
        tool_result("1", "look", '{"total": 3}'),
        tool_result("2", "no_such_tool", "Error: there is no tool"),
        user("second"),
        assistant("", [tool_call("3", "look", {MALFORMED: "{"})]),
    ]
    assert calls_made(messages) == [
        Made("look", {"order": "A"}, {"total": 3}, 0),
        Made("no_such_tool", {}, "Error: there is no tool", 0),
        Made("look", None, None, 1),
    ]
