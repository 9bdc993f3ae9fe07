"""A store, a loopback Hub, and clients that talk to it from processes of their own."""

import itertools
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback_hub import LoopbackHub
from loopback_hub.clients import Client, Clients, shared_clients

from astra_data.hub.store import Store, Version

PRELUDE = """
from dataclasses import asdict
from pathlib import Path
from astra_data.errors import AstraError, DataError, EndpointError, UsageError
from astra_data.hub.load import load, resolve
from astra_data.hub.publish import pull, push
from astra_data.hub.store import Store

store = Store.open(root)

def texts(address, **options):
    try:
        return load(address, **options)["text"][:]
    except AstraError as error:
        return f"{type(error).__name__}: {error}"
"""

Start = Callable[[str], Client]
Run = Callable[[str], Any]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture(scope="session")
def clients() -> Clients:
    return shared_clients()


@pytest.fixture(scope="session")
def port(clients: Clients) -> int:
    return clients.port


@pytest.fixture
def hub(tmp_path: Path, port: int) -> Iterator[LoopbackHub]:
    with LoopbackHub(tmp_path / "hub", port=port, clock=lambda: 1_700_000_000) as running:
        yield running
        assert not running.errors, running.errors[0]


@pytest.fixture
def start(clients: Clients, store: Store, tmp_path: Path) -> Start:
    """Start Python code as a client of the hub. It has what `PRELUDE` defines, and `answer`."""
    clients.use_cache(tmp_path / "cache")
    count = itertools.count()

    def run(code: str) -> Client:
        body = PRELUDE + textwrap.dedent(code)
        return clients.start(body, tmp_path / f"client-{next(count)}", {"root": store.root})

    return run


@pytest.fixture
def client(start: Start) -> Run:
    """Run such code to its end and return what it answered."""
    return lambda code: start(code).answer()


@pytest.fixture
def push(client: Run) -> Callable[..., Any]:
    """Push a version; returns `Published` as a dict, with the waits between tries under `waits`."""

    def run(version: Version, repo: str = "org/tasks", options: str = "") -> Any:
        return client(f"""
            waits = []
            done = push(store.version({version.name!r}, {version.tree!r}), {repo!r}, sleep=waits.append, {options})
            answer(asdict(done) | {{"waits": waits}})
        """)

    return run
