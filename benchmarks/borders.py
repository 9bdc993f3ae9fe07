"""The borders at which JSON comes in from files, servers and audits: by their real code into a row, and back out of it.

    document(['{"a": 1}'], folder)      # ["kept"]: what became of each value

A border is given JSON texts, and says of each `kept`, or why it was refused, or `changed silently: ` and how.
"""

import asyncio
import contextlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from astra_data.audit.mutants import mutants_of, optioned
from astra_data.cli.main import astra
from astra_data.errors import NothingKept
from astra_data.exact import fault
from astra_data.hub.store import Store
from astra_data.hub.writer import Writer, read_rows
from astra_data.rows import ROW_TYPES, Environment, new_row, to_dict
from astra_data.rows.environments import Goal, Match
from astra_data.sandbox import Call, Image, Sandbox
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.result import ToolBackendDown
from astra_data.tools.session import McpSession
from astra_data.tools.workspace import Template
from benchmarks.figure import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from sample_environments import wallet

KEPT = "kept"
Border = Callable[[list[str], Path], list[str]]
Row = dict[str, Any]
SAY = "Tells all that is known of one thing of the shop."
SERVER = """
import json, sys
values = open(sys.argv[1]).read().split("\\n")
say = lambda id, result: print('{"jsonrpc": "2.0", "id": %d, "result": %s}' % (id, result), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    id, method, params = request.get("id"), request["method"], request.get("params", {})
    if method == "initialize":
        say(id, json.dumps({"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                            "serverInfo": {"name": "s", "version": "1"}}))
    elif method == "tools/list":
        say(id, json.dumps({"tools": [{"name": "get", "description": "Gets.", "inputSchema": {
            "type": "object", "properties": {"n": {"type": "integer"}}}}]}))
    elif method == "tools/call":
        say(id, '{"content": [], "structuredContent": {"odd": %s}}' % values[params["arguments"]["n"]])
    elif id is not None:
        say(id, "{}")
"""


def compared(found: Any, text: str) -> str:
    """`kept`, if the value is the one that the text stands for: 1, 1.0 and true are three."""
    written = [json.dumps(each, sort_keys=True) for each in (found, json.loads(text))]
    return KEPT if written[0] == written[1] else f"changed silently: to {written[0][:80]}"


def made(stage: str, lines: list[str], folder: Path) -> tuple[list[Row], dict[str, str]]:
    """The rows that `astra make` makes of a file of these lines, and of each line that was refused, or server, why."""
    (folder / "odd.jsonl").write_text("\n".join(lines))
    words = ["make", stage, str(folder / "odd.jsonl"), "--to", "odd", "--store", str(folder / "hub"), "--json"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(NothingKept):
        astra.main(words, standalone_mode=False)
    version = Store.open(folder / "hub").version("odd")
    configs = {output.config for output in version.lineage().outputs}
    rows, why = [list(read_rows(version.files(one), ROW_TYPES[stage])) if one in configs else []
                 for one in ("default", "rejected")]
    assert "quarantined" not in configs, "an odd value is nobody's failure"
    return rows, {name: row["reasons"][0] for row in why for name in (row["input_id"].rpartition("row ")[2], _tool_of(row))}


def _tool_of(row: Row) -> str:
    tools = row.get("tools") or []
    return str(tools[0]["name"]) if len(tools) == 1 else ""


def schema(values: list[str], folder: Path) -> list[str]:
    """In the schema of one tool of a server."""
    lines = []
    for number, text in enumerate(values):
        odd = f'"inputSchema": {{"type": "object", "properties": {{"x": {{"default": {text}}}}}}}'
        tools = [f'{{"name": "tell_{number}_{each}", "description": "{SAY}"}}' for each in range(3)]
        tools.append(f'{{"name": "odd_{number}", "description": "{SAY}", {odd}}}')
        lines.append(f'{{"name": "s{number}", "tools": [{", ".join(tools)}]}}')
    rows, why = made("tools", lines, folder)
    found = {tool["name"]: tool["parameters"]["properties"]["x"]["default"] for row in rows for tool in row["tools"]
             if tool["name"].startswith("odd")}
    return [compared(found[name], text) if (name := f"odd_{number}") in found else why.get(name) or why[str(number + 1)]
            for number, text in enumerate(values)]


def document(values: list[str], folder: Path) -> list[str]:
    """In an OpenAPI document; every fourth value is a document itself, and none that anybody could read."""
    lines = [text if number % 4 == 0 else _api(number, text) for number, text in enumerate(values)]
    rows, why = made("tools", lines, folder)
    tools = {tool["name"]: tool["parameters"]["properties"] for row in rows for tool in row["tools"]}
    outcomes = []
    for number, text in enumerate(values):
        name = f"odd_{number}"
        found = tools.get(name, {}).get("x", {}).get("default") if name in tools else None
        outcomes.append(compared(found, text) if name in tools else why.get(name) or why[str(number + 1)])
    return outcomes


def _api(number: int, text: str) -> str:
    paths = ", ".join(f'"/{each}": {{"get": {{"operationId": "tell_{number}_{each}", "summary": "{SAY}"}}}}' for each in range(3))
    odd = f'{{"name": "x", "in": "query", "schema": {{"default": {text}}}}}'
    paths += f', "/odd": {{"get": {{"operationId": "odd_{number}", "summary": "{SAY}", "parameters": [{odd}]}}}}'
    return f'{{"openapi": "3.1.0", "info": {{"title": "d{number}", "version": "1"}}, "paths": {{{paths}}}}}'


def state(values: list[str], folder: Path) -> list[str]:
    """In the state that an environment begins with."""
    return _environments(values, folder, lambda row: row["world"], "initial_state")


def gold(values: list[str], folder: Path) -> list[str]:
    """In the arguments of a gold call."""
    return _environments(values, folder, lambda row: row["turns"][0]["goals"][0], "arguments")


def _environments(values: list[str], folder: Path, part: Callable[[Row], Row], name: str) -> list[str]:
    lines = []
    for number, text in enumerate(values):
        row = json.loads(json.dumps(_row(number)))
        part(row)[name] = {"odd": "ODD"}
        lines.append(json.dumps({key: value for key, value in row.items() if key != "id"}).replace('"ODD"', text))
    rows, why = made("environments", lines, folder)
    found = {row["turns"][0]["user"]: part(row)[name]["odd"] for row in rows}
    return [compared(found[words], text) if (words := f"n{number}") in found else why[str(number + 1)]
            for number, text in enumerate(values)]


def _row(number: int, answer: Any = None) -> Row:
    """An environment that is told by its user's words from those of other numbers."""
    known = {field.name: getattr(wallet(), field.name) for field in fields(Environment) if field.name != "id"}
    turns = [replace(known["turns"][0], user=f"n{number}"), *known["turns"][1:]]
    return to_dict(new_row(Environment, **known | {"turns": turns, "answer": answer}))


def in_rows(values: list[Any], folder: Path) -> list[Any]:
    """The values as a file of rows holds them."""
    with Writer(folder / "data", Environment) as writer:
        for number, value in enumerate(values):
            writer.write(_row(number, value))
    return [row["answer"] for row in read_rows(sorted((folder / "data").iterdir()), Environment)]


def mutants(values: list[str], folder: Path) -> list[str]:
    """Every mutant of a gold call comes to the tool as it was made; of what no row holds, none is made."""
    outcomes = []
    image = Image((("m", "def echo(**given):\n    return given\n"),))
    with Sandbox(1, "best_effort") as sandbox, sandbox.start(image) as episode:
        for text in values:
            value = json.loads(text)
            if why := fault(value):
                outcomes.append(why)
                continue
            kinds = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
            about = {"odd": {"type": kinds.get(type(value), "null")}, "more": {"type": "integer"}}
            goal = Goal("1", "echo", {"odd": value}, None, None, Match("call"), [])
            parameters = {"parameters": {"type": "object", "required": ["odd"], "properties": about}}
            made = [*mutants_of(goal, parameters, {"odd": [value, 1, "x"]}, {str(value)}), *optioned(goal, parameters)]
            sent = [goal.arguments, *(mutant.arguments for mutant in made)]
            got = episode.call_many([Call("m.echo", arguments) for arguments in sent])
            told = [compared(one.value, json.dumps(arguments)) if one.kind == "ok" else f"{one.kind}: {one.message}"
                    for one, arguments in zip(got, sent, strict=True)]
            outcomes.append(next((each for each in told if each != KEPT), KEPT))
    return outcomes


def result(values: list[str], folder: Path) -> list[str]:
    """The structured content of a tool's result, in the text that a policy is shown and a row holds."""
    (folder / "server.py").write_text(SERVER)
    (folder / "values").write_text("\n".join(values))
    entry = ServerEntry("s", "stdio", sys.executable, (str(folder / "server.py"), str(folder / "values")))
    shown = asyncio.run(_called(entry, len(values)))
    stored = iter(in_rows([text for _, text in shown if text is not None], folder))
    return [why or _told(next(stored), text) for (why, _), text in zip(shown, values, strict=True)]


def _told(content: str, text: str) -> str:
    if "\n[cut off: " in content:
        return "cut off with a mark"
    return compared(json.loads(content), f'{{"odd": {text}}}')


async def _called(entry: ServerEntry, count: int) -> list[tuple[str, str | None]]:
    """(why there is none, content) of each call."""
    outcomes: list[tuple[str, str | None]] = []
    template = Template()
    while len(outcomes) < count:
        with template.fresh() as workspace:
            session = await McpSession.start(entry, workspace)
            while session.alive and len(outcomes) < count:
                try:
                    found = await session.call("get", {"n": len(outcomes)})
                    outcomes.append((found.content, None) if found.is_error else ("", found.content))
                except ToolBackendDown as down:
                    outcomes.append((str(down), None))
            await session.close()
    template.close()
    return outcomes
