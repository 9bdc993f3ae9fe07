"""Which tools of a server may be called: nothing is done that cannot be undone.

    refusals(entry, [Declared("list_mail"), Declared("send_mail")])
    # {"list_mail": None, "send_mail": "its name says `send`, and env.MAIL_TOKEN is a secret"}

A tool may be called if it only reads, if its server works on nothing but the workspace, which is thrown away, and the tool does
not say that it reaches out of it, or if the recipe says so (`servers.NAME.writes`). A tool that destroys what lies in the
workspace destroys nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows.tools import Tool
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.reading import Declared, doubt, prefixes_of
from astra_data.tools.throwaway import lasting

REACHES_OUT = "it declares that it reaches out of its workspace"


def refusals(entry: ServerEntry, tools: Iterable[Declared]) -> dict[str, str | None]:
    """Tool -> why it may not be called, or None where it may. Of several with one name none may be if one may not."""
    declared = list(tools)
    why, prefixes = lasting(entry), prefixes_of(entry.name, [tool.name for tool in declared])
    found: dict[str, str | None] = {}
    for tool in declared:
        found[tool.name] = found.get(tool.name) or _refusal(tool, entry, why, prefixes)
    return found


def unlisted(entry: ServerEntry) -> str | None:
    """The same of a tool that the server does not list."""
    return None if entry.writes == "allow" or confined(entry) else "the server lists no such tool"


def confined(entry: ServerEntry) -> bool:
    """Whether calls may touch nothing but the workspace: only for that reason everything may be called."""
    return entry.writes != "allow" and lasting(entry) is None


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
    if entry.writes == "allow" or tool.name in entry.writes or (why is None and not tool.open_world):
        return None
    found = doubt(tool, prefixes)
    return found and f"{found}, and {why or REACHES_OUT}"
