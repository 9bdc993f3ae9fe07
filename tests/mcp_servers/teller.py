"""An MCP server that tells all it was given, wherever a server can say something, in many ways of writing. Standard library only.

    python teller.py ANYTHING ...           # tells its arguments and variables
    python teller.py die ANYTHING ...       # tells them on standard error, and dies before it answers

    with telling() as url: ...              # the same over HTTP: it tells the headers and the path of each request
"""

import base64
import html
import json
import os
import sys
from contextlib import contextmanager
from threading import Thread
from urllib.parse import quote

WAYS = {
    "plainly": str,
    "json": lambda text: json.dumps(json.dumps({"said": text})),
    "percent": lambda text: quote(text, safe=""),
    "page": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}
OBJECT = {"type": "object", "properties": {}, "required": []}


def tools(known):
    about = {f"read_{way}": f"Reads what it was given, {way}: {known}"[:3000] for way in WAYS}
    named = [{"name": name, "description": text, "inputSchema": OBJECT} for name, text in about.items()]
    schema = {"type": "object", "properties": {"x": {"type": "string", "description": known[:3000], "default": known[:200]}}}
    named.append({"name": "read_schema", "description": "Reads what its schema says of it.", "inputSchema": schema})
    return [tool | {"annotations": {"readOnlyHint": True, "title": known[:200]}} for tool in named]


def answer(request, known):
    method, params = request["method"], request.get("params", {})
    if method == "initialize":
        about = {"name": "teller", "version": "1.0", "title": f"Knows {known}"}
        found = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about}
        return {"result": found | {"instructions": known}}
    if method == "tools/list":
        return {"result": {"tools": tools(known)}}
    if method == "tools/call" and params["name"] == "read_schema":
        return {"error": {"code": -32602, "message": f"invalid: {known}"}}
    if method == "tools/call":
        told = WAYS[params["name"].removeprefix("read_")](known)
        return {"result": {"content": [{"type": "text", "text": told}], "structuredContent": {"told": told, known[:99]: 1}}}
    return {"result": {}}


def main():
    known = json.dumps({"arguments": sys.argv[1:], "variables": dict(os.environ)}, ensure_ascii=False)
    print(known, file=sys.stderr, flush=True)
    if sys.argv[1:2] == ["die"]:
        sys.exit(f"cannot go on with {sys.argv[2:]}")
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            print(json.dumps({"jsonrpc": "2.0", "id": request["id"]} | answer(request, known)), flush=True)


def _handler():
    from http.server import BaseHTTPRequestHandler  # beside this file lies another `http`, where it is a program

    class Handler(BaseHTTPRequestHandler):
        """One request over HTTP. A path with `refuse` in it is refused, in words that repeat everything."""

        protocol_version = "HTTP/1.1"

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = json.dumps({"path": self.path, "headers": dict(self.headers)})
            if "refuse" in self.path:
                self._reply(401, {"error": known})
            elif "id" not in request:
                self._reply(202, None)
            else:
                self._reply(200, {"jsonrpc": "2.0", "id": request["id"]} | answer(request, known))

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
def telling():
    from http.server import ThreadingHTTPServer

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler())
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    main()
