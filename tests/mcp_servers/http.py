"""The server of `server.py` over streamable HTTP, in a thread of the test process.

    with serving(token="s3cret-token") as url: ...

Every answer is a plain JSON body; a request without `Authorization: Bearer <token>` gets a 401, and `die` drops the connection.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


def _tools():
    schema = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}
    return [{"name": name, "description": f"Does {name} over HTTP.", "inputSchema": schema} for name in ("echo", "die", "gone")]


def _handler(token: str):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["Authorization"] != f"Bearer {token}":
                self._reply(401, None)
            elif "id" not in request:
                self._reply(202, None)
            else:
                self._answer(request)

        def _answer(self, request):
            method, params = request["method"], request.get("params", {})
            name = params.get("name") if method == "tools/call" else None
            if name == "die":
                self.close_connection = True
                self.connection.close()
            elif name == "gone":
                self._reply(503, None)
            else:
                self._reply(200, {"jsonrpc": "2.0", "id": request["id"], "result": self._result(method, params)})

        def _result(self, method, params):
            if method == "initialize":
                about = {"name": "over-http", "version": "0.9"}
                return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about}
            if method == "tools/call":
                return {"content": [{"type": "text", "text": f"{params['arguments']['value']} {token}"}]}
            return {"tools": _tools()} if method == "tools/list" else {}

        def do_GET(self):
            self._reply(405, None)

        do_DELETE = do_GET  # noqa: N815

        def _reply(self, status, body):
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format, *args):  # noqa: A002
            pass

    return Handler


@contextmanager
def serving(token: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(token))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
