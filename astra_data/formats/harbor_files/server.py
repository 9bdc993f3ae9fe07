"""The tools of one environment behind an MCP server (streamable HTTP, stateless replies), with a log of every call.

    python server.py environment.json 8000

    POST /mcp      MCP: initialize, tools/list, tools/call
    GET  /calls    the calls so far, as the verifier reads them

It runs in a container of its own, so that an agent sees neither the sources nor the data behind the tools, and cannot alter the
log. Where the user has more to say, a further tool gives the next message; it is no call. Standard library alone.
"""

import functools
import json
import sys
import threading
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TYPES: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}


class Episode:
    """The tools in one state, the calls made so far, and how far the user has got."""

    def __init__(self, environment: dict[str, Any]) -> None:
        self._environment = environment
        self._tools = {tool["name"]: tool for tool in environment["tools"]}
        self._world = environment["world"]
        self.calls: list[dict[str, Any]] = []
        self.turn = 0
        for module in environment["modules"]:
            sys.modules[module["name"]] = types.ModuleType(module["name"])
            exec(compile(module["source"], module["name"], "exec"), vars(sys.modules[module["name"]]))
        if self._world["load"]:
            at(self._world["load"])(state=self._world["initial_state"])

    def offered(self) -> list[dict[str, Any]]:
        """The tools of this turn as MCP lists them."""
        offered = [
            {"name": tool["name"], "description": tool["schema"].get("description", ""),
             "inputSchema": {"type": "object", **tool["schema"].get("parameters", {})}}
            for tool in self._tools.values() if tool["from_turn"] <= self.turn
        ]
        if self.turn + 1 < len(self._environment["users"]):
            about = "What the user says next. Call it once you have done what was asked so far."
            offered.append({"name": self._environment["next"], "description": about,
                            "inputSchema": {"type": "object", "properties": {}}})
        return offered

    def call(self, name: str, arguments: Any) -> tuple[str, bool]:
        """What the tool answers as text, and whether it failed. Every call is logged, whatever its name."""
        if name == self._environment["next"]:
            return self._next()
        before = self._state()
        content, failed = self._answer(name, arguments)
        given = arguments if isinstance(arguments, dict) else None
        self.calls.append({"name": name, "arguments": given, "content": content, "turn": self.turn, "before": before,
                           "state": self._state()})
        return content, failed

    def _next(self) -> tuple[str, bool]:
        if self.turn + 1 == len(self._environment["users"]):
            return "The user has nothing more to say.", False
        self.turn += 1
        return self._environment["users"][self.turn], False

    def _answer(self, name: str, arguments: Any) -> tuple[str, bool]:
        """Texts are told as they are, anything else as JSON."""
        tool = self._tools.get(name)
        if tool is None or tool["from_turn"] > self.turn:
            return f"Error: there is no tool {name!r}", True
        if wrong := complaint(arguments, tool["schema"].get("parameters", {})):
            return f"Error: {wrong}", True
        try:
            value = at(tool["entry"])(**arguments)
            content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)
        except Exception as error:
            return f"Error: {type(error).__name__}: {error}", True
        return content, isinstance(value, dict) and list(value) == ["error"]

    def _state(self) -> Any:
        if not self._world["dump"] or not self._environment["states"]:
            return None
        return json.loads(json.dumps(at(self._world["dump"])()))


def at(entry: str) -> Any:
    """What stands at a dotted place: a module, then attributes."""
    first, *rest = entry.split(".")
    return functools.reduce(getattr, rest, sys.modules[first])


def complaint(arguments: Any, parameters: dict[str, Any]) -> str | None:
    """What is wrong with the arguments, by the names and plain types of the schema's first level."""
    if not isinstance(arguments, dict):
        return "arguments must be an object"
    properties = parameters.get("properties", {})
    missing = [name for name in parameters.get("required", []) if name not in arguments]
    if missing:
        return f"missing argument {missing[0]}"
    for name, value in arguments.items():
        if name not in properties:
            return f"unknown argument {name}"
        wanted = TYPES.get(str(properties[name].get("type")), object)
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted not in (bool, object)):
            return f"argument {name} must be of type {properties[name]['type']}"
    return None


class Handler(BaseHTTPRequestHandler):
    """One request of the only episode."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """A message of MCP."""
        try:
            message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            with LOCK:
                reply = answered(EPISODES[0], message)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return self._send(400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": repr(error)}})
        return self._send(202, None) if reply is None else self._send(200, reply)

    def do_GET(self) -> None:
        """The log."""
        if self.path != "/calls":
            return self._send(405, None)
        with LOCK:
            return self._send(200, EPISODES[0].calls)

    def _send(self, status: int, value: Any) -> None:
        body = b"" if value is None else json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """No line for each request."""


EPISODES: list[Episode] = []
LOCK = threading.Lock()


def answered(episode: Episode, message: dict[str, Any]) -> dict[str, Any] | None:
    """The reply to a JSON-RPC message; none to a notification."""
    method, params = message["method"], message.get("params") or {}
    if "id" not in message:
        return None
    reply = {"jsonrpc": "2.0", "id": message["id"]}
    if method == "initialize":
        return reply | {"result": {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                                   "serverInfo": {"name": "tools", "version": "1"}}}
    if method == "tools/list":
        return reply | {"result": {"tools": episode.offered()}}
    if method == "tools/call":
        arguments = params.get("arguments")
        text, failed = episode.call(params["name"], {} if arguments is None else arguments)
        return reply | {"result": {"content": [{"type": "text", "text": text}], "isError": failed}}
    if method == "ping":
        return reply | {"result": {}}
    return reply | {"error": {"code": -32601, "message": f"no method {method}"}}


def main(file: str, port: str) -> None:
    """Serve until killed; the port that is served is printed."""
    EPISODES.append(Episode(json.loads(Path(file).read_text(encoding="utf-8"))))
    with ThreadingHTTPServer(("0.0.0.0", int(port)), Handler) as server:
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
