"""A call has an end, and so has its result: progress extends the one, a mark shows the other, and the recipe sets both."""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from scripted import TEXT, card, schema, server

from astra_data.ledger import Ledger
from astra_data.pipeline.calling import fingerprint, unmeant
from astra_data.pipeline.stage import Resources, ServerOptions
from astra_data.teacher.roles import Roles
from astra_data.tools.content import cut
from astra_data.tools.mcp_config import LONGEST_RESULT, ServerEntry
from astra_data.tools.result import TIMEOUT, ToolBackendDown, ToolResult
from astra_data.tools.session import McpSession
from astra_data.tools.workspace import Template

SERVER = """
import json, sys, time

def out(value):
    print(json.dumps(value), flush=True)

for line in sys.stdin:
    asked = json.loads(line)
    method, params, number = asked.get("method"), asked.get("params") or {}, asked.get("id")
    result = {}
    if method == "initialize":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "slow", "version": "1"}}
    elif method == "tools/list":
        result = {"tools": [{"name": name, "description": "Waits.", "inputSchema": {"type": "object"}}
                            for name in ("work", "silent", "endless", "long")]}
    elif method == "tools/call":
        token, name = params["_meta"]["progressToken"], params["name"]
        for step in range({"work": 8, "silent": 8, "endless": 1000, "long": 0}[name]):
            time.sleep(0.25)
            if name != "silent":
                progress = {"progressToken": token, "progress": step + 1}
                out({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})
        result = {"content": [{"type": "text", "text": "x" * 5_000_000 if name == "long" else "done"}]}
    if number is not None:
        out({"jsonrpc": "2.0", "id": number, "result": result})
"""


def called(folder: Path, *names: str, **options: Any) -> list[ToolResult]:
    (folder / "server.py").write_text(SERVER)
    entry = ServerEntry("slow", "stdio", sys.executable, (str(folder / "server.py"),), writes="allow")

    async def main() -> list[ToolResult]:
        with closing(Template()) as template, template.fresh() as workspace:
            session = await McpSession.start(entry.bounded(*options.values()), workspace)
            try:
                return [await session.call(name, {}) for name in names]
            finally:
                await session.close()

    return asyncio.run(main())


def test_a_call_that_reports_progress_may_take_longer(tmp_path: Path) -> None:
    began = time.monotonic()
    assert called(tmp_path, "work", timeout=1.0, longest=100) == [ToolResult("done", is_error=False)]
    assert time.monotonic() - began > 1.9


@pytest.mark.parametrize(("name", "timeout", "least"), [("silent", 1.0, 1.0), ("endless", 0.4, 8.0)])
def test_one_that_does_not_or_never_ends_is_ended(name: str, timeout: float, least: float, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ToolBackendDown) as raised:
        called(tmp_path, name, timeout=timeout, longest=100)
    assert raised.value.reason == TIMEOUT
    assert least <= time.monotonic() - began < least + 6


def test_a_long_result_is_cut_with_a_mark(tmp_path: Path) -> None:
    (found,) = called(tmp_path, "long", timeout=None, longest=LONGEST_RESULT)
    assert found.content == "x" * LONGEST_RESULT + "\n[cut off: 4,950,000 more characters]"
    (found,) = called(tmp_path, "long", timeout=None, longest=10)
    assert found.content == "x" * 10 + "\n[cut off: 4,999,990 more characters]"


@pytest.mark.parametrize("text", ["abc", "", "ab\n"])
def test_what_fits_stays(text: str) -> None:
    assert cut(text, 3) == text


NOTES = server(card("add_note", "Keeps a note.", schema({"text": TEXT})), card("count", "Counts."), name="notes")


def resources(folder: Path, servers: Sequence[str] = ("notes",), **options: Any) -> Resources:
    entries = {name: ServerEntry(name, "stdio", "uvx", ("mcp-server-time",), writes="allow") for name in servers}
    chosen = {name: ServerOptions.model_validate(value) for name, value in options.items()}
    return Resources(0, Ledger.open(folder / "l"), Roles({}), entries, (), chosen, Template(None, ()))


@pytest.mark.parametrize(("options", "field", "what", "nearest"), [
    ({"note": {}}, "servers", "server 'note'", "notes"),
    ({"notes": {"skip": ["addnote"]}}, "servers.notes.skip", "tool 'addnote'", "add_note"),
    ({"notes": {"optional": {"add_notes": ["text"]}}}, "servers.notes.optional", "tool 'add_notes'", "add_note"),
    ({"notes": {"optional": {"add_note": ["txt"]}}}, "servers.notes.optional.add_note", "parameter 'txt'", "text"),
    ({"notes": {"facts": {"texts": [1]}}}, "servers.notes.facts", "parameter 'texts'", "text"),
    ({"notes": {"facts": {"count.text": [1]}}}, "servers.notes.facts", "parameter 'count.text'", "add_note.text"),
])
def test_what_a_recipe_says_of_nothing_is_said_with_the_nearest_name(
    options: Any, field: str, what: str, nearest: str, tmp_path: Path
) -> None:
    said = f"{field}: there is no {what}, so it is passed over (did you mean {nearest}?)"
    assert list(unmeant([NOTES], resources(tmp_path, **options))) == [said]


def test_what_a_recipe_says_of_what_there_is_is_taken(tmp_path: Path) -> None:
    options = {"notes": {"skip": ["count"], "optional": {"add_note": ["text"]}, "facts": {"text": ["a"], "add_note.text": ["b"]}},
               "later": {"license": "MIT"}}
    assert list(unmeant([NOTES], resources(tmp_path, ["notes", "later"], **options))) == []


def test_another_length_of_results_is_another_run(tmp_path: Path) -> None:
    before = fingerprint(resources(tmp_path))
    entry = ServerEntry("notes", "stdio", "uvx", ("mcp-server-time",)).bounded(None, 77)
    changed = resources(tmp_path)
    assert "longest" not in before
    assert fingerprint(Resources(0, changed.ledger, changed.roles, {"notes": entry}, (), {}, changed.template))["longest"] == {
        "notes": 77}
