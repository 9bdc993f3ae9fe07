"""A call on a server that works on nothing but its workspace stays in it, whatever a task or a policy asks for."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.pool import Pool
from astra_data.tools.reach import reaches_out
from astra_data.tools.workspace import Template

PROGRAM = Path(__file__).parents[1] / "mcp_servers" / "server.py"


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "/home/joe/.bashrc"},
        {"anything": "/etc/passwd"},
        {"anything": "file:///home/joe/a"},
        {"file_path": "/data/a"},
        {"outputDir": "/tmp/a"},
        {"files": ["a", "../a"]},
        {"name": "a/../../a"},
        {"path": "/workspace/../etc/a"},
        {"path": "/workspaces/a"},
        {"options": {"target": {"folder": "/data"}}},
        {"path": " //home/joe/a "},
        {"path": "~root/a"},
        {"sql": "ATTACH '/home/joe/a.db' AS a"},
        {"command": "rm -r ../a"},
        {"code": "open('/etc/passwd')\nprint(1)"},
    ],
)
def test_an_argument_that_names_a_path_outside(arguments: Any) -> None:
    assert reaches_out(arguments) is not None


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "/workspace"},
        {"path": "/workspace/a/../b"},
        {"path": "a/../b"},
        {"path": "."},
        {"path": "~/notes"},
        {"path": "/dev/null"},
        {"text": "It stands in /etc/hosts, as always."},
        {"text": "one\n/home/joe"},
        {"revision": "main..dev"},
        {"pattern": "/items/"},
        {"url": "https://example.org/home/joe"},
        {"sql": "SELECT a/b FROM t"},
        {"count": 3, "flag": None, "text": ""},
    ],
)
def test_an_argument_that_does_not(arguments: Any) -> None:
    assert reaches_out(arguments) is None


def test_the_server_does_not_see_such_a_call_and_the_policy_is_told(tmp_path: Path) -> None:
    """What the entry names, or the recipe allows, is another matter."""
    aim = tmp_path / "precious.txt"
    aim.write_text("precious")

    async def write(entry: ServerEntry) -> Any:
        async with Pool({"s": entry}, Template()) as pool, pool.lease("s") as session:
            return await session.call("write", {"path": str(aim), "content": "gone"})

    entry = ServerEntry("s", "stdio", sys.executable, (str(PROGRAM),))
    told = asyncio.run(write(entry))
    assert (told.content, told.is_error, told.backend) == (f"Error: {aim} lies outside of /workspace", True, "none")
    assert aim.read_text() == "precious"
    assert not asyncio.run(write(entry.permitting(frozenset({"write"})))).is_error
    assert aim.read_text() == "gone"
