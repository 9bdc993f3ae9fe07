"""The server of `server.py` over streamable HTTP, in a thread of the test process.

    with serving(token="s3cret-token") as url: ...

Every answer is a plain JSON body; a request without `Authorization: Bearer <token>` gets a 401, and `die` drops the connection.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from loopback_http import Answer, Post, answering


def _tools():
    schema = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}
    return [{"name": name, "description": f"Does {name} over HTTP.", "inputSchema": schema} for name in ("echo", "die", "gone")]


def _result(method, params, token):
    if method == "initialize":
        about = {"name": "over-http", "version": "0.9"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": f"{params['arguments']['value']} {token}"}]}
    return {"tools": _tools()} if method == "tools/list" else {}


@contextmanager
def serving(token: str) -> Iterator[str]:
    def answer(post: Post) -> Answer:
        request = json.loads(post.body)
        if post.headers["Authorization"] != f"Bearer {token}":
            return 401, {}, b""
        if "id" not in request:
            return 202, {}, b""
        method, params = request["method"], request.get("params", {})
        name = params.get("name") if method == "tools/call" else None
        if name in ("die", "gone"):
            return None if name == "die" else (503, {}, b"")
        return 200, {}, json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": _result(method, params, token)}).encode()

    with answering(answer) as address:
        yield f"{address}/mcp"
