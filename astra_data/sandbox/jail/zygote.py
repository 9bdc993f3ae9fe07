"""The program of a worker: preloads modules, locks itself in, and forks a child per episode.

On the control socket (SEQPACKET) it gets, one a message:

    F {json}    with a socket: fork a child that serves it; answered by its pid, or by minus an errno
    S pid       answered by whether it has ended, its wait status and its CPU seconds
    K pid       kill it; answered like S, once it has ended
    k pid       kill it and forget it; no answer

It ends when the host hangs up, and its children end with it. The socket of a host that was killed stays open while a process that
the host forked lives, so the zygote looks every `LOOK_MS` whether its parent is still the host.
"""

import gc
import importlib
import json
import os
import posix
import resource
import select
import signal
import socket
import struct
import sys
from pathlib import Path
from typing import NoReturn

from astra_data.sandbox.jail import kernel, layers
from astra_data.sandbox.jail.child import Child
from astra_data.sandbox.jail.scrubbing import module_paths

ENDED = struct.Struct("<?id")
PID = struct.Struct("<i")
DESCRIPTOR = struct.Struct("@i")
PASSED_BYTES = socket.CMSG_SPACE(DESCRIPTOR.size)
MESSAGE_BYTES = 1 << 16
REAP_MS = 1
LOOK_MS = 500
MODULES = """
abc array base64 binascii bisect calendar cmath codecs collections collections.abc contextlib copy csv dataclasses datetime
decimal difflib enum errno fractions functools hashlib heapq hmac html inspect io itertools json keyword locale logging math
numbers operator os os.path pathlib pprint queue random re secrets shlex statistics string struct subprocess sys tempfile
textwrap threading time traceback types typing unicodedata urllib.parse uuid warnings weakref zlib zoneinfo _strptime
encodings.idna encodings.latin_1 encodings.ascii encodings.utf_16 encodings.cp1252
""".split()
UNWANTED = ("_bz2", "_lzma", "_uuid")
"""Libraries that modules load if they can, and that nobody needs: each makes every fork dearer."""


class Zygote:
    """`host` is the pid of the process that started it. `forgotten` are children that were killed and that nobody will ask about;
    they are reaped when they have ended."""

    def __init__(self, control: socket.socket, child: Child, host: int) -> None:
        self.control, self.child, self.host = control, child, host
        self.forgotten: list[int] = []
        self.messages = select.poll()
        self.messages.register(control, select.POLLIN)

    def run(self) -> NoReturn:
        while True:
            self._reap()
            while not self.messages.poll(LOOK_MS):
                if os.getppid() != self.host:
                    os._exit(0)
            message, passed, _, _ = self.control.recvmsg(MESSAGE_BYTES, PASSED_BYTES)
            if not message:
                os._exit(0)
            if message[:1] == b"F":
                self._fork(message[1:], DESCRIPTOR.unpack_from(passed[0][2])[0])
            else:
                self._about(message[:1], PID.unpack_from(message, 1)[0])

    def _reap(self) -> None:
        """Take in the forgotten children that have ended, until a message comes or none is left."""
        while self.forgotten:
            self.forgotten = [pid for pid in self.forgotten if not os.waitpid(pid, os.WNOHANG)[0]]
            if self.forgotten and self.messages.poll(REAP_MS):
                return

    def _fork(self, options: bytes, channel: int) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if pid == 0:
            self.child.live(options, channel)
        os.close(channel)
        self.control.sendall(PID.pack(pid))

    def _about(self, question: bytes, pid: int) -> None:
        try:
            if question != b"S":
                os.kill(pid, signal.SIGKILL)
            if question == b"k":
                self.forgotten.append(pid)
        except ProcessLookupError:
            pass
        if question == b"k":
            return
        ending = _ending(pid, 0 if question == b"K" else os.WNOHANG)
        self.control.sendall(ENDED.pack(ending is not None, *(ending or (0, 0.0))))


def _ending(pid: int, options: int) -> tuple[int, float] | None:
    """The status of a child that has ended and its CPU seconds, once; None while it runs, and when it was had before."""
    try:
        ended, status, used = os.wait4(pid, options)
    except ChildProcessError:
        return None
    return (status, used.ru_utime + used.ru_stime) if ended else None


def preload(names: list[str], paths: list[str]) -> None:
    """Import what children may import. `names` were asked for: a missing one is an error."""
    sys.modules.update(dict.fromkeys(UNWANTED))  # type: ignore[arg-type]  # as if they were not there
    for name in MODULES:
        importlib.import_module(name)
    for name in UNWANTED:
        del sys.modules[name]
    sys.path.extend(path for path in paths if path not in sys.path)
    for name in names:
        importlib.import_module(name)
    if "numpy" in sys.modules:
        importlib.import_module("numpy.random")  # loaded when first used, which is too late in a child
    os.register_at_fork = posix.register_at_fork
    sys.modules["datetime"].datetime.strptime("2024-01-01", "%Y-%m-%d")


def forget_the_machine() -> dict[str, str]:
    """Take this machine out of what code can see; the paths of Python's modules, and what they are shown as."""
    paths = module_paths(list(sys.modules.values()), {str(Path(__file__).parents[3]), str(Path(os.__file__).parent), *sys.path})
    for name in [one for one in sys.modules if one.partition(".")[0] in ("astra_data", "ctypes", "_ctypes", "__main__")]:
        del sys.modules[name]
    os.environ.clear()
    sys.path[:], sys.argv[:] = [], [""]
    sys.orig_argv, sys.executable = [], ""
    sys.prefix = sys.exec_prefix = sys.base_prefix = sys.base_exec_prefix = "/python"
    sys.path_importer_cache.clear()
    sys.dont_write_bytecode = True
    return paths


def main() -> NoReturn:
    """Arguments of the program: the number of the control socket's descriptor, and the options as JSON."""
    options = json.loads(sys.argv[2])
    if not kernel.fixed_addresses() and options.pop("again", True) and kernel.ask_for_fixed_addresses():
        arguments = [*sys.orig_argv[:-1], json.dumps({**options, "again": False})]
        os.execv(sys.executable, arguments)
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        preload(options["preload"], options["paths"])
        base = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        report = layers.lock_in(frozenset(options["layers"]))
        child = Child(report, base, forget_the_machine())
        child.rehearse()
    except BaseException as error:
        control.sendall(json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        os._exit(1)
    gc.collect()
    gc.freeze()
    control.sendall(json.dumps(report).encode())
    Zygote(control, child, options["host"]).run()
