"""What a model's tokens say, as a message of ours.

    message_of(parse_response(tokenizer, ids, prefix=prompt), tokenizer.decode(ids), "<|im_end|>", 3)

A turn that the template's parser cannot read is a message of its raw text, so that whoever scores it sees the pieces of a call.
"""

import json
from typing import Any

from astra_data.characters import whole
from astra_data.exact import fault
from astra_data.messages import MALFORMED, JsonObject, Message, assistant, tool_call


def message_of(parsed: Message, text: str, end: str, number: int) -> Message:
    """The message of a turn. `text` are its tokens decoded, `end` the token that ends it; `number` makes ids of calls unique."""
    calls = parsed.get("tool_calls") or []
    reasoning = parsed.get("reasoning_content")
    if calls:
        wire = [_call(f"call_{number}_{place}", call) for place, call in enumerate(calls)]
        return assistant(parsed.get("content") or "", wire, reasoning)
    raw = text.removesuffix(end).strip()
    return assistant(raw if reasoning is None else parsed.get("content") or "", reasoning=reasoning)


def _call(call_id: str, call: JsonObject) -> JsonObject:
    function = call.get("function") or {}
    return tool_call(call_id, str(function.get("name")), _object(function.get("arguments")))


def _object(arguments: Any) -> JsonObject:
    """The arguments of a call; what is no JSON object is kept whole."""
    if arguments is None:
        return {}
    if isinstance(arguments, dict) and fault(arguments) is None:
        return arguments
    return {MALFORMED: whole(arguments) if isinstance(arguments, str) else json.dumps(arguments)}
