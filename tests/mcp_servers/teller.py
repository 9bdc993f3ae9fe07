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


@contextmanager
def telling():
    """A path with `refuse` in it is refused, in words that repeat everything."""
    from loopback_http import answering  # what is no program has it on its path

    def told(post):
        request, known = json.loads(post.body), json.dumps({"path": post.path, "headers": dict(post.headers)})
        if "refuse" in post.path:
            return 401, {}, json.dumps({"error": known}).encode()
        if "id" not in request:
            return 202, {}, b""
        return 200, {}, json.dumps({"jsonrpc": "2.0", "id": request["id"]} | answer(request, known)).encode()

    with answering(told) as address:
        yield address.removeprefix("http://")


if __name__ == "__main__":
    main()
