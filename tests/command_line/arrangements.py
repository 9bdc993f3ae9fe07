"""Everything that can be wrong at a border of the command line, as data.

A `Case` is a command, what was arranged before it, the exit code, and the line that a person reads; `...` in the line stands for
any text. `HERE` in words and texts is the folder of the test, `URL` an address that the arrangement supplies.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from scripted_endpoint import Fault, ScriptedEndpoint, always

from astra_data.tools import pool
from astra_data.tools.session import Deadlines

CLOSED = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""

Within = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def nothing(here: Path) -> Iterator[str]:
    yield ""


@dataclass(frozen=True)
class Case:
    """See the module. `within` yields what `URL` stands for."""

    name: str
    command: str
    code: int
    line: str
    files: dict[str, str | bytes] = field(default_factory=dict)
    within: Within = nothing


def arranged(change: Callable[[Path], object]) -> Within:
    """A change made once, before the command."""

    @contextmanager
    def within(here: Path) -> Iterator[str]:
        change(here)
        yield ""

    return within


def one(here: Path, pattern: str) -> Path:
    return next((here / "hub").glob(pattern))


def rewrite(pattern: str, change: Callable[[bytes], bytes]) -> Within:
    """The one file of the store under this pattern, changed."""
    return arranged(lambda here: one(here, pattern).write_bytes(change(one(here, pattern).read_bytes())))


def mounted(command: list[str], folder: Path) -> None:
    if shutil.which("mount") is None or subprocess.run(["mount", *command, str(folder)], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")


@contextmanager
def read_only(here: Path) -> Iterator[str]:
    hub = here / "hub"
    mounted(["--bind", str(hub)], hub)
    try:
        mounted(["-o", "remount,ro,bind"], hub)
        yield ""
    finally:
        subprocess.run(["umount", "-l", str(hub)], check=True)


@contextmanager
def full(here: Path) -> Iterator[str]:
    """The store on a disk of its own, with no byte left."""
    hub = here / "hub"
    hub.rename(here / "aside")
    hub.mkdir()
    mounted(["-t", "tmpfs", "-o", "size=4m", "tmpfs"], hub)
    try:
        shutil.copytree(here / "aside", hub, dirs_exist_ok=True)
        with pytest.raises(OSError, match="No space"), (hub / "rest").open("wb", buffering=0) as rest:
            while rest.write(b"\0" * 4096):
                pass
        yield ""
    finally:
        subprocess.run(["umount", "-l", str(hub)], check=True)


def environment(**variables: str) -> Within:
    @contextmanager
    def within(here: Path) -> Iterator[str]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value.replace("HERE", str(here)))
            yield ""

    return within


@contextmanager
def impatient(here: Path) -> Iterator[str]:
    """Nobody waits a minute and a half for a server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "Deadlines", partial(Deadlines, start=0.5))
        yield ""


@contextmanager
def no_hub(here: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.ENDPOINT", CLOSED)
        yield ""


def endpoint(fault: Fault) -> Within:
    @contextmanager
    def within(here: Path) -> Iterator[str]:
        with ScriptedEndpoint(lambda request: "", [always(fault)]) as running:
            yield running.base_url

    return within


@contextmanager
def interrupting(here: Path) -> Iterator[str]:
    """An endpoint that is asked just when the person presses Ctrl-C."""

    pressed = False

    def script(request: object) -> str:
        nonlocal pressed
        if not pressed:
            pressed = True
            os.kill(os.getpid(), signal.SIGINT)
        return "late"

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it starts in the background ignore it
    try:
        with ScriptedEndpoint(script) as running:
            yield running.base_url
    finally:
        signal.signal(signal.SIGINT, before)
