"""What a server answers to `initialize`, with its decoration in order: it costs nobody the server.

    greeted({"protocolVersion": "2025-06-18", "capabilities": {"tools": []}, "serverInfo": {"name": "s", "version": 2}})
    # (the same with {"tools": {}} and "version": "2", ["capabilities.tools", "serverInfo.version"])

The official client refuses the whole answer for one field of another type. A capability that is no object is one without
settings, names and versions become texts, and what else does not fit is left out. What it speaks is not touched.
"""

import json
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.types import METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION, InitializeResult
from pydantic import ValidationError

from astra_data.messages import JsonObject

DECORATION = ("capabilities", "serverInfo", "instructions", "_meta")
NAMED = ("name", "version")
REVISIONS = ("it does not know `initialize`; servers that speak only revision 2026-07-28 of the protocol are not spoken with: "
             "use a release of it that speaks 2025-11-25 or earlier too")
NO_HANDSHAKE = (METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION)
MOST_FLAG = 300
"""Characters of a flag."""
MOST_TOLD = 200
"""Characters of what is wrong with an answer."""


def greeted(result: JsonObject) -> tuple[JsonObject, list[str]]:
    """The answer as the official client reads it, and the fields that were repaired or left out."""
    told: list[str] = []
    hello = result | {"capabilities": _capabilities(result.get("capabilities"), told), "serverInfo": _server(result, told)}
    for place in _faults(hello):
        if place and place[0] in DECORATION:
            hello = _without(hello, place[: 2 if len(place) > 1 else 1])
            told.append(".".join(place[:2]))
    return hello, list(dict.fromkeys(told))


class Greeting(JSONRPCDispatcher):
    """A dispatcher whose handshake is in order; `flag` says what of it was not."""

    flag: str | None = None

    async def send_raw_request(self, method: str, *rest: Any, **more: Any) -> JsonObject:
        result = await super().send_raw_request(method, *rest, **more)
        if method != "initialize":
            return result
        hello, odd = greeted(result)
        self.flag = f"repaired: the server's {', '.join(odd)}"[:MOST_FLAG] if odd else None
        return hello


def failed_by(error: BaseException) -> str | None:
    """Why a handshake failed, on one line, where the official client's words do not say it."""
    if isinstance(error, MCPError):
        return REVISIONS if error.code in NO_HANDSHAKE else None
    if not isinstance(error, ValidationError):
        return None
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"it answered what cannot be read: {place}: {first['msg']}".replace("\n", " ")[:MOST_TOLD]


def _capabilities(given: Any, told: list[str]) -> JsonObject:
    if not isinstance(given, dict):
        told.append("capabilities")
        return {}
    odd = [name for name, value in given.items() if not isinstance(value, dict | None)]
    told += [f"capabilities.{name}" for name in odd]
    return {name: {} if name in odd else value for name, value in given.items() if name not in odd or value is not False}


def _server(result: JsonObject, told: list[str]) -> JsonObject:
    given = result.get("serverInfo")
    about = given if isinstance(given, dict) else {}
    odd = [name for name in NAMED if not isinstance(about.get(name), str)]
    told += [f"serverInfo.{name}" for name in odd]
    return about | {name: _text(about.get(name)) for name in odd}


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _faults(hello: JsonObject) -> list[tuple[str, ...]]:
    """The places of what the official client does not take."""
    try:
        InitializeResult.model_validate(hello, by_name=False)
    except ValidationError as error:
        return [tuple(map(str, one["loc"])) for one in error.errors(include_url=False, include_input=False)]
    return []


def _without(hello: JsonObject, place: tuple[str, ...]) -> JsonObject:
    """The answer without one of its fields; of a capability nothing but its settings is left out."""
    if len(place) == 1:
        return {name: value for name, value in hello.items() if name != place[0]}
    outer, inner = place
    kept = {name: value for name, value in hello[outer].items() if name != inner}
    return hello | {outer: kept | ({inner: {}} if outer == "capabilities" else {})}
