"""A server whose answers to `tools/list` and `tools/call` are given byte by byte; `ID` in them is the id of the request.

    python -P raw.py LIST CALL                                   # over stdio; both in hexadecimal
    with serving(b'{"jsonrpc": "2.0", ...}', call) as url: ...  # over HTTP, as a JSON body or, with events=True, as an event
"""

import json
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


def replied(request, listed, called):
    """The bytes of the answer."""
    method, number = request["method"], json.dumps(request["id"]).encode()
    if method in ("tools/list", "tools/call"):
        return (listed if method == "tools/list" else called).replace(b"ID", number)
    result = {}
    if method == "initialize":
        about = {"name": "raw", "version": "1"}
        version = request["params"]["protocolVersion"]
        result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
    return json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()


def _handler(listed, called, *, events):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = replied(request, listed, called) if "id" in request else b""
            if events and content:
                content = b": hello\r\n\r\nevent: message\r\ndata: " + content + b"\r\n\r\n"
            self.send_response(200 if content else 202)
            self.send_header("Content-Type", "text/event-stream" if events else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self):
            self.send_response(405)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_DELETE = do_GET  # noqa: N815

        def log_message(self, format, *args):  # noqa: A002
            pass

    return Handler


@contextmanager
def serving(listed, called, *, events=False):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(listed, called, events=events))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main():
    listed, called = map(bytes.fromhex, sys.argv[1:])
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            sys.stdout.buffer.write(replied(request, listed, called) + b"\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
