"""Entries for the servers under `tests/mcp_servers`, and a check that nothing outlives a test."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from astra_data.tools.mcp_config import ServerEntry

SERVER = Path(__file__).parents[1] / "mcp_servers" / "server.py"
Entry = Callable[..., ServerEntry]


@pytest.fixture
def entry() -> Entry:
    """entry("noise", env={...}) -> the server with these manners."""

    def make(*manners: str, name: str = "manners", **fields: object) -> ServerEntry:
        return ServerEntry(name, "stdio", sys.executable, (str(SERVER), *manners), **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's private folders are made; empty again when all is closed."""
    place = tmp_path / "private"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def nothing_left(folders: Path) -> Iterator[Path]:
    """Fails the test if it leaves a process or a folder behind."""
    yield folders
    assert list(folders.iterdir()) == []
    deadline = time.monotonic() + 30
    while left := servers_under(folders):
        assert time.monotonic() < deadline, f"process groups {left} were left behind"
        time.sleep(0.01)


def servers_under(folder: Path) -> set[int]:
    """Process groups, one for each server, whose environment names `folder`."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.name != str(os.getpid()) and f"HOME={folder}".encode() in (process / "environ").read_bytes():
                found.add(os.getpgid(int(process.name)))
    return found
