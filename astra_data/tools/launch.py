"""How the process of a stdio server is started, and ended with everything it started itself.

    async with running(entry, workspace, environ) as (read, write):     # the streams of the official client
        ...

The official transport spawns the process in its own group, but kills the group only if the leader does not go by
itself. A line of shell tells us the group, so that a grandchild cannot outlive the session. Nor can anything outlive
us, however we end: a shell in the group reads from a pipe that we alone hold open, and kills the group at its end.
"""

import logging
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TextIO

import httpx2
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from astra_data.bounded.answers import HOOKS, PLAIN
from astra_data.tools.environment import scrubbed
from astra_data.tools.links import regular
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.stdio import stdio
from astra_data.tools.workspace import TAIL, Workspace, last_lines

GUARDED = """rm -f "$0/group" "$0/stderr"
set -C
echo $$ >"$0/group" || exit
(read -r _ <&3; kill -s KILL -- -$$) 3<&2 </dev/null >/dev/null 2>&1 &
exec "$@" 2>"$0/stderr"
"""
"""Given the workspace's folder and the command. Standard error comes in as the pipe, and becomes a file.

Neither file is written through a link that an earlier process of the workspace has left: what exists is not opened.
"""
OLD_SDK = ("--with", "mcp<2")


@asynccontextmanager
async def running(entry: ServerEntry, workspace: Workspace, environ: Mapping[str, str]) -> AsyncIterator[tuple[Any, Any]]:
    """The message streams of a server; its processes are gone when the block is left. `entry` is expanded."""
    _hush()
    if entry.transport == "http":
        timeout = httpx2.Timeout(30.0, read=None)
        async with (
            httpx2.AsyncClient(headers=PLAIN | dict(entry.headers), timeout=timeout, event_hooks=HOOKS) as client,
            streamable_http_client(entry.url, http_client=client) as streams,
        ):
            yield streams
        return
    ours, theirs = _pipe()
    try:
        with theirs:
            async with stdio(_parameters(entry, workspace, environ), theirs) as streams:
                yield streams
    finally:
        kill_group(workspace)
        ours.close()


def _pipe() -> tuple[IO[str], TextIO]:
    """(the end that this process holds open, the end that a server's guard reads)."""
    read, write = os.pipe()
    return os.fdopen(write, "w"), os.fdopen(read)


def _parameters(entry: ServerEntry, workspace: Workspace, environ: Mapping[str, str]) -> StdioServerParameters:
    env = scrubbed(environ, home=workspace.home, tmp=workspace.tmp) | workspace.to_real(dict(entry.env))
    words = workspace.to_real([entry.command, *entry.args])
    if "/" not in words[0] and not shutil.which(words[0], path=env["PATH"]):
        raise FileNotFoundError(f"the command {words[0]} is not installed")
    return StdioServerParameters(
        command="/bin/sh",
        args=["-c", GUARDED, str(workspace.base), *words],
        env=env,
        cwd=workspace.root,
        encoding_error_handler="replace",
    )


def _group_file(workspace: Workspace) -> Path:
    return workspace.base / "group"


def kill_group(workspace: Workspace) -> None:
    """Kill every process of the group at once. Does nothing when there is none."""
    with suppress(OSError, ValueError):
        group = int(regular(_group_file(workspace), 20))
        if group > 1 and group != os.getpgrp():
            os.killpg(group, signal.SIGKILL)


def stderr_tail(workspace: Workspace) -> str:
    """The last words of the server, as they may be shown."""
    with suppress(OSError):
        said = last_lines(regular(workspace.base / "stderr", 64 * TAIL + 1), 64 * TAIL)
        return workspace.to_shown(said).strip()[-TAIL:]
    return ""


def for_old_sdk(entry: ServerEntry) -> ServerEntry | None:
    """The entry with `mcp<2` added to its environment, or None where that cannot be said.

    Many servers declare `mcp>=1` without a ceiling, and do not start with version 2.
    """
    words = (entry.command, *entry.args)
    at = 1 if Path(entry.command).name == "uvx" else 3 if words[1:3] == ("tool", "run") else 0
    if not at or OLD_SDK[1] in words:
        return None
    return replace(entry, args=(*words[1:at], *OLD_SDK, *words[at:]))


def _hush() -> None:
    """Keep the official transports from logging tracebacks for what becomes a result or a `ToolBackendDown` here."""
    for transport in ("stdio", "streamable_http"):
        logging.getLogger(f"mcp.client.{transport}").setLevel(logging.CRITICAL)
