"""A model behind an endpoint: recipes that ask it, and answers of the shape that is asked for.

    site.around.endpoint.script = sound_script(seed)
    asked_recipe(site, "asked")                       # asked.yaml
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.hostile.around import Script
from benchmarks.hostile.sites import Site
from benchmarks.hostile.sound import recipe
from benchmarks.hostile.texts import HALVES, written

Json = dict[str, Any]
KEY_HEADER = "LURE_KEY"


@dataclass
class Draft:
    """What is done to the sound answer to one request: to its JSON, then to the bytes on the wire."""

    base_url: str = ""
    spoil: Callable[[random.Random, Json, Json], Json] = lambda rng, request, response: response
    wire: Callable[[random.Random, bytes, bytes], Iterable[bytes]] = lambda rng, request, said: [answer(said)]


def asked_recipe(site: Site, name: str, base_url: str = "", **changes: Any) -> None:
    """A recipe whose models are all behind the endpoint. It waits four seconds, and never asks twice."""
    model = {"model": "stranger", "base_url": base_url or site.around.endpoint.url, "api_key_env": KEY_HEADER, "timeout_s": 4,
             "max_retries": 0,
             "max_tokens": 500}
    plans = {one: site.here / f"{one}.plan.json" for one in ("shop", "notes")}
    recipe(site.here, {} if changes.get("mcp", "") is None else plans, name=name, models={"default": model}, **changes)


def answer(body: bytes, status: str = "200 OK", *headers: str, kind: str = "application/json",
           length: int | None = None) -> bytes:
    """A response as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body) if length is None else length}",
             *headers]
    return ("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode() + body


def completed(request: Json, message: Json, **more: Any) -> Json:
    """The object around a message."""
    choice = {"index": 0, "message": {"role": "assistant", **message},
              "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
    return {"id": "x", "object": "chat.completion", "created": 0, "model": request.get("model", ""), "choices": [choice],
            "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}, **more}


def sound_response(rng: random.Random, request: Json) -> Json:
    """An answer of the shape that is asked for; of a rollout one call, then a text."""
    form = request.get("response_format") or {}
    if form.get("type") == "json_schema":
        schema = form["json_schema"]["schema"]
        return completed(request, {"content": json.dumps(instance(rng, schema, schema))})
    tools = request.get("tools")
    if tools and not any(message.get("role") == "tool" for message in request["messages"]):
        function = rng.choice(tools)["function"]
        schema = function.get("parameters") or {}
        call = {"id": "c", "type": "function", "function": {"name": function["name"],
                                                            "arguments": json.dumps(instance(rng, schema, schema))}}
        return completed(request, {"content": None, "tool_calls": [call]})
    return completed(request, {"content": "It is done."})


def instance(rng: random.Random, schema: Any, root: Any, depth: int = 0) -> Any:
    """A value that mostly fits a schema."""
    if not isinstance(schema, dict) or depth > 9:
        return "x"
    if isinstance(schema.get("$ref"), str):
        return instance(rng, root.get("$defs", {}).get(schema["$ref"].rpartition("/")[2], {}), root, depth + 1)
    for choice in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(choice), list) and schema[choice]:
            if {"type": "null"} in schema[choice]:  # what may be left open is: not every text would do
                return None
            return instance(rng, rng.choice(schema[choice]), root, depth + 1)
    if "const" in schema or isinstance(schema.get("enum"), list):
        return schema.get("const", rng.choice(schema.get("enum") or [None]))
    kind = schema.get("type", "string")
    kind = rng.choice(kind) if isinstance(kind, list) and kind else kind
    if kind == "object":
        properties = schema.get("properties")
        return {key: instance(rng, part, root, depth + 1) for key, part in properties.items()} if isinstance(properties,
                                                                                                             dict) else {}
    if kind == "array":
        return [instance(rng, schema.get("items"), root, depth + 1) for _ in range(rng.choice((1, 2)))]
    plain = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return plain[kind] if isinstance(kind, str) and kind in plain else "Find the newest order of the customer C-1, please."


def script(draft: Draft, seed: Any) -> Script:
    """Answers drawn by what is asked, so that a run can be had again."""

    def said(body: bytes) -> Iterator[bytes]:
        rng = random.Random(f"{seed}/{hashlib.sha256(body).hexdigest()}")
        request = json.loads(body)
        response = draft.spoil(rng, request, sound_response(rng, request))
        yield from draft.wire(rng, body, written(response).encode(*HALVES))

    return said


def sound_script(seed: Any) -> Script:
    return script(Draft(), seed)
