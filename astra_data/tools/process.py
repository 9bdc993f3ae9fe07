"""The process of a stdio server, started with a parent of its own, and ended with everything that it started itself.

    async with started(["uvx", "mcp-server-git"], env=env, cwd=root, home=home, stderr=file) as process:
        line = await process.reader.readline()
        process.kill()                      # at once; without it the server is asked to end first

The parent is `keeper.py`. It ends everything when the server ends, when we ask for it, and when we are gone, however that comes.
A server may have killed it first: then its group is killed, whose number we hold, and what still has the server's private home
folder for HOME. Only what has left the group and emptied its environment as well outlives that.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import anyio

from astra_data.tools import keeper

MOST_BUFFERED = 32 << 20
PATIENCE = 2.0
"""Seconds in which a server may end by itself, and again after it was told to."""
GENERATIONS = 20
"""How often what is left is looked for: after the first time there is only what was started meanwhile."""


@dataclass(frozen=True, slots=True)
class Process:
    """What a server says, and what is said to it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _kept: subprocess.Popen[bytes]
    _control: IO[bytes]

    def kill(self) -> None:
        """Have everything killed, without waiting for it."""
        self._control.close()

    async def end(self, home: Path) -> None:
        """Close its input, then tell its group to end, then have it killed. Waits until it is gone."""
        self.writer.close()
        if not (await self._ends() or await self._ends(signal.SIGTERM)):
            self.kill()
            await self._ends()
        self.kill()
        self._signal(signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            if self._kept.wait(PATIENCE):
                await asyncio.to_thread(kill_those_at, home)

    async def _ends(self, signalled: signal.Signals | None = None) -> bool:
        """Whether the keeper ends in time, after its group was told so."""
        if signalled:
            self._signal(signalled)
        until = time.monotonic() + PATIENCE
        while not (ended := _has_ended(self._kept)) and time.monotonic() < until:
            await anyio.sleep(0.01)
        return ended

    def _signal(self, signalled: signal.Signals) -> None:
        """To the whole group. Its number is its own as long as the keeper, which began it, is not reaped."""
        if self._kept.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._kept.pid, signalled)


@asynccontextmanager
async def started(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, home: Path, stderr: IO[bytes]
) -> AsyncIterator[Process]:
    """Start a command; all of it has ended when the block is left. `home` is a folder that nobody else has for HOME."""
    read, write = os.pipe()
    with os.fdopen(write, "wb") as control:
        with os.fdopen(read, "rb"):
            kept = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, str(read), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=stderr, bufsize=0, env=env, cwd=cwd, start_new_session=True, pass_fds=(read,),
            )  # fmt: skip
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=MOST_BUFFERED)
        heard, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), kept.stdout)
        spoken, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, kept.stdin)
        process = Process(reader, asyncio.StreamWriter(spoken, flow, None, loop), kept, control)
        try:
            yield process
        finally:
            with anyio.CancelScope(shield=True):
                await process.end(home)
            heard.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended. It is not reaped by that, where the system can say so without."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill_those_at(home: Path) -> None:
    """Kill every process whose HOME is this private folder. Does nothing where processes do not tell."""
    for _ in range(GENERATIONS):
        if not sum([_kill_if_at(home, int(entry.name)) for entry in Path("/proc").glob("[0-9]*")]):
            return
        time.sleep(0.001)


def _kill_if_at(home: Path, pid: int) -> bool:
    """Kill the process if it is one of them, and not another that got its number meanwhile."""
    with suppress(OSError):
        handle = os.pidfd_open(pid)
        try:
            if b"\0HOME=%b\0" % os.fsencode(home) in b"\0" + Path("/proc", str(pid), "environ").read_bytes():
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                return True
        finally:
            os.close(handle)
    return False
