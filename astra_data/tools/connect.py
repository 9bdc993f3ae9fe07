"""What a `tools` row keeps of an `mcp.json` entry, and the way back from rows to running servers.

A row holds its `mcp.json` entry without secrets. The recipe's own `mcp.json`, where it names the server, is used instead; else
the values of the named variables are taken from the environment.
"""

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from astra_data.errors import ToolError
from astra_data.messages import JsonObject
from astra_data.rows import Server
from astra_data.tools.environment import machine_paths
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.paths import Shown
from astra_data.tools.secrets import MASK
from astra_data.tools.workspace import Template

if TYPE_CHECKING:
    from astra_data.tools.pool import Pool


HERE = "/project"
EVERYWHERE = ("/usr/", "/bin/", "/sbin/", "/dev/", "/etc/", "/workspace")


@asynccontextmanager
async def open_pool(servers: Iterable[Server], named: Mapping[str, ServerEntry], template: Template,
                    stateless: frozenset[str]) -> AsyncIterator["Pool"]:
    """A pool of every server that can be started; leaving it ends them all. The MCP client is loaded only here."""
    from astra_data.tools.pool import Pool

    entries = {server.name: entry for server in servers if (entry := entry_of(server, named)) is not None}
    async with Pool(entries, template, stateless=stateless & entries.keys()) as pool:
        yield pool


def connection_of(entry: ServerEntry, environ: Mapping[str, str] = os.environ) -> JsonObject:
    """The entry as rows and keys hold it: no secrets, and no paths of this machine."""
    connection: JsonObject = Shown({}, machine=machine_paths(environ)).json(entry.public())
    if entry.transport == "http":
        return connection
    args = [_without_folder(argument) for argument in connection["args"]]
    return connection | {"command": _without_folder(connection["command"]), "args": args}


def _without_folder(argument: str) -> str:
    """A file or folder that only this machine has, by its name alone; `--flag=/srv/x` too."""
    flag, equals, value = argument.partition("=") if argument.startswith("-") else ("", "", argument)
    own = value.startswith("/") and not value.startswith((*EVERYWHERE, f"{HERE}/")) and Path(value).exists()
    return f"{flag}{equals}{HERE}/{Path(value).name}" if own else argument


def entry_of(server: Server, named: Mapping[str, ServerEntry]) -> ServerEntry | None:
    """How to start the server of a row, or None if it is documentation only.

    Raises `ToolError` where the row had a secret or a path among its arguments and no `mcp.json` gives it back.
    """
    if server.name in named:
        return named[server.name]
    connection = server.connection
    if not isinstance(connection, dict):
        return None
    words = [connection.get("command", ""), *connection.get("args", ())]
    if any(lost in word for word in words for lost in (MASK, f"{HERE}/", "/home/user/")):
        raise ToolError(f"the entry of server {server.name} held a secret or a path, which its row does not keep",
                        mend="name the server in the mcp.json of a recipe, and give that with --recipe")
    return _entry(server.name, connection)


def _entry(name: str, connection: JsonObject) -> ServerEntry:
    if connection.get("type") == "http":
        headers = {header: f"${{{header.upper().replace('-', '_')}}}" for header in connection["headers"]}
        return ServerEntry(name, "http", url=connection["url"], headers=headers)
    env = {variable: f"${{{variable}}}" for variable in connection["env"]}
    return ServerEntry(name, "stdio", connection["command"], tuple(connection["args"]), env)
