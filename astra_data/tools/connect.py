"""What a `tools` row keeps of an `mcp.json` entry, and which entry of the user's own a row's server is started by.

    match_of(server, {"git": entry})        # Match(entry), if the row's server is that one
    match_of(server, {})                    # Match(None, "tool backend: not named - ..."): nothing of a row is ever run

A row's `connection` says how its server was started where the row was made. It is shown, and never used: a command, an address, a
package, a version or the name of a variable that came with a dataset could be anything. A row without one is documentation.
"""

import os
import shlex
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astra_data.characters import one_line
from astra_data.messages import JsonObject
from astra_data.rows import Server
from astra_data.tools.environment import machine_paths
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.packages import package_of
from astra_data.tools.paths import Shown
from astra_data.tools.result import ANOTHER_SERVER, NOT_NAMED
from astra_data.tools.urls import clean_url
from astra_data.tools.workspace import Template

if TYPE_CHECKING:
    from astra_data.tools.pool import Pool


LIST_VERSION = 1
HERE = "/project"
EVERYWHERE = ("/usr/", "/bin/", "/sbin/", "/dev/", "/etc/", "/workspace")


@dataclass(frozen=True, slots=True)
class Match:
    """How a row's server is started: by an `entry` of the user's, or not at all. `refusal` says why not, where it should be."""

    entry: ServerEntry | None
    refusal: str | None = None

    @property
    def documented(self) -> bool:
        """Whether there is nothing to start."""
        return self.entry is None and self.refusal is None


@asynccontextmanager
async def open_pool(servers: Iterable[Server], named: Mapping[str, ServerEntry], template: Template,
                    stateless: frozenset[str]) -> AsyncIterator["Pool"]:
    """A pool of every server that can be started; leaving it ends them all. The MCP client is loaded only here."""
    from astra_data.tools.pool import Pool

    entries = {server.name: entry for server in servers if (entry := match_of(server, named).entry) is not None}
    async with Pool(entries, template, stateless=stateless & entries.keys()) as pool:
        yield pool


def connection_of(entry: ServerEntry, environ: Mapping[str, str] = os.environ) -> JsonObject:
    """The entry as rows and keys hold it: no secrets, and no paths of this machine."""
    connection: JsonObject = Shown({}, machine=machine_paths(environ)).json(entry.public())
    if entry.transport == "http":
        return connection
    args = [_without_folder(argument) for argument in connection["args"]]
    return connection | {"command": _without_folder(connection["command"]), "args": args}


def listing_of(entry: ServerEntry) -> JsonObject:
    """What is recorded as asked of a server that lists its tools."""
    return {"connection": connection_of(entry), "list": LIST_VERSION}


def _without_folder(argument: str) -> str:
    """A file or folder that only this machine has, by its name alone; `--flag=/srv/x` too."""
    flag, equals, value = argument.partition("=") if argument.startswith("-") else ("", "", argument)
    own = value.startswith("/") and not value.startswith((*EVERYWHERE, f"{HERE}/")) and Path(value).exists()
    return f"{flag}{equals}{HERE}/{Path(value).name}" if own else argument


def match_of(server: Server, named: Mapping[str, ServerEntry]) -> Match:
    """The entry of the row's name, if it starts the same package. Whether it lists the row's tools is seen when it runs."""
    if server.connection is None:
        return Match(None)
    name, entry = one_line(server.name, 64), named.get(server.name)
    if entry is None:
        return Match(None, f"{NOT_NAMED} - {name}: the dataset starts it by `{command_of(server.connection)}`, which is not run; "
                           "put the server into the mcp.json of your recipe (--recipe), or have it emulated "
                           f"(servers.{name}.emulate: true)")
    wanted, found = server.source.package, package_of(entry)[0]
    if wanted is not None and wanted != found:
        return Match(None, f"{ANOTHER_SERVER} - {name}: the dataset's is {one_line(wanted, 80)}, and the one of your mcp.json is "
                           f"{found or 'no package'}; name the same one, or have it emulated (servers.{name}.emulate: true)")
    return Match(entry)


def command_of(connection: Any, most: int = 200) -> str:
    """How a row says that its server was started, for people to read."""
    if not isinstance(connection, dict):
        return one_line(connection, most)
    if connection.get("type") == "http":
        return one_line(clean_url(str(connection.get("url", ""))), most)
    args = connection.get("args")
    words = [connection.get("command", ""), *(args if isinstance(args, list) else ())]
    return one_line(shlex.join(map(str, words)), most)
