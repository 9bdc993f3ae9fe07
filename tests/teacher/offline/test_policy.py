"""The scripted policy makes the calls that the request states, in order, and reports what came back."""

import asyncio
import json
from typing import Any

from scripted import NUMBER, TEXT, card, offered, schema

from astra_data.messages import JsonObject, Message, assistant, calls_of, tool_result, user
from astra_data.teacher.offline.policy import OfflinePolicy, summary

OPEN = card("open_ticket", "Opens a ticket.", schema({"subject": TEXT}))
SHOW = card("show_ticket", "Shows a ticket.", schema({"ticket_id": TEXT}))
CONVERT = card("convert", "Converts a length.", schema({"value": NUMBER}))
TOOLS = offered(OPEN, SHOW, CONVERT)
CHAIN = 'First, open a ticket with subject "Rain". Then, show a ticket with ticket id from the earlier result.'


def played(text: str, results: list[Any], tools: list[JsonObject] = TOOLS) -> list[Message]:
    """The conversation when the tools answer with these results."""
    messages: list[Message] = [{"role": "system", "content": "s"}, user(text)]
    left = list(results)
    while True:
        turn = asyncio.run(OfflinePolicy().act(messages, tools)).message
        messages.append(turn)
        if not turn.get("tool_calls"):
            return messages
        for call in calls_of([turn]):
            result = left.pop(0)
            messages.append(tool_result(call.id, call.name, result if isinstance(result, str) else json.dumps(result)))


def made(messages: list[Message]) -> list[tuple[str, JsonObject]]:
    return [(call.name, call.arguments) for call in calls_of(messages)]


def test_calls_are_made_one_at_a_time_in_the_order_of_the_request() -> None:
    messages = played("First, convert a length with value 3. Then, convert a length with value 2.", ["30 cm", "20 cm"])
    assert made(messages) == [("convert", {"value": 3}), ("convert", {"value": 2})]
    assert [len(message.get("tool_calls") or ()) for message in messages if message["role"] == "assistant"] == [1, 1, 0]
    assert [call.id for call in calls_of(messages)] == ["call_0", "call_1"]
    assert messages[-1]["content"] == "Convert a length: 30 cm\nConvert a length: 20 cm"


def test_a_value_is_taken_from_the_earlier_result() -> None:
    messages = played(CHAIN, [{"ticket": {"ticket_id": "T-9"}}, {"state": "open"}])
    assert made(messages) == [("open_ticket", {"subject": "Rain"}), ("show_ticket", {"ticket_id": "T-9"})]
    assert messages[-1]["content"] == "Open a ticket: ticket ticket id T-9\nShow a ticket: state open"


def test_of_several_earlier_results_the_last_one_gives_the_value() -> None:
    text = CHAIN.replace("Then", 'Then, open a ticket with subject "Wind". Then')
    messages = played(text, [{"ticket_id": "T-1"}, {"ticket_id": "T-2"}, {"state": "open"}])
    assert made(messages)[2] == ("show_ticket", {"ticket_id": "T-2"})


def test_an_altered_result_changes_what_follows() -> None:
    one = played(CHAIN, [{"ticket_id": "T-1"}, {"state": "open"}])
    other = played(CHAIN, [{"ticket_id": "T-2"}, {"state": "closed"}])
    assert made(one)[1] != made(other)[1]
    assert "closed" in other[-1]["content"] and "closed" not in one[-1]["content"]


def test_what_cannot_go_on_is_reported_as_not_done() -> None:
    messages = played(CHAIN, ["no identifier here"])
    assert made(messages) == [("open_ticket", {"subject": "Rain"})]
    assert messages[-1]["content"].endswith("Show a ticket: not done, because something it needs was not found.")


def test_a_step_without_a_tool_is_left_out_and_said() -> None:
    messages = played(CHAIN, [{"ticket_id": "T-1"}], tools=offered(OPEN))
    assert made(messages) == [("open_ticket", {"subject": "Rain"})]
    assert messages[-1]["content"].endswith("I have no tool for this, so it is not done.")


def test_a_failed_call_is_reported_and_not_tried_again() -> None:
    messages = played('Open a ticket with subject "Rain".', ["Error: the desk is closed"])
    assert len(made(messages)) == 1
    assert messages[-1]["content"] == "Open a ticket: Error: the desk is closed"


def test_only_the_last_request_is_followed() -> None:
    before = played('Open a ticket with subject "Rain".', ["done"])
    turn = asyncio.run(OfflinePolicy().act([*before, user("Convert a length with value 4.")], TOOLS)).message
    assert [(call.id, call.name) for call in calls_of([turn])] == [("call_1", "convert")]


def test_a_request_that_says_nothing_is_answered_and_calls_nothing() -> None:
    messages = played("Hello there", [])
    assert messages[-1] == assistant("Hello there: I have no tool for this, so it is not done.")


def test_results_become_prose() -> None:
    assert summary('{"a_b": 1, "c": {"d": true}, "e": [1, 2]}') == "a b 1, c d true, e [1, 2]"
    assert summary('[{"a": 1}, "x"]') == '2 in all; {"a": 1}; x'
    assert summary("line\n  line") == "line line"
    assert summary(json.dumps(list(range(50)))).startswith("50 in all; 0; 1; ")
    assert len(summary("word " * 1000)) < 610
    assert summary("{}") == "{}"
    assert summary("") == ""
