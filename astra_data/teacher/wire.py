"""Our messages and the ones that endpoints speak: the same but for how tool calls hold their arguments.

    to_wire(messages, pass_reasoning=False)        # arguments become JSON text
    from_wire(message, messages)                   # and objects again; ids become call_<n>

Ids count the calls of the conversation, so that a row does not depend on whose endpoint wrote it.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from astra_data.characters import whole
from astra_data.exact import fault, shallow
from astra_data.messages import MALFORMED, JsonObject, Message, assistant, calls_of, tool_call
from astra_data.teacher.extract import split_thought

THOUGHTS = ("thinking", "reasoning", "redacted_thinking")
"""Types of content parts that are thoughts."""


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
    thought, content = split_thought(text_of(message.get("content")) or text_of(message.get("refusal")))
    reasoning = text_of(message.get("reasoning_content")) or text_of(message.get("reasoning")) or _details(message)
    ids = _new_ids(before)
    calls = [_received(call, ids) for call in _calls(message)]
    return assistant(content, calls, "\n".join(filter(None, (reasoning, thought))) or None)


def _calls(message: JsonObject) -> list[Any]:
    """The calls of a message as it came: a list, a single one, or one in the older field."""
    received = message.get("tool_calls")
    if not received and isinstance(message.get("function_call"), dict):
        return [{"function": message["function_call"]}]
    single = isinstance(received, dict) and "function" in received
    return [received] if single else received if isinstance(received, list) else []


def text_of(content: Any) -> str:
    """The text of a content field: a string, nothing, or a list of parts. Thoughts among the parts are no text."""
    if isinstance(content, list):
        return "".join(text_of(part.get("text")) for part in _parts(content) if part.get("type") not in THOUGHTS)
    return content if isinstance(content, str) else ""


def _details(message: JsonObject) -> str:
    """Thoughts that came as a list: in `reasoning_details`, or as parts of the content."""
    parts = [part for part in _parts(message.get("content")) if part.get("type") in THOUGHTS]
    parts += _parts(message.get("reasoning_details"))
    return "".join(text_of(part.get("thinking")) or text_of(part.get("text")) or text_of(part.get("summary")) for part in parts)


def _parts(value: Any) -> list[JsonObject]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _new_ids(before: list[Message]) -> Iterator[str]:
    taken = [call.id for call in calls_of(before)]
    number = len(taken)
    while True:
        number += 1
        if f"call_{number}" not in taken:
            yield f"call_{number}"


def _received(call: Any, ids: Iterator[str]) -> JsonObject:
    """A call as it came. What is no call at all is one of a tool without a name, and malformed."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return tool_call(next(ids), "", {MALFORMED: orjson.dumps(call).decode()})
    return tool_call(next(ids), text_of(function.get("name")), _arguments(function.get("arguments")))


def _arguments(written: Any) -> JsonObject:
    """Arguments as an object. No text at all is how some endpoints write a call without arguments."""
    if isinstance(written, dict) and fault(written) is None:
        return written
    if written is None or not str(written).strip():
        return {}
    value = shallow(written) if isinstance(written, str) else None
    return value if isinstance(value, dict) else {MALFORMED: whole(str(written))}
