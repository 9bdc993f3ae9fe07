"""A policy's turns come back as our messages, whoever wrote them, and go out as every endpoint takes them."""

from typing import Any

import pytest
from scripted_endpoint import Fault, at

from astra_data.ledger import Unanswered
from astra_data.messages import MALFORMED, assistant, tool_call, tool_result, user

TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}]


def wire_call(arguments: Any, name: str = "add") -> dict[str, Any]:
    return {"id": "chatcmpl-xyz", "type": "function", "function": {"name": name, "arguments": arguments}}


def act(with_model: Any, reply: Any, messages: list[dict[str, Any]], faults: Any = (), **config: Any) -> Any:
    turns: list[Any] = []

    async def work(stand: Any) -> None:
        turns.append(await stand.policy.act(messages, TOOLS))

    endpoint = with_model(lambda request: reply, work, faults, **config)
    return turns[0], endpoint


def test_calls_get_objects_for_arguments_and_ids_of_the_conversation(with_model: Any) -> None:
    reply = {"content": None, "tool_calls": [wire_call('{"a": 1}'), wire_call("")]}
    before = [user("go"), assistant("", [tool_call("call_1", "add", {})]), tool_result("call_1", "add", "0")]
    turn, _ = act(with_model, reply, before)
    assert turn.message == assistant("", [tool_call("call_2", "add", {"a": 1}), tool_call("call_3", "add", {})])
    assert turn.finish == "tool_calls"
    assert turn.usage.output_tokens > 0


def test_new_ids_avoid_those_of_an_imported_conversation(with_model: Any) -> None:
    before = [user("go"), assistant("", [tool_call("call_2", "add", {})]), tool_result("call_2", "add", "0")]
    turn, _ = act(with_model, {"content": "", "tool_calls": [wire_call("{}")]}, before)
    assert turn.message["tool_calls"][0]["id"] == "call_3"


@pytest.mark.parametrize("written", ['{"a": ', "[1]", '"text"', "null", "not json"])
def test_arguments_that_are_no_object_are_kept_whole_and_sent_back_as_written(with_model: Any, written: str) -> None:
    turn, _ = act(with_model, {"content": "", "tool_calls": [wire_call(written)]}, [user("go")])
    arguments = turn.message["tool_calls"][0]["function"]["arguments"]
    assert arguments == {MALFORMED: written}
    later = [user("go"), turn.message, tool_result("call_1", "add", "error")]
    _, endpoint = act(with_model, "done", later)
    assert endpoint.requests[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == written


def test_messages_go_out_as_endpoints_take_them(with_model: Any) -> None:
    calls = [tool_call("call_1", "add", {"a": [1, {"b": "é"}]})]
    before = [user("go"), assistant("hm", calls, reasoning="thinking"), tool_result("call_1", "add", "1")]
    _, endpoint = act(with_model, "done", before)
    sent = endpoint.requests[0]
    assert sent["tools"] == TOOLS
    assert sent["messages"][1] == {
        "role": "assistant",
        "content": "hm",
        "tool_calls": [{**calls[0], "function": {"name": "add", "arguments": '{"a":[1,{"b":"é"}]}'}}],
    }
    assert sent["messages"][2] == {"role": "tool", "tool_call_id": "call_1", "content": "1"}
    assert before[1]["tool_calls"][0]["function"]["arguments"] == {"a": [1, {"b": "é"}]}


def test_reasoning_is_passed_back_where_the_config_says_so(with_model: Any) -> None:
    before = [user("go"), assistant("hm", reasoning="thinking"), user("and?")]
    _, endpoint = act(with_model, "done", before, pass_reasoning=True)
    assert endpoint.requests[0]["messages"][1]["reasoning_content"] == "thinking"


@pytest.mark.parametrize(
    "reply",
    [
        "<think>why\nnot</think>\n\nYes.",
        "why\nnot</think>Yes.",
        {"content": "Yes.", "reasoning_content": "why\nnot"},
        {"content": [{"type": "text", "text": "Yes."}], "reasoning": "why\nnot"},
    ],
)
def test_thoughts_become_reasoning_content(with_model: Any, reply: Any) -> None:
    turn, _ = act(with_model, reply, [user("go")])
    assert turn.message == assistant("Yes.", reasoning="why\nnot")


def test_an_empty_completion_is_returned_as_it_is(with_model: Any) -> None:
    turn, _ = act(with_model, {"content": None, "finish_reason": "length"}, [user("go")])
    assert turn.message == assistant("")
    assert turn.finish == "length"


def test_a_turn_replays_without_asking_until_something_differs(with_model: Any) -> None:
    first, _ = act(with_model, "one", [user("go")])
    again, endpoint = act(with_model, "two", [user("go")])
    assert again == first
    assert endpoint.requests == []
    other, _ = act(with_model, "two", [user("go!")])
    assert other.message["content"] == "two"


def test_a_turn_survives_a_passing_failure(with_model: Any) -> None:
    turn, endpoint = act(with_model, "one", [user("go")], [at(0, Fault.status(500, 0.01))])
    assert turn.message["content"] == "one"
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("finish", ["error", "abort", "network_error", "engine_overloaded", "Cancelled", "timeout"])
def test_a_generation_that_broke_off_is_asked_for_again_and_paid(with_model: Any, finish: str) -> None:
    said = iter([finish, finish, "stop"])
    broken = [{"content": f"It is {number}", "finish_reason": finish} for number, finish in enumerate(said)]
    turns: list[Any] = []

    async def work(stand: Any) -> None:
        turns.append(await stand.policy.act([user("go")], TOOLS))

    endpoint = with_model(lambda request: broken.pop(0) | {"usage": {"prompt_tokens": 10, "completion_tokens": 1}}, work)
    assert (turns[0].message["content"], turns[0].finish, len(endpoint.requests)) == ("It is 2", "stop", 3)
    assert (turns[0].usage.input_tokens, turns[0].usage.output_tokens) == (30, 3)


def test_one_that_breaks_off_each_time_is_no_answer(with_model: Any) -> None:
    with pytest.raises(Unanswered, match="endpoint: interrupted - finish reason abort"):
        act(with_model, {"content": "It is", "finish_reason": "abort"}, [user("go")])


def test_a_filtered_turn_is_told_as_such(with_model: Any) -> None:
    assert act(with_model, {"content": "It", "finish_reason": "content_filter"}, [user("go")])[0].finish == "content_filter"


@pytest.mark.parametrize("call", [None, "add", 7, {}, {"function": None}, {"function": "add"}, {"id": "x", "function": [1]}])
def test_what_is_no_call_is_a_malformed_one(with_model: Any, call: Any) -> None:
    turn, _ = act(with_model, {"content": "", "tool_calls": [call, wire_call("{}")]}, [user("go")])
    first, second = (one["function"] for one in turn.message["tool_calls"])
    assert (first["name"], list(first["arguments"]), second["name"]) == ("", [MALFORMED], "add")


@pytest.mark.parametrize("calls", [{}, "add", 7, {"name": "add"}])
def test_calls_that_are_no_list_are_none(with_model: Any, calls: Any) -> None:
    assert "tool_calls" not in act(with_model, {"content": "done", "tool_calls": calls}, [user("go")])[0].message


@pytest.mark.parametrize(
    "reply",
    [
        {"content": [{"type": "thinking", "thinking": "I add"}, {"type": "text", "text": "3"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "I add"}]}, {"type": "text", "text": "3"}]},
        {"content": "3", "reasoning_details": [{"type": "text", "text": "I "}, {"type": "text", "text": "add"}]},
        {"content": "3", "reasoning_details": [{"type": "reasoning.summary", "summary": "I add"}]},
        {"content": [{"type": "reasoning", "text": "I add"}, None, {"type": "text", "text": "3"}], "reasoning_content": None},
        {"content": "3", "reasoning": "I add", "reasoning_details": [{"type": "reasoning.text", "text": "I add"}]},
    ],
)
def test_thoughts_are_read_in_whatever_form_they_come(with_model: Any, reply: dict[str, Any]) -> None:
    message = act(with_model, reply, [user("go")])[0].message
    assert (message["content"], message["reasoning_content"]) == ("3", "I add")
