"""Our messages and the ones that endpoints speak: the same but for how tool calls hold their arguments.

    to_wire(messages, pass_reasoning=False)        # arguments become JSON text
    from_wire(message, messages)                   # and objects again; ids become call_<n>

Ids count the calls of the conversation, so that a row does not depend on whose endpoint wrote it.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from astra_data.messages import MALFORMED, JsonObject, Message, assistant, calls_of, tool_call
from astra_data.nesting import too_deep
from astra_data.teacher.extract import split_thought


def to_wire(messages: list[Message], *, pass_reasoning: bool) -> list[JsonObject]:
    """Copies of the messages as an endpoint takes them. A malformed call goes back as it was written."""
    return [_sent(message, pass_reasoning) for message in messages]


def _sent(message: Message, pass_reasoning: bool) -> JsonObject:
    dropped = {"name"} if message["role"] == "tool" else set()
    dropped |= set() if pass_reasoning else {"reasoning_content"}
    sent = {key: value for key, value in message.items() if key not in dropped}
    if "tool_calls" in sent:
        sent["tool_calls"] = [_sent_call(call) for call in sent["tool_calls"]]
    return sent


def _sent_call(call: JsonObject) -> JsonObject:
    function = call["function"]
    arguments = function["arguments"]
    text = arguments[MALFORMED] if MALFORMED in arguments else orjson.dumps(arguments).decode()
    return {**call, "function": {"name": function["name"], "arguments": text}}


def from_wire(message: JsonObject, before: list[Message]) -> Message:
    """The assistant message that followed `before`. Thoughts inside the content become `reasoning_content`."""
    thought, content = split_thought(text_of(message.get("content")))
    reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
    ids = _new_ids(before)
    calls = [_received(call, ids) for call in message.get("tool_calls") or ()]
    return assistant(content, calls, "\n".join(filter(None, (text_of(reasoning), thought))) or None)


def text_of(content: Any) -> str:
    """The text of a content field: a string, nothing, or a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _new_ids(before: list[Message]) -> Iterator[str]:
    taken = [call.id for call in calls_of(before)]
    number = len(taken)
    while True:
        number += 1
        if f"call_{number}" not in taken:
            yield f"call_{number}"


def _received(call: JsonObject, ids: Iterator[str]) -> JsonObject:
    function = call.get("function") or {}
    return tool_call(next(ids), text_of(function.get("name")), _arguments(function.get("arguments")))


def _arguments(written: Any) -> JsonObject:
    """Arguments as an object. No text at all is how some endpoints write a call without arguments."""
    if isinstance(written, dict):
        return written
    if written is None or not str(written).strip():
        return {}
    try:
        value = orjson.loads(written)
    except (orjson.JSONDecodeError, TypeError):
        value = None
    return value if isinstance(value, dict) and not too_deep(value) else {MALFORMED: str(written)}
