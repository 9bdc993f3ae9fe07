"""One zygote: a process of our own, apart from this program, that forks a locked-in child for each episode.

    worker = Worker.start(Setting(hash_seed=0))
    channel, pid = worker.fork({"memory": 1 << 28, ...})
    worker.kill(pid)        # Ending(status=9, cpu_s=0.2)

Methods raise `WorkerLostError` when the zygote is gone; then its children are gone too. Thread-safe.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import astra_data
from astra_data.errors import SandboxError
from astra_data.sandbox.channel import Channel, Deadline, EndedError, MalformedError, OverdueError
from astra_data.sandbox.installed import folders
from astra_data.sandbox.isolation import Isolation, judged
from astra_data.sandbox.jail.layers import LAYERS, Report

BOOT_S: Final = 120.0
ANSWER_S: Final = 30.0
MESSAGE_BYTES: Final = 1 << 16
ENDED: Final = struct.Struct("<?id")
PID: Final = struct.Struct("<i")
# The parent packages stand there empty, so that only the modules of the jail are read. The zygote has one thread and its children
# are seeded, so no module of the library need mend its locks and generators in each child.
PROGRAM: Final = """
import os, sys, types
os.register_at_fork = lambda **_: None
for name, folder in (("astra_data", "{root}"), ("astra_data.sandbox", "{root}/sandbox")):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]
from astra_data.sandbox.jail.zygote import main
main()
"""


class WorkerLostError(Exception):
    """The zygote is gone, or does not answer."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all workers of a pool share. `layers` is less than all of them only in tests of the layers."""

    hash_seed: int = 0
    preload: tuple[str, ...] = ()
    layers: tuple[str, ...] = LAYERS


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended: its wait status and CPU seconds."""

    status: int
    cpu_s: float


class Worker:
    """A running zygote and the control socket to it. `live` counts its episodes, for the pool."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process, self._control, self._lock, self.lost = process, control, threading.Lock(), False
        self.live = 0
        self.isolation: Isolation

    @property
    def pid(self) -> int:
        return self._process.pid

    def runs(self) -> bool:
        """Whether the zygote's process is there."""
        return self._process.poll() is None

    @classmethod
    def start(cls, setting: Setting) -> "Worker":
        """Start a zygote and let a child of it try to get out. Raises `SandboxError` if it cannot be started."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                worker = cls(_launched(setting, theirs.fileno()), ours)
        except OSError as error:
            ours.close()
            raise SandboxError(f"no process could be started: {error.strerror}", mend="free processes or memory") from None
        try:
            worker.isolation = judged(worker._report(), worker._self_test())
        except BaseException:
            worker.close()
            raise
        return worker

    def fork(self, options: dict[str, Any], first_s: float = ANSWER_S) -> tuple[Channel, int]:
        """A child and the channel to it, see `Channel`. Raises `OSError` if the system has no room for one."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                reply = self._ask(b"F" + json.dumps(options).encode(), theirs.fileno())
            pid = int(PID.unpack(reply)[0])
            if pid < 0:
                raise OSError(-pid, os.strerror(-pid))
        except BaseException:
            ours.close()
            raise
        return Channel(ours, first_s), pid

    def ending(self, pid: int) -> Ending | None:
        """How a child ended by itself; None while it runs."""
        return self._ending(b"S", pid)

    def kill(self, pid: int) -> Ending:
        """End a child and wait for it. One that was ending by itself is told by its status."""
        ending = self._ending(b"K", pid)
        return ending or Ending(9, 0.0)

    def forget(self, pid: int) -> None:
        """End a child and ask nothing about it."""
        with self._lock, suppress(OSError):
            self._control.send(b"k" + PID.pack(pid))

    def close(self) -> None:
        """End the zygote and so its children, and wait for it."""
        self.lost = True
        self._control.close()
        self._process.kill()
        self._process.wait()

    def _ending(self, question: bytes, pid: int) -> Ending | None:
        ended, status, cpu_s = ENDED.unpack(self._ask(question + PID.pack(pid)))
        return Ending(status, cpu_s) if ended else None

    def _ask(self, message: bytes, *descriptors: int, within: float = ANSWER_S) -> bytes:
        with self._lock:
            try:
                self._control.settimeout(within)
                if message:
                    socket.send_fds(self._control, [message], descriptors)
                if reply := self._control.recv(MESSAGE_BYTES):
                    return reply
            except OSError:
                pass
            self.lost = True
            raise WorkerLostError

    def _report(self) -> Report:
        try:
            report: Any = json.loads(self._ask(b"", within=BOOT_S))
        except WorkerLostError:
            raise SandboxError("a worker of the sandbox ended while it started", mend="see `astra doctor`") from None
        if error := report.get("error"):
            raise SandboxError(f"a worker of the sandbox could not start: {error}", mend="check the modules to preload")
        return report  # type: ignore[no-any-return]

    def _self_test(self) -> dict[str, bool]:
        options = {"memory": 1 << 28, "cpu_s": 60, "attempts": True}
        try:
            channel, pid = self.fork(options)
            try:
                deadline = Deadline(pid, ANSWER_S, ANSWER_S)
                held: dict[str, bool] = json.loads(channel.receive(MESSAGE_BYTES, deadline.patience))
                held["execute a program"] = _answered(channel, deadline)
            finally:
                channel.close()
                self.kill(pid)
        except (WorkerLostError, OSError, EndedError, OverdueError, MalformedError) as error:
            raise SandboxError(f"the self-test of the sandbox did not end ({type(error).__name__})", mend="try again") from None
        return held


def _answered(channel: Channel, deadline: Deadline) -> bool:
    try:
        return channel.receive(MESSAGE_BYTES, deadline.patience) == b"true"
    except EndedError:
        return False


def _launched(setting: Setting, control: int) -> subprocess.Popen[bytes]:
    options = {
        "layers": list(setting.layers), "preload": list(setting.preload), "again": True, "host": os.getpid(),
        "paths": list(folders()) if setting.preload else [],
    }
    program = PROGRAM.format(root=Path(astra_data.__file__).parent)
    environ = {"PYTHONHASHSEED": str(setting.hash_seed), "LANG": "C.UTF-8", "TZ": "UTC0"}
    environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-S", "-s", "-B", "-P", "-c", program, str(control), json.dumps(options)],
        cwd="/", env=environ, pass_fds=[control], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
