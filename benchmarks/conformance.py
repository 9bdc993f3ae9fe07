"""The client scenarios of the official MCP conformance suite, driven by our session.

    python -m benchmarks.conformance            # npx brings the suite, and a Node that it runs on, into .cache/conformance
    python -m benchmarks.conformance URL        # what the suite runs: lists the tools of the server, and calls each

Authorisation and elicitation are apart: a session has nobody to ask. So are scenarios of revisions without the handshake of
`initialize`, which a session does not speak; they are named. A scenario that the suite itself breaks stands in `BROKEN`.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from typing import Any

from benchmarks.figure import ROOT, Figure, show

VERSIONS = ("0.1.16", "0.2.0-alpha.12")
"""The latest release, and the latest before the next one."""
NODE = "22.23.3"
CACHE = ROOT / ".cache" / "conformance"
APART = ("auth/", "elicitation")
REVISIONS = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}
"""Of the protocol, those with the handshake."""
BROKEN = {
    "0.1.9: tools_call": "its server connects one object anew for each request, which its own SDK refuses from the second on: "
                         "every client gets HTTP 500 for tools/list; later versions do not",
}
"""Version and scenario -> why no client can pass it. None of `VERSIONS` has one."""
LISTED = re.compile(r"^  - (\S+) \[(.*)\]$", re.MULTILINE)
COUNTED = re.compile(r"Passed: (\d+)/(\d+)")
VALUES: dict[str, Any] = {"string": "text", "number": 2.5, "integer": 2, "boolean": True, "array": []}


class NoSuiteError(Exception):
    """The suite cannot be had; the text says why."""


def suite(version: str, *words: str) -> str:
    """What a command of the suite says, also of what fails. Raises `NoSuiteError` where npx is missing or does not start it."""
    if not shutil.which("npx"):
        raise NoSuiteError("there is no npx here")
    CACHE.mkdir(parents=True, exist_ok=True)
    packages = [f"--package=node@{NODE}", f"--package=@modelcontextprotocol/conformance@{version}"]
    environ = os.environ | {"npm_config_cache": str(CACHE), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    done = subprocess.run(["npx", "--yes", "--prefer-offline", *packages, "conformance", *words], cwd=CACHE, env=environ,
                          check=False, capture_output=True, text=True)
    if not LISTED.search(done.stdout) and not COUNTED.search(done.stdout + done.stderr):
        raise NoSuiteError(f"npx does not start {version}: {done.stderr.strip()[-300:]}")
    return done.stdout + done.stderr


def scenarios(version: str) -> tuple[list[str], list[str]]:
    """The scenarios that are run, and those of other revisions, which are not."""
    found = [(name, set(revisions.split(","))) for name, revisions in LISTED.findall(suite(version, "list", "--client"))
             if not name.startswith(APART)]
    return [name for name, held in found if held & REVISIONS], [name for name, held in found if not held & REVISIONS]


def measured(version: str, scenario: str) -> Figure:
    """How many checks of a scenario pass. One without a check, or whose client failed, does not."""
    said = suite(version, "client", "--command", f"{sys.executable} -m benchmarks.conformance", "--scenario", scenario)
    counted = COUNTED.search(said)
    passed, checks = counted.groups() if counted else ("0", "0")
    whole = passed == checks != "0" and "OVERALL: PASSED" in said
    if not whole:
        print(said)
    return Figure(f"mcp {version}: {scenario}", f"{passed} of {checks}", f"= {checks} of {checks}", whole)


def figures() -> list[Figure]:
    """The figures; none, with a word about it, where the suite cannot be had."""
    try:
        found = []
        for version in VERSIONS:
            run, others = scenarios(version)
            for name in others:
                print(f"mcp {version}: {name}: not run, it is of a revision without handshake, or of an extension")
            found += [measured(version, name) for name in run]
    except NoSuiteError as error:
        print(f"conformance: not measured, {error}")
        return []
    for name, why in BROKEN.items():
        print(f"mcp {name}: broken by the suite itself: {why}")
    return found


async def drive(url: str) -> list[str]:
    """List the tools of a server and call each; what they said. An object that a tool wants is the schema of the first."""
    from astra_data.tools.mcp_config import ServerEntry
    from astra_data.tools.session import McpSession
    from astra_data.tools.workspace import Template

    entry = ServerEntry("conformance", "http", url=url, writes="allow")
    with closing(Template()) as template, template.fresh() as workspace:
        session = await McpSession.start(entry, workspace)
        try:
            tools = await session.list_tools()
            return [(await session.call(tool["name"], _arguments(tool, tools[0]))).content for tool in tools]
        finally:
            await session.close()


def _arguments(tool: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    wanted = tool["inputSchema"].get("properties", {})
    return {name: VALUES.get(schema.get("type"), first["inputSchema"]) for name, schema in wanted.items()}


if __name__ == "__main__":
    if sys.argv[1:]:
        print("\n".join(asyncio.run(drive(sys.argv[-1]))))
    else:
        sys.exit(not show(figures()))
