"""A server whose handshake is odd where nothing depends on it is started, and flagged; another costs one line."""

import asyncio
import sys
from contextlib import closing
from typing import Any

import pytest

from astra_data.tools.collect import listed
from astra_data.tools.documents import Document
from astra_data.tools.hello import REVISIONS
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.result import START_FAILED, ToolBackendDown
from astra_data.tools.session import Deadlines, McpSession
from astra_data.tools.workspace import Template

SERVER = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    sound = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
    answer = {"result": sound | CHANGES} if request["method"] == "initialize" else {"result": {"tools": []}}
    if request["method"] == "initialize" and ERROR:
        answer = {"error": ERROR}
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"]} | answer), flush=True)
"""


def started(changes: Any, error: Any = None) -> Document:
    async def main() -> Document:
        script = SERVER.replace("CHANGES", repr(changes)).replace("ERROR", repr(error))
        entry = ServerEntry("s", "stdio", sys.executable, ("-c", script))
        with closing(Template()) as template, template.fresh() as workspace:
            session = await McpSession.start(entry, workspace, deadlines=Deadlines(60, 60, 60))
            try:
                return await listed(entry, session)
            finally:
                await session.close()

    return asyncio.run(main())


def about(**more: Any) -> Any:
    return {"serverInfo": {"name": "s", "version": "1", **more}}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(("changes", "version", "flag"), [
    ({}, "1", None),
    (about(title="Shop", icons=[{"src": "x", "sizes": ["any"]}]), "1", None),
    ({"capabilities": {"tools": []}}, "1", "capabilities.tools"),
    ({"capabilities": {"tools": True, "logging": "x"}}, "1", "capabilities.tools, capabilities.logging"),
    ({"capabilities": {"tools": {"listChanged": "often"}}}, "1", "capabilities.tools"),
    ({"capabilities": []}, "1", "capabilities"),
    ({"serverInfo": {"name": "s"}}, "", "serverInfo.version"),
    (about(version=2), "2", "serverInfo.version"),
    ({"serverInfo": None}, "", "serverInfo.name, serverInfo.version"),
    (about(icons=[{"src": "x", "sizes": "any"}]), "1", "serverInfo.icons"),
    (about(title=["a"], websiteUrl=7), "1", "serverInfo.title, serverInfo.websiteUrl"),
    ({"instructions": ["a"]}, "1", "instructions"),
])
def test_odd_decoration_of_a_handshake_is_repaired_and_flagged(changes: Any, version: str, flag: str | None) -> None:
    found = started(changes)
    assert (found.version, found.flags) == (version, [f"repaired: the server's {flag}"] if flag else [])


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(("changes", "error", "why"), [
    ({"protocolVersion": ["x"]}, None, "it answered what cannot be read: protocolVersion: Input should be a valid string"),
    ({}, {"code": -32601, "message": "Method not found: initialize"}, REVISIONS),
])
def test_a_handshake_that_fails_says_why_on_one_line(changes: Any, error: Any, why: str) -> None:
    with pytest.raises(ToolBackendDown) as raised:
        started(changes, error)
    assert (raised.value.reason, raised.value.detail) == (START_FAILED, f"s: {why}")
