"""The one message shape, TRL's, and the small readings of it that everything shares.

A message is a plain dict: `role`, `content`; on assistant turns optionally `reasoning_content` and
`tool_calls: [{id, type: "function", function: {name, arguments: object}}]`; on tool turns `tool_call_id` and `name`.
Arguments that a model did not write as a JSON object are kept whole under the single key `MALFORMED`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
JsonObject = dict[str, Any]

MALFORMED = "__malformed__"


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call as an assistant message holds it. `message` is the index of that message."""

    id: str
    name: str
    arguments: JsonObject
    message: int

    @property
    def malformed(self) -> bool:
        return MALFORMED in self.arguments


def user(content: str) -> Message:
    return {"role": "user", "content": content}


def assistant(content: str, calls: list[JsonObject] | None = None, reasoning: str | None = None) -> Message:
    """An assistant message; `calls` are wire tool calls, as `tool_call` makes them."""
    message: Message = {"role": "assistant", "content": content}
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = calls
    return message


def tool_call(call_id: str, name: str, arguments: JsonObject) -> JsonObject:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tool_result(call_id: str, name: str, content: str) -> Message:
    return {"role": "tool", "tool_call_id": call_id, "name": name, "content": content}


def calls_of(messages: list[Message]) -> Iterator[Call]:
    """Every tool call of the conversation in order, malformed ones and unknown names included."""
    for index, message in enumerate(messages):
        for call in message.get("tool_calls") or ():
            function = call["function"]
            yield Call(call["id"], function["name"], function["arguments"], index)


def results_of(messages: list[Message]) -> dict[str, str]:
    """Tool result text by call id."""
    return {m["tool_call_id"]: m["content"] for m in messages if m["role"] == "tool"}


def final_answer(messages: list[Message]) -> str | None:
    """The text of the last message if it is an assistant's and calls no tool, else None."""
    last = messages[-1] if messages else {}
    if last.get("role") != "assistant" or last.get("tool_calls"):
        return None
    return last.get("content") or None
