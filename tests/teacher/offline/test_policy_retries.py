"""The scripted policy makes a call again that failed in passing, and finds what a user told it before."""

import asyncio
import json
from typing import Any

import pytest
from scripted import NUMBER, TEXT, card, offered, schema

from astra_data.messages import Message, calls_of, tool_result, user
from astra_data.rollout.failures import SAYS
from astra_data.teacher.asks import Conversation
from astra_data.teacher.offline import judges
from astra_data.teacher.offline.policy import OfflinePolicy

OPEN = card("open_ticket", "Opens a ticket.", schema({"subject": TEXT}))
SHOW = card("show_ticket", "Shows a ticket.", schema({"ticket_id": TEXT}))
CONVERT = card("convert", "Converts a length.", schema({"value": NUMBER}))
TOOLS = offered(OPEN, SHOW, CONVERT)
TEXTS = [text for texts in SAYS.values() for text in texts]
BUSY = "Error: HTTP 503 Service Unavailable"


def play(messages: list[Message], results: list[Any]) -> list[Message]:
    """Go on until the policy answers; the calls have these results."""
    left = list(results)
    while True:
        turn = asyncio.run(OfflinePolicy().act(messages, TOOLS)).message
        messages = [*messages, turn]
        if not turn.get("tool_calls"):
            assert left == []
            return messages
        for call in calls_of([turn]):
            result = left.pop(0)
            messages.append(tool_result(call.id, call.name, result if isinstance(result, str) else json.dumps(result)))


def judged(messages: list[Message], reference: list[str], failed: list[str]) -> Conversation:
    return Conversation(tools=TOOLS, messages=messages, reference=reference, failed=failed)


@pytest.mark.parametrize("failure", TEXTS)
def test_every_kind_of_failure_made_on_purpose_is_tried_again(failure: str) -> None:
    messages = play([user("Convert a length with value 3.")], [failure, failure, {"cm": 30}])
    assert len(list(calls_of(messages))) == 3
    assert messages[-1]["content"] == "Convert a length: cm 30"


def test_a_third_failure_is_reported_and_the_next_step_taken() -> None:
    text = "First, convert a length with value 3. Then, convert a length with value 4."
    messages = play([user(text)], [BUSY, BUSY, BUSY, {"cm": 40}])
    assert [call.arguments["value"] for call in calls_of(messages)] == [3, 3, 3, 4]
    assert messages[-1]["content"] == f"Convert a length: {BUSY}\nConvert a length: cm 40"


@pytest.mark.parametrize("result", ["Error: no such unit", "It is 503 metres long", "{'cm': 30}", '{"html": "<html>"}', ""])
def test_any_other_result_is_taken_as_it_is(result: str) -> None:
    assert len(list(calls_of(play([user("Convert a length with value 3.")], [result])))) == 1


def test_a_later_message_may_need_a_result_of_an_earlier_one() -> None:
    first = play([user('Open a ticket with subject "Rain".')], [{"ticket_id": "T1"}])
    messages = play([*first, user("Show a ticket with ticket id from the earlier result.")], [{"state": "open"}])
    assert [call.arguments for call in calls_of(messages)] == [{"subject": "Rain"}, {"ticket_id": "T1"}]
    good = judges.answer(judged(messages, ["open_ticket", "show_ticket"], []), 0)
    assert (good.correctness, good.summary) == (1, 1), "each result was told when it came"


def test_a_failure_that_a_retry_mended_needs_no_report() -> None:
    messages = play([user("Convert a length with value 3.")], [BUSY, {"cm": 30}])
    seen = judged(messages, ["convert"], ["call_0"])
    assert judges.answer(seen, 0).correctness == 1
    assert [call.necessary for call in judges.necessity(seen, 0).calls] == [1, 1]
