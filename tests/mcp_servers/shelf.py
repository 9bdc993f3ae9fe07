"""A server over streamable HTTP that keeps a shelf for each session, and misbehaves as it is told.

    with serving(lambda call: (404, {}, b"") if call == 2 else None) as shelf:
        shelf.url, shelf.calls, shelf.sessions

`answer` is given the number of a `tools/call`, from 1, and gives status, headers and body, or None for the tool's own answer.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from loopback_http import Answer, answering

ITEM = {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]}
TOOLS = [
    {"name": "put", "description": "Puts an item on the shelf.", "inputSchema": ITEM},
    {"name": "count", "description": "Counts the items on the shelf.", "inputSchema": {"type": "object", "properties": {}}},
]


class Shelf:
    """What the server has seen. `hello` answers the handshake in its place."""

    def __init__(self, answer: Callable[[int], Answer], hello: Answer) -> None:
        self.answer, self.hello = answer, hello
        self.url, self.calls = "", 0
        self.sessions: dict[str, list[str]] = {}

    def take(self, request: Any, session: str | None) -> tuple[int, dict[str, str], bytes]:
        method, params = request["method"], request.get("params", {})
        if "id" not in request:
            return 202, {}, b""
        if method == "initialize":
            if self.hello:
                return self.hello
            name = f"s{len(self.sessions)}"
            self.sessions[name] = []
            about = {"name": "shelf", "version": "1"}
            return self._result(request, {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                                          "serverInfo": about}, {"mcp-session-id": name})
        if method != "tools/call":
            return self._result(request, {"tools": TOOLS} if method == "tools/list" else {})
        self.calls += 1
        if odd := self.answer(self.calls):
            if odd[0] == 404 and b"REQUEST" not in odd[2]:
                self.sessions.pop(str(session), None)
            return odd[0], odd[1], odd[2].replace(b"REQUEST", str(request["id"]).encode())
        shelf = self.sessions[str(session)]
        shelf += [params["arguments"]["item"]] if params["name"] == "put" else []
        return self._result(request, {"content": [{"type": "text", "text": str(len(shelf))}]})

    @staticmethod
    def _result(request: Any, result: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        return 200, headers or {}, json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()


@contextmanager
def serving(answer: Callable[[int], Answer] = lambda call: None, hello: Answer = None) -> Iterator[Shelf]:
    shelf = Shelf(answer, hello)
    with answering(lambda post: shelf.take(json.loads(post.body), post.headers["mcp-session-id"])) as address:
        shelf.url = f"{address}/mcp"
        yield shelf
