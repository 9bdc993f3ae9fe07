"""How the server of an entry is reached: over the pipes of a process that is started for it, or over HTTP.

    async with running(entry, workspace, environ) as (read, write, kill):     # the streams of the official client
        ...
"""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from astra_data.bounded.answers import HOOKS, MOST_BYTES, PLAIN
from astra_data.tools.bodies import Exact
from astra_data.tools.commands import absent_command
from astra_data.tools.environment import scrubbed
from astra_data.tools.links import regular
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.packages import reading
from astra_data.tools.process import started
from astra_data.tools.statuses import Telling
from astra_data.tools.stdio import stdio
from astra_data.tools.workspace import TAIL, Workspace, last_lines

STDERR = "stderr"
OLD_SDK = ("--with", "mcp<2")


@asynccontextmanager
async def running(
    entry: ServerEntry, workspace: Workspace, environ: Mapping[str, str]
) -> AsyncIterator[tuple[Any, Any, Callable[[], None]]]:
    """The message streams of a server, and what ends its processes at once; they are gone when the block is left. `entry` is
    expanded. The official client logs a traceback for each odd message of a server; what matters of that is a result or a
    `ToolBackendDown` here."""
    for name in ("mcp", "client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if entry.transport == "http":
        async with _over_http(entry) as (read, write):
            yield read, write, lambda: None
        return
    env = scrubbed(environ, home=workspace.home, tmp=workspace.tmp) | workspace.to_real(dict(entry.env))
    command = workspace.to_real([entry.command, *entry.args])
    if "/" not in command[0] and (why := absent_command(command[0], env["PATH"])):
        raise FileNotFoundError(why)
    said = workspace.base / STDERR
    said.unlink(missing_ok=True)
    with said.open("xb") as stderr:
        process = started(command, env=env, cwd=workspace.root, home=workspace.home, stderr=stderr)
        async with process as made, stdio(made.reader, made.writer) as (read, write):
            yield read, write, made.kill


@asynccontextmanager
async def _over_http(entry: ServerEntry) -> AsyncIterator[tuple[Any, Any]]:
    """The official transport, of bounded answers."""
    timeout = httpx2.Timeout(30.0, read=None)
    async with (
        httpx2.AsyncClient(headers=PLAIN | dict(entry.headers), timeout=timeout, event_hooks=HOOKS,
                           transport=Telling(Exact(httpx2.AsyncHTTPTransport()))) as client,
        streamable_http_client(entry.url, http_client=client, max_sse_event_size=MOST_BYTES) as streams,
    ):
        yield streams


def stderr_tail(workspace: Workspace) -> str:
    """The last words of the server, as they may be shown."""
    with suppress(OSError):
        said = last_lines(regular(workspace.base / STDERR, 64 * TAIL + 1), 64 * TAIL)
        return workspace.to_shown(said).strip()[-TAIL:]
    return ""


def for_old_sdk(entry: ServerEntry) -> ServerEntry | None:
    """The entry with `mcp<2` added to its environment, or None where that cannot be said.

    Many servers declare `mcp>=1` without a ceiling, and do not start with version 2.
    """
    read = reading(entry.command, entry.args)
    if read is None or not (read.start == 2 or Path(entry.command).name == "uvx") or OLD_SDK[1] in entry.args:
        return None
    return replace(entry, args=(*entry.args[: read.start], *OLD_SDK, *entry.args[read.start :]))

