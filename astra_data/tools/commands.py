"""Whether the program that an entry of `mcp.json` names is here, before anything is started.

    absent(entry)       # 'the command uvx is not installed', or None

Of a program in the workspace of a rollout nobody knows before there is one, so that nothing is said of it.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from astra_data.tools.environment import program_path
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.plain import plain
from astra_data.tools.urls import MASK


def absent(entry: ServerEntry, environ: Mapping[str, str] = os.environ) -> str | None:
    """Why the server of an entry cannot be started here; None where it may be, and for one that is reached over HTTP. Raises
    `UsageError` for a variable that is not set."""
    entry = entry.expanded(environ)
    return None if entry.transport == "http" else absent_command(entry.command, program_path(environ))


def absent_command(command: str, path: str) -> str | None:
    """Why a command cannot be run, looked for in the folders of `path`. One that is not evidently plain may hold a secret, and
    is not repeated."""
    if "/" not in command:
        found = shutil.which(command, path=path) is not None
    else:
        found = not command.startswith("/") or command.startswith("/workspace/") or Path(command).exists()
    return None if found else f"the command {command if plain(command) else MASK} is not installed"
