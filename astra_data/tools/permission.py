"""Which tools of a server may be called: nothing is done that cannot be undone.

    refusals(entry, [Declared("list_mail"), Declared("send_mail")])
    # {"list_mail": None, "send_mail": "its name says `send`, and env.MAIL_TOKEN is a secret"}

A tool may be called if it only reads, if its server works on nothing but the workspace, which is thrown away, and the tool
neither says that it reaches out of it nor runs what it is told, or if the recipe says so (`servers.NAME.writes`). A tool that
destroys what lies in the workspace destroys nothing else.

What a judgement allows it allows for the parameters that the server lists, and for places in the workspace.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from astra_data.characters import one_line
from astra_data.exact import fault
from astra_data.messages import JsonObject
from astra_data.rows.tools import Tool
from astra_data.tools.code import runs
from astra_data.tools.declared import Declared, kinds, properties
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.reach import reaches_out
from astra_data.tools.reading import doubt, of_parameters, prefixes_of
from astra_data.tools.result import ToolResult
from astra_data.tools.throwaway import lasting, names_a_place

REACHES_OUT = "it declares that it reaches out of its workspace"
LEADS_ANYWHERE = "what is run leads anywhere"


def refusals(entry: ServerEntry, tools: Iterable[Declared]) -> dict[str, str | None]:
    """Tool -> why it may not be called, or None where it may. Of several with one name none may be if one may not."""
    declared = list(tools)
    why, prefixes = lasting(entry), prefixes_of(entry.name, [tool.name for tool in declared])
    found: dict[str, str | None] = {}
    for tool in declared:
        found[tool.name] = found.get(tool.name) or _refusal(tool, entry, why, prefixes)
    return found


def granted(entry: ServerEntry, tool: str) -> bool:
    """Whether the recipe says that the tool may be called, so that nothing is judged."""
    return entry.writes == "allow" or tool in entry.writes


def unlisted(entry: ServerEntry) -> str | None:
    """Why a tool that the server does not list may not be called: nothing of it is known."""
    return None if entry.writes == "allow" else "the server lists no such tool"


def undeclared(entry: ServerEntry, tools: Iterable[Declared], name: str, arguments: JsonObject) -> str | None:
    """Why a tool that may be called may not be called so: what was judged are the parameters that the server lists."""
    if granted(entry, name):
        return None
    judge = runs if lasting(entry) is None else of_parameters
    for tool in (tool for tool in tools if tool.name == name):
        known = {name for kind in kinds(tool.parameters, tool.parameters) if kind for name in _mapping(kind.get("properties"))}
        if extra := next((key for key in arguments if key not in known), None):
            return f"its server lists no parameter `{one_line(extra, 60)}`"
        inner = set(_keys(list(arguments.values()))) - {name for name, _ in properties(tool.parameters)}
        if inner and (found := judge(replace(tool, parameters={"properties": {key: {} for key in sorted(inner)}}))):
            return one_line(found, 120)
    return None


def strayed(entry: ServerEntry, tool: str, arguments: JsonObject) -> ToolResult | None:
    """What comes of a call that names a place outside of the workspace: nothing is sent. None where it may be sent.

    Only the entry and the arguments decide, so no server has to be asked, and the recipe may change it.
    """
    if granted(entry, tool) or entry.transport == "http" or names_a_place(entry):
        return None
    if (place := reaches_out(arguments)) is None:
        return None
    return ToolResult(f"Error: {one_line(place)} lies outside of /workspace", is_error=True, backend="none")


def unsendable(arguments: JsonObject) -> ToolResult | None:
    """What comes of a call whose arguments would arrive as others; None where they arrive as they are."""
    why = fault(arguments)
    return ToolResult(f"Error: these arguments cannot be sent: {why}", is_error=True, backend="none") if why else None


def of_row(tool: Tool) -> Declared:
    return Declared(tool.name, tool.description, tool.parameters, tool.annotations)


def of_wire(tools: Iterable[JsonObject]) -> list[Declared]:
    """The tools of a `tools/list`; what has no name cannot be called."""
    return [
        Declared(tool["name"], str(tool.get("description") or ""), tool.get("inputSchema"), _hints(tool))
        for tool in tools if isinstance(tool.get("name"), str)
    ]


def _hints(tool: Mapping[str, Any]) -> Any:
    hints = tool.get("annotations")
    return {"title": tool["title"], **(hints or {})} if tool.get("title") and isinstance(hints, dict | None) else hints


def _refusal(tool: Declared, entry: ServerEntry, why: str | None, prefixes: frozenset[tuple[str, ...]]) -> str | None:
    if granted(entry, tool.name):
        return None
    why = why or (REACHES_OUT if tool.open_world else None)
    found = runs(tool) if why is None else None
    if why is None and found is None:
        return None
    doubted = doubt(tool, prefixes)
    return doubted and f"{found or doubted}, and {why or LEADS_ANYWHERE}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _keys(value: Any) -> Iterator[str]:
    """The keys of every object in a JSON value."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield from one if isinstance(one, dict) else ()
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
