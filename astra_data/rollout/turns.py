"""What the turns of a policy look like: calls, plain words, or neither.

    malformed_turns(messages)        # [3]: the assistant message that holds `"}}</tool_call>`, as an index

A turn is well-formed if it makes calls, or says something in plain words. One that is empty, or in which a piece of a call or of
the chat template is left over as text, is malformed, even beside calls that could be read: the piece is a call that went wrong.
No template is asked: a piece is one of the marks of `debris`, or a key of a call written as JSON. Thoughts are not looked at.
"""

import json
import re
from collections.abc import Iterable

from astra_data.characters import whole
from astra_data.exact import fault, shallow
from astra_data.messages import MALFORMED, JsonObject, Message, tool_call
from astra_data.rollout.debris import mark

CALL_KEYS = re.compile(r"\"(?:name|arguments|parameters|tool_calls)\"\s*:")
THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)|\A.*</think(?:ing)?>", re.DOTALL)
WORD = re.compile(r"\w")


def malformed_turns(messages: Iterable[Message]) -> list[int]:
    """The indices of the assistant messages that are malformed."""
    return [index for index, message in enumerate(messages) if message["role"] == "assistant" and not well_formed(message)]


def well_formed(message: Message) -> bool:
    """Whether an assistant message is calls, or plain words, and nothing else."""
    said = spoken(message)
    if said:
        return is_plain(said)
    return bool(message.get("tool_calls"))


def spoken(message: Message) -> str:
    """What a message says, without thoughts that are part of its content."""
    content = message.get("content")
    return THOUGHT.sub("", content).strip() if isinstance(content, str) else ""


def is_plain(text: str) -> bool:
    """Whether a text is words without debris, and its braces pair."""
    return bool(WORD.search(text)) and not CALL_KEYS.search(text) and mark(text) is None and _paired(text)


def _paired(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


def numbered(messages: Iterable[Message]) -> list[Message]:
    """The messages of a trainer's own loop in our shape: calls get ids by their number, results the ids of the calls that they
    follow, and arguments that are no object are kept under `MALFORMED`. Messages that are in our shape stay as they are."""
    done: list[Message] = []
    waiting: list[str] = []
    made = 0
    for message in messages:
        if message.get("tool_calls"):
            calls = [_call(made + number, call) for number, call in enumerate(message["tool_calls"], 1)]
            made, waiting = made + len(calls), [call["id"] for call in calls]
            message = message | {"tool_calls": calls}
        elif message["role"] == "tool" and "tool_call_id" not in message:
            message = message | {"tool_call_id": waiting.pop(0) if waiting else ""}
        done.append(message)
    return done


def _call(number: int, call: JsonObject) -> JsonObject:
    function = call.get("function") or call
    return tool_call(str(call.get("id") or f"call_{number}"), str(function.get("name") or ""), _object(function.get("arguments")))


def _object(arguments: object) -> JsonObject:
    if isinstance(arguments, str):
        arguments = shallow(arguments, {MALFORMED: whole(arguments)})
    if arguments is None:
        return {}
    if isinstance(arguments, dict) and fault(arguments) is None:
        return arguments
    return {MALFORMED: json.dumps(arguments)}
