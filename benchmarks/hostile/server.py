"""An MCP server over stdio that says and does what a plan tells it. Standard library only.

    python server.py plan.json

The plan: `info` (what `initialize` answers), `tools`, `results` (tool -> result), `raw` (method -> JSON text of its result, as it
stands), `manners` (names of `MANNERS`). A tool without a result of its own looks something up, reads a file, or writes one.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAN: dict[str, Any] = {}
MANNERS: set[str] = set()
ORDERS = {"O-17": ("C-1", 42.5), "O-18": ("C-2", 12.25), "O-19": ("C-1", 99.0)}
CUSTOMERS = {"C-1": "Ingrid Dahl", "C-2": "Sara Lind"}
Json = dict[str, Any]


def say(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "surrogatepass") + b"\n")
    sys.stdout.buffer.flush()


def text(value: Any) -> Json:
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


def find_orders(customer_id: str) -> Json:
    return text({"order_id": next((order for order, (who, _) in ORDERS.items() if who == customer_id), None)})


def get_order(order_id: str) -> Json:
    who, total = ORDERS.get(order_id, (None, None))
    return text({"customer_id": who, "total": total})


def get_customer(customer_id: str) -> Json:
    return text({"name": CUSTOMERS.get(customer_id)})


def read_note(path: str) -> Json:
    return text(Path(path).read_text())


def write_note(path: str, content: str) -> Json:
    Path(path).write_text(content)
    return text(f"wrote {path}")


def list_notes(folder: str) -> Json:
    return text("\n".join(sorted(entry.name for entry in Path(folder).iterdir())))


CALLS: dict[str, Callable[..., Json]] = {
    function.__name__: function for function in (find_orders, get_order, get_customer, read_note, write_note, list_notes)
}


def called(params: Json) -> Json:
    name = params["name"]
    if touched := PLAN.get("touches", {}).get(name):
        Path(touched).touch()
    if name in PLAN.get("results", {}):
        return dict(PLAN["results"][name])
    return CALLS[name](**params.get("arguments", {}))


def initialized(params: Json) -> Json:
    about = {"name": "shop", "version": "1.0.0", "title": "The shop's desk"}
    return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about,
            "instructions": "Helps with orders.", **PLAN.get("info", {})}


def listed(params: Json) -> Json:
    if "endless pages" in MANNERS:
        number = int(params.get("cursor") or 0)
        return {"tools": [dict(PLAN["tools"][0], name=f"tool_{number}")], "nextCursor": str(number + 1)}
    if "one cursor after another" in MANNERS:
        return {"tools": PLAN["tools"], "nextCursor": params.get("cursor") or "x" * 100_000}
    return {"tools": PLAN["tools"]}


METHODS: dict[str, Callable[[Json], Any]] = {"initialize": initialized, "tools/list": listed, "tools/call": called,
                                             "ping": lambda params: {}}


def misbehave(method: str) -> None:
    """Whatever the manners are, once for each request."""
    if "floods" in MANNERS:
        for number in range(20_000):
            say(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "error", "data": number}}))
    if "asks" in MANNERS and method == "tools/list":
        for name in ("roots/list", "sampling/createMessage", "elicitation/create"):
            say(json.dumps({"jsonrpc": "2.0", "id": name, "method": name, "params": {"messages": [], "maxTokens": 1}}))
    if "noise" in MANNERS:
        sys.stdout.buffer.write(b"\xff\xfe\x1b[31m not json \x00\n" + b"x" * 3_000_000 + b"\n")
    if "shouts" in MANNERS:
        sys.stderr.write("\x1b]0;pwned\x07\x1b[31m" + "x" * 300_000)
        sys.stderr.flush()
    if "stays" in MANNERS and method == "initialize":
        subprocess.Popen(["sleep", "600"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    if "never ends a line" in MANNERS and method == "tools/list":
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            sys.stdout.buffer.write(b'{"jsonrpc": "2.0", ' + b" " * 1_000_000)
            sys.stdout.buffer.flush()
            time.sleep(0.05)


def answered(request: Json) -> str:
    """The line that answers a request."""
    method = request["method"]
    head = f'{{"jsonrpc": "2.0", "id": {json.dumps(request["id"])}, '
    if method in PLAN.get("raw", {}):
        return f'{head}"result": {PLAN["raw"][method]}}}'
    if method in PLAN.get("errors", {}):
        return f'{head}"error": {json.dumps(PLAN["errors"][method])}}}'
    try:
        return f'{head}"result": {json.dumps(METHODS[method](request.get("params", {})))}}}'
    except Exception as error:
        return f'{head}"error": {json.dumps({"code": -32602, "message": repr(error)})}}}'


def main() -> None:
    PLAN.update(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8", errors="surrogatepass")))
    MANNERS.update(PLAN.get("manners", ()))
    if "dies" in MANNERS:
        sys.exit("\x1b[31mcannot go on " + json.dumps(dict(os.environ)))
    for line in sys.stdin:
        request = json.loads(line)
        if "method" in request and "id" in request:
            misbehave(request["method"])
            say(answered(request))
            if "answers twice" in MANNERS:
                say(answered(request))


if __name__ == "__main__":
    main()
