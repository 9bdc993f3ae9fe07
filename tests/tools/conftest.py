"""Entries for the servers under `tests/mcp_servers`, and a check that nothing outlives a test."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
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
    assert processes_under(folders) == []


def processes_under(folder: Path) -> list[int]:
    """Processes whose environment names `folder`, as that of every server does."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.name != str(os.getpid()) and f"HOME={folder}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found
