"""A call on a server that works on nothing but its workspace stays in it, whatever a task or a policy asks for."""

import asyncio
import posixpath
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        {"command": "rm -rf /home"},
        {"command": "cat /dev/null; ls /srv"},
        {"command": "cat ~/../x"},
        {"/home/joe/a": "text"},
        {"files": {"a": "text", "../a": "text"}},
        {"files": {"/workspace/a": "a server is told this key as it is"}},
        {"path": "//workspace/a"},
        {"path": "/./workspace/a"},
        {"path": "file://localhost/workspace/a"},
        {"uri": "file:///%77orkspace/a"},
        {"renames": [{"from": {"/etc/a": "b"}}]},
        {"paths": "a.txt\n/data/b.txt"},
        {"anything": "/tmp/a"},
        {"sql": "ATTACH DATABASE ('/ho' || 'me/a.db') AS a"},
        {"sql": "ATTACH '/workspace/a/../../a.db' AS a"},
        {"query": "SELECT load_extension(char(47) || 'x')"},
        {"query": "VACUUM INTO 'a' || x"},
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
        {"text": "~5 km", "sep": "/", "range": "A1:B2", "formula": "=A1/B2", "time": "12:30"},
        {"uri": "memo://insights", "revision": "HEAD:docs/a.md"},
        {"path": "$HOME/notes"},
        {"path": "file:///workspace/a%20b"},
        {"sql": "ATTACH DATABASE '/workspace/b.db' AS b"},
        {"query": "VACUUM INTO '/workspace/b.db'"},
        {"query": "how to copy a cat > /dev/null"},
    ],
)
def test_an_argument_that_does_not(arguments: Any) -> None:
    assert reaches_out(arguments) is None


OUT = ["/etc/passwd", "/group", "/", "/home", "//srv/x", "/workspaces/a", "../group", "..", "~/../group", "~root/x", "$HOME/../x"]


def repeated(path: str) -> str:
    head, _, rest = path.partition("/")
    return f"{head}/{'./' * 2100}{rest}"


@pytest.mark.parametrize("path", OUT)
@pytest.mark.parametrize(
    "spell",
    [
        str,
        repeated,
        lambda path: f" {path}\t",
        lambda path: path.replace("/", "///", 1),
        lambda path: path.replace("/", "/a/../", 1) if "/" in path else path,
        lambda path: quote(path, safe=""),
        lambda path: f"file:{path}",
        lambda path: f"FILE://{'LOCALHOST' if path.startswith('/') else ''}{path}" if path[0] == "/" else path,
        lambda path: f"file:{path.replace('o', '%6f').replace('.', '%2E')}",
        lambda path: f"jdbc:sqlite:{path}",
    ],
    ids="plain repeated spaced slashes stepped quoted file FILE partly jdbc".split(),
)
def test_no_spelling_of_a_place_leads_the_check_around(path: str, spell: Callable[[str], str]) -> None:
    assert reaches_out({"path": spell(path)}) is not None, spell(path)[:80]
    assert reaches_out({"options": [{spell(path): 1}]}) is not None or path in ("/", "/group", "//srv/x", "/workspaces/a")


STEPS = st.lists(st.sampled_from(["a", "b", ".", "..", ""]), max_size=12)


@given(STEPS, st.sampled_from(["./", "/workspace/", "~/", "file:///workspace/"]), st.sampled_from(["folder", "anything"]))
def test_a_path_is_outside_if_it_ends_higher_than_it_began(steps: list[str], start: str, name: str) -> None:
    place = posixpath.normpath("/".join(["x", "y", *filter(None, steps)]))
    assert (reaches_out({name: start + "/".join(steps)}) is None) == (place == "x/y" or place.startswith("x/y/"))


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


@pytest.mark.parametrize("value", [
    "@/etc/passwd", "path=/etc/passwd", "/workspace/a:/etc/passwd", "..\\..\\x", "C:\\Windows\\win.ini", "c:/Windows/x",
    "a,/etc/passwd", "'/etc/passwd'", "--out=/etc/passwd", "-o/etc/passwd", ">/home/joe/x", "${X:-/etc/passwd}",
    "\u200b/etc/passwd", "\\u002fetc/passwd", "x|/root/.ssh", "file=%2Fetc%2Fpasswd",
])
def test_a_path_outside_is_seen_within_a_value(value: str) -> None:
    assert reaches_out({"path": value}) is not None
    assert reaches_out({"anything": value}) is not None


@pytest.mark.parametrize("value", [
    "/workspace/etc/passwd", "a/etc/b", "notes/opt/x.txt", "http://example.org/etc/x", "2024/var", "etc", "A:B",
    "x=/workspace/a", "12:30/etcetera", "/dev/null",
])
def test_what_only_looks_like_one_is_not(value: str) -> None:
    assert reaches_out({"path": value}) is None
