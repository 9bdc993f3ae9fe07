"""A rollout ends for one of five reasons, and nothing reaches a tool that its schema does not allow."""

import asyncio
from typing import Any

import pytest
from scripted import NUMBER, TEXT, ScriptedPolicy, ScriptedToolbox, calls, card, down, offered, says, schema

from astra_data.ledger import Unanswered, Usage
from astra_data.messages import MALFORMED, Message, assistant, user
from astra_data.rollout.loop import Rollout, rollout
from astra_data.rows.trajectories import CallRecord
from astra_data.rows.trajectories import Usage as RowUsage
from astra_data.teacher.teacher import Turn
from astra_data.tools.result import ToolResult

ADD = card("add", "Adds.", schema({"a": NUMBER, "b": NUMBER}))
SAY = card("say", "Says.", schema({"text": TEXT}))
OPENING: list[Message] = [{"role": "system", "content": "Help."}, user("1 + 2?")]


def toolbox() -> ScriptedToolbox:
    return ScriptedToolbox(add=lambda a, b: a + b, say=lambda text: ToolResult(text, is_error=True, injected=True))


def run(*turns: Any, tools: ScriptedToolbox | None = None, max_turns: int = 5) -> Rollout:
    wanted = rollout(ScriptedPolicy(*turns), tools or toolbox(), OPENING, offered(ADD, SAY), max_turns=max_turns)
    return asyncio.run(wanted)


def test_an_answer_ends_it() -> None:
    done = run(calls(("add", {"a": 1, "b": 2})), says("3"))
    assert (done.terminal, done.failure, [message["role"] for message in done.messages]) == (
        "answered",
        "",
        ["system", "user", "assistant", "tool", "assistant"],
    )
    assert done.messages[3] == {"role": "tool", "tool_call_id": "call_0", "name": "add", "content": "3"}
    assert done.calls == [CallRecord("call_0", "add", True, False, "live")]
    assert done.usage == RowUsage(turns=2, calls=1, input_tokens=6, output_tokens=4)
    assert [{"role": "system", "content": "Help."}, user("1 + 2?")] == OPENING, "the opening is left as it was"


@pytest.mark.parametrize(
    ("last", "terminal"),
    [
        (says(""), "empty_answer"),
        (assistant("", reasoning="I wonder"), "empty_answer"),
        (Turn(says("The sum is"), Usage(), finish="length"), "cut_off"),
        (Turn(says(""), Usage(), finish="length"), "empty_answer"),
        (Turn(says("3"), Usage(), finish="stop"), "answered"),
        (Turn(says("I am sor"), Usage(), finish="content_filter"), "cut_off"),
        (Turn(says(""), Usage(), finish="content_filter"), "cut_off"),
        (Turn(says("I am sor"), Usage(), finish="SAFETY"), "cut_off"),
        (Turn(says("The sum is"), Usage(), finish="model_length"), "cut_off"),
        (Turn(says("3"), Usage(), finish="end_turn"), "answered"),
        (Turn(says(""), Usage(), finish="tool_calls"), "empty_answer"),
        (says('<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}}</tool_call>'), "calls_as_text"),
        (says("[add(a=1, b=2)]"), "calls_as_text"),
        (says("Action: add\nAction Input: {}"), "calls_as_text"),
        (says('Another tool would be {"name": "subtract", "arguments": {}}'), "answered"),
    ],
)
def test_how_the_last_turn_ends_it(last: Any, terminal: str) -> None:
    assert run(last).terminal == terminal


@pytest.mark.parametrize("finish", ["length", "content_filter", "max_tokens", "model_context_window_exceeded"])
def test_calls_of_a_turn_that_was_cut_are_not_made(finish: str) -> None:
    tools = toolbox()
    done = run(Turn(calls(("add", {"a": 1, "b": 2})), Usage(), finish=finish), says("3"), tools=tools)
    assert (done.terminal, done.turns, done.calls, tools.reached) == ("cut_off", 1, [], [])


def test_too_many_turns_end_it_after_the_last_result() -> None:
    turn = calls(("add", {"a": 1, "b": 2}))
    done = run(turn, turn, turn, max_turns=2)
    assert (done.terminal, done.turns, done.messages[-1]["role"]) == ("turn_limit", 2, "tool")


def test_a_lost_backend_ends_it_and_says_why() -> None:
    tools = ScriptedToolbox(add=lambda a, b: down(), say=lambda text: text)
    done = run(calls(("say", {"text": "x"}), ("add", {"a": 1, "b": 2}), ("say", {"text": "y"})), says("never"), tools=tools)
    assert (done.terminal, done.failure, done.turns) == ("tool_backend_down", "tool backend: died", 1)
    assert [record.tool for record in done.calls] == ["say"]
    assert [name for name, _ in tools.reached] == ["say", "add"]


def test_a_policy_without_an_answer_is_not_a_rollout() -> None:
    with pytest.raises(Unanswered, match="endpoint: 500"):
        run(Unanswered("endpoint: 500"))


def test_parallel_calls_are_made_and_answered_in_order() -> None:
    tools, wanted = toolbox(), [("add", {"a": number, "b": 0}) for number in (3, 1, 2)]
    done = run(calls(*wanted), says("done"), tools=tools)
    assert tools.reached == wanted
    assert [message["content"] for message in done.messages if message["role"] == "tool"] == ["3", "1", "2"]
    assert [record.id for record in done.calls] == ["call_0", "call_1", "call_2"]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("subtract", {"a": 1, "b": 2}, "Error: there is no tool 'subtract'; the tools are: add, say"),
        ("", {}, "Error: there is no tool ''; the tools are: add, say"),
        ("add", {MALFORMED: '{"a": 1'}, 'Error: the arguments are not a JSON object: {"a": 1'),
        ("add", {"a": "1", "b": 2}, 'Error: arguments.a: "1" is not of type "number"'),
        ("add", {"a": 1}, 'Error: arguments: "b" is a required property'),
    ],
)
def test_a_call_that_no_tool_may_see_is_an_error_that_the_policy_sees(name: str, arguments: dict[str, Any], said: str) -> None:
    tools, policy = toolbox(), ScriptedPolicy(calls((name, arguments), ("add", {"a": 1, "b": 1})), says("2"))
    done = asyncio.run(rollout(policy, tools, OPENING, offered(ADD, SAY), max_turns=3))
    assert tools.reached == [("add", {"a": 1, "b": 1})]
    assert policy.saw[1][3]["content"] == said
    assert done.calls[0] == CallRecord("call_0", name, False, False, "none")
    assert (done.calls[1].ok, done.terminal) == (True, "answered")


def test_a_failure_of_the_tool_is_a_result_and_marked() -> None:
    done = run(calls(("say", {"text": "out of paper"})), says("It failed."))
    assert done.calls == [CallRecord("call_0", "say", False, True, "live")]
    assert done.messages[3]["content"] == "out of paper"
