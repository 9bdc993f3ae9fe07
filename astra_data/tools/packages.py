"""The package that an `mcp.json` entry starts.

    package_of(ServerEntry("git", "stdio", "uvx", ("mcp-server-git==1.2",)))      # ('pypi:mcp-server-git', '1.2')
"""

import re
from pathlib import Path

from astra_data.tools.mcp_config import ServerEntry

PINNED = re.compile(r"(?P<name>@?\w[\w./-]*)(?:\[[^\]]*\])?(?:(?:==|@)(?P<version>[\w.+-]+))?")


def package_of(entry: ServerEntry) -> tuple[str | None, str | None]:
    """(`pypi:mcp-server-git`, pinned version) of a `uvx` or `npx` entry, else (None, None)."""
    runner = {"uvx": "pypi", "npx": "npm"}.get(Path(entry.command).name)
    words = entry.public().get("args", [])
    explicit = next((words[words.index(flag) + 1 :] for flag in ("--from", "--package", "-p") if flag in words), None)
    plain = explicit or [word for index, word in enumerate(words) if not _is_option(words, index)]
    found = PINNED.fullmatch(plain[0]) if runner and plain else None
    return (f"{runner}:{found['name']}", found["version"]) if found else (None, None)


def _is_option(words: list[str], index: int) -> bool:
    return words[index].startswith("-") or (index > 0 and words[index - 1] in {"--with", "--python", "--index", "-w"})
