"""A small MCP server over stdio, standard library only, with the good and bad manners of real ones.

    python server.py [noise] [hang-at-start] [die-at-start] [no-type] [pages] [readonly]

Each word turns one manner on; the tools are always the same.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

MANNERS = set(sys.argv[1:])


def text(value):
    return {"content": [{"type": "text", "text": value}]}


def echo(value):
    return text(value)


def add(a, b):
    return text(str(a + b))


def fail():
    return text("the thing broke") | {"isError": True}


def refuse():
    raise ValueError("invalid params: no")


def where():
    return text(f"cwd {Path.cwd()} home {os.environ['HOME']} python {sys.executable} tmp {os.environ['TMPDIR']}")


def environment():
    return text(json.dumps(dict(os.environ), sort_keys=True))


def write(path, content):
    Path(path).write_text(content)
    return text(f"wrote {path}")


def read(path):
    return text(Path(path).read_text())


def files():
    return text("\n".join(sorted(str(path) for path in Path.cwd().rglob("*") if path.is_file())))


def picture():
    return {"content": [{"type": "text", "text": "look:"}, {"type": "image", "mimeType": "image/png", "data": "AAAA"}]}


def structured():
    return {"content": [], "structuredContent": {"sum": 3, "path": str(Path.cwd())}}


def hang():
    time.sleep(3600)


def die():
    print("Traceback: out of luck", file=sys.stderr, flush=True)
    os._exit(3)


def spawn():
    """Start a child that would outlive the server."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], stdin=subprocess.DEVNULL)
    return text(f"{os.getpid()} {child.pid}")


STRING, NUMBER = {"type": "string"}, {"type": "number"}
PARAMETERS = {"echo": {"value": STRING}, "add": {"a": NUMBER, "b": NUMBER}, "read": {"path": STRING}}
PARAMETERS["write"] = {"path": STRING, "content": STRING}
CALLS = {
    function.__name__: function
    for function in (
        *(echo, add, fail, refuse, where, environment, write, read, files),
        *(picture, structured, hang, die, spawn),
    )
}


def tool(name):
    properties = PARAMETERS.get(name, {})
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    if "no-type" in MANNERS:
        del schema["type"]
    return {"name": name, "description": f"Does {name} and says what came of it.", "inputSchema": schema}


def listing(params):
    names = list(CALLS)
    if "pages" not in MANNERS:
        return {"tools": [tool(name) for name in names]}
    start = int(params.get("cursor", 0))
    page = {"tools": [tool(name) for name in names[start : start + 5]]}
    return page | ({"nextCursor": str(start + 5)} if start + 5 < len(names) else {})


def initialize(params):
    about = {"name": "manners", "version": "1.2.3", "title": "Good and bad manners"}
    return {
        "protocolVersion": params["protocolVersion"],
        "capabilities": {"tools": {}},
        "serverInfo": about,
        "instructions": f"Files are in {Path.cwd()}.",
    }


def call(params):
    if params["name"] not in CALLS:
        raise ValueError(f"unknown tool {params['name']}")
    return CALLS[params["name"]](**params.get("arguments", {}))


METHODS = {"initialize": initialize, "ping": lambda params: {}, "tools/list": listing, "tools/call": call}


def main():
    if "die-at-start" in MANNERS:
        sys.exit("cannot go on")
    if "hang-at-start" in MANNERS:
        hang()
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        if "noise" in MANNERS:
            print("Loading configuration ...", flush=True)
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            reply["result"] = METHODS[request["method"]](request.get("params", {}))
        except Exception as error:
            reply["error"] = {"code": -32602, "message": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
