"""The package that a launcher such as `uvx` starts, and where in its arguments that is said.

    reading("npx", ["-y", "-p", "x@1", "y"]).package                              # 'x@1'
    package_of(ServerEntry("git", "stdio", "uvx", ("mcp-server-git==1.2",)))      # ('pypi:mcp-server-git', '1.2')
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astra_data.tools.mcp_config import ServerEntry

LAUNCHERS: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    **{"uvx": ("pypi", ((),)), "uv": ("pypi", (("tool", "run"), ("run",))), "pipx": ("pypi", (("run",),))},
    **{"npx": ("npm", ((),)), "bunx": ("npm", ((),)), "bun": ("npm", (("x",),)), "npm": ("npm", (("exec",), ("x",)))},
    **{"pnpm": ("npm", (("dlx",),)), "yarn": ("npm", (("dlx",),))},
}
"""Launcher -> where its packages come from, and the words that may stand before its options."""
STARTED = {"--from", "--package", "--spec"}
BESIDE = {"--with", "-w"}
SOURCES = {"--python", "--index", "--index-url", "--default-index", "--extra-index-url"}
OTHERS = {
    *("--directory", "--project", "--cache-dir", "--config-file", "--env-file", "--with-requirements", "--with-editable"),
    *("--find-links", "-f", "--index-strategy", "--prerelease", "--resolution", "--exclude-newer", "--pip-args"),
    *("--registry", "--cache", "--userconfig", "-c", "--call"),
}
"""Options with a value: the package, others beside it, where they come from, and the rest."""
PINNED = re.compile(r"(?P<name>@?\w[\w./-]*)(?:\[[^\]]*\])?(?:(?:==|@)(?P<version>[\w.+-]+))?")


@dataclass(frozen=True, slots=True)
class Reading:
    """`package` as it is written, None for a script. Of the places of arguments, the launcher's own options begin at `start` and
    end at `end`, where a package or a command of one stands; `packages` name packages, and `own` where they come from, too."""

    registry: str
    start: int
    end: int
    package: str | None
    packages: frozenset[int]
    own: frozenset[int]


def reading(command: str, args: Sequence[str]) -> Reading | None:
    """How a launcher reads its arguments; None for any other command."""
    launcher = PurePosixPath(command).name
    registry, ways = LAUNCHERS.get(launcher, ("", ()))
    words = next((words for words in ways if tuple(args[: len(words)]) == words), None)
    if words is None:
        return None
    started, sources = (STARTED | {"-p"}, SOURCES) if registry == "npm" else (STARTED, SOURCES | {"-p"})
    packages, own, found, index = set[int](), set(range(len(words))), list[str](), len(words)
    while index < len(args) and args[index].startswith("-"):
        name, equals, value = args[index].partition("=")
        at = index if equals else index + 1
        if name in started | BESIDE | sources:
            own |= {index, at}
            packages |= {at} if name not in sources else set()
        if name in started and at < len(args):
            found.append(value if equals else args[at])
        index = at + 1 if name in started | BESIDE | sources | OTHERS else index + 1
    if index < len(args):
        found += [] if words == ("run",) and launcher == "uv" else [args[index]]
    return Reading(registry, len(words), index, found[0] if found else None, frozenset(packages), frozenset(own))


def package_of(entry: "ServerEntry") -> tuple[str | None, str | None]:
    """(`pypi:mcp-server-git`, pinned version) of an entry that a launcher starts, else (None, None)."""
    read = reading(entry.command, entry.public().get("args", []))
    found = PINNED.fullmatch(read.package) if read and read.package else None
    return (f"{read.registry}:{found['name']}", found["version"]) if read and found else (None, None)
