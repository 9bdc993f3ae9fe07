"""A server whose answers to `tools/list` and `tools/call` are given byte by byte; `ID` in them is the id of the request.

    python -P raw.py LIST CALL                                   # over stdio; both in hexadecimal
    with serving(b'{"jsonrpc": "2.0", ...}', call) as url: ...  # over HTTP, as a JSON body or, with events=True, as an event
"""

import json
import sys
from contextlib import contextmanager


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


@contextmanager
def serving(listed, called, *, events=False):
    from loopback_http import answering  # what is no program has it on its path

    def answer(post):
        request = json.loads(post.body)
        content = replied(request, listed, called) if "id" in request else b""
        if events and content:
            content = b": hello\r\n\r\nevent: message\r\ndata: " + content + b"\r\n\r\n"
        return 200 if content else 202, {"Content-Type": "text/event-stream" if events else "application/json"}, content

    with answering(answer) as address:
        yield f"{address}/mcp"


def main():
    listed, called = map(bytes.fromhex, sys.argv[1:])
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            sys.stdout.buffer.write(replied(request, listed, called) + b"\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
