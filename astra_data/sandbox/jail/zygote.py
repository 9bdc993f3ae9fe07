"""The program of a worker: preloads modules, locks itself in, and forks a child per episode.

On the control socket (SEQPACKET) it gets, one a message:

    F {json}    with a socket: fork a child that serves it; answered by its pid, or by minus an errno
    S pid       answered by whether it has ended, its wait status and its CPU seconds
    K pid       kill it; answered like S, once it has ended
    k pid       kill it and forget it; no answer

It ends when the host hangs up, and its children end with it.
"""

import gc
import importlib
import json
import os
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from astra_data.sandbox.jail import attempts, clock, confinement, kernel, layers, randomness, service
from astra_data.sandbox.jail.output import Output
from astra_data.sandbox.jail.scrubbing import Scrubber

ENDED = struct.Struct("<?id")
PID = struct.Struct("<i")
MESSAGE_BYTES = 1 << 16
MODULES = """
abc array base64 binascii bisect calendar cmath codecs collections collections.abc contextlib copy csv dataclasses datetime
decimal difflib enum errno fractions functools hashlib heapq hmac html inspect io itertools json keyword locale logging math
numbers operator os os.path pathlib pprint queue random re secrets shlex statistics string struct subprocess sys tempfile
textwrap threading time traceback types typing unicodedata urllib.parse uuid warnings weakref zlib zoneinfo _strptime
encodings.idna encodings.latin_1 encodings.ascii encodings.utf_16 encodings.cp1252
""".split()


class Zygote:
    """`statuses` of children that have ended and were not yet asked about; `forgotten` are those that nobody will ask about."""

    def __init__(self, control: socket.socket, report: layers.Report, places: list[str], base: int) -> None:
        self.control, self.report, self.places, self.base = control, report, places, base
        self.statuses: dict[int, tuple[int, float]] = {}
        self.forgotten: set[int] = set()
        self.pid = os.getpid()

    def reap(self, *_: Any) -> None:
        """Take in every child that has ended; the handler of SIGCHLD."""
        with suppress(ChildProcessError):
            while True:
                pid, status, used = os.wait4(-1, os.WNOHANG)
                if not pid:
                    return
                if pid in self.forgotten:
                    self.forgotten.discard(pid)
                else:
                    self.statuses[pid] = (status, used.ru_utime + used.ru_stime)

    def run(self) -> NoReturn:
        signal.signal(signal.SIGCHLD, self.reap)
        while True:
            message, sockets, _, _ = socket.recv_fds(self.control, MESSAGE_BYTES, 1)
            if not message:
                os._exit(0)
            if message[:1] == b"F":
                self._fork(json.loads(message[1:]), sockets[0])
            else:
                self._about(message[:1], PID.unpack(message[1:])[0])

    def _fork(self, options: dict[str, Any], channel: int) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            pid = -(error.errno or 1)
        if pid == 0:
            self._child(options, channel)
        os.close(channel)
        self.control.sendall(PID.pack(pid))

    def _about(self, question: bytes, pid: int) -> None:
        if question != b"S":
            self._kill(pid)
        if question == b"k":
            if self.statuses.pop(pid, None) is None:
                self.forgotten.add(pid)
            return
        while question == b"K" and pid not in self.statuses:
            try:
                _, status, used = os.wait4(pid, 0)
            except ChildProcessError:
                break
            self.statuses[pid] = (status, used.ru_utime + used.ru_stime)
        ended = pid in self.statuses
        self.control.sendall(ENDED.pack(ended, *(self.statuses.pop(pid) if ended else (0, 0.0))))

    def _kill(self, pid: int) -> None:
        if pid not in self.statuses:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _child(self, options: dict[str, Any], channel: int) -> NoReturn:
        try:
            holds = confinement.Confinement(
                memory=options["memory"], cpu_s=options["cpu_s"], seccomp=self.report["seccomp"],
                landlock=self.report["landlock"] > 0, limits=self.report["limits"],
            )
            confinement.confine(channel, holds, self.pid, self.base)
            if options["attempts"]:
                attempts.answer(self.pid)
            self._serve(options)
        except BaseException:
            os._exit(70)

    def _serve(self, options: dict[str, Any]) -> NoReturn:
        output = Output(options["stdout_bytes"])
        output.redirect()
        randomness.seed(str(options["seed"]))
        if options["clock"] is not None:
            clock.freeze(options["clock"])
        service.Service(output, options["result_bytes"], Scrubber(self.places)).serve()


def preload(names: list[str], paths: list[str]) -> None:
    """Import what children may import. `names` were asked for: a missing one is an error."""
    for name in MODULES:
        importlib.import_module(name)
    sys.path.extend(path for path in paths if path not in sys.path)
    for name in names:
        importlib.import_module(name)
    if "numpy" in sys.modules:
        importlib.import_module("numpy.random")  # loaded when first used, which is too late in a child
    sys.modules["datetime"].datetime.strptime("2024-01-01", "%Y-%m-%d")


def forget_the_machine() -> list[str]:
    """Take this machine out of what code can see; the folders that texts are scrubbed of, longest first, also as JSON has them.

    Those of Python's modules alone: a shorter one, as `/usr/`, may well stand in a tool's own result.
    """
    folders = {str(Path(__file__).parents[3]), str(Path(os.__file__).parent), *sys.path}
    for name in [one for one in sys.modules if one.partition(".")[0] in ("astra_data", "ctypes", "_ctypes", "__main__")]:
        del sys.modules[name]
    os.environ.clear()
    sys.path[:], sys.argv[:] = [], [""]
    sys.orig_argv, sys.executable = [], ""
    sys.prefix = sys.exec_prefix = sys.base_prefix = sys.base_exec_prefix = "/python"
    sys.path_importer_cache.clear()
    sys.dont_write_bytecode = True
    named = {f"{folder.rstrip('/')}/" for folder in folders if len(folder) > 1}
    return sorted(named | {json.dumps(folder)[1:-1] for folder in named}, key=len, reverse=True)


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
        places = forget_the_machine()
    except BaseException as error:
        control.sendall(json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        os._exit(1)
    zygote = Zygote(control, report, places, base)
    if report["seccomp"]:
        confinement.system_call_filter()  # made once, not by every child
    gc.collect()
    gc.freeze()
    control.sendall(json.dumps(report).encode())
    zygote.run()
