# ruff: noqa: E402 - any interpreter runs this, so it must say first where our modules are
"""A program that lets the attacks loose on a sandbox, with canaries around it, and tells what each came to.

    python under_attack.py '{"layers": [...], "hostile": ["read: open"], "raw": ["open"], "without_namespaces": false}'
    {"isolation": "...", "attacks": {"read: open": ["forbidden", ""]}, ...}

An attack's second text says which canary it reached, `""` if none. The program needs the standard library and the sandbox alone,
so that any interpreter can run it as any user.
"""

import contextlib
import errno
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from sandbox import hostile, raw_calls

from astra_data.sandbox import Image, Limits, Outcome, Sandbox
from astra_data.sandbox.jail import kernel, seccomp
from astra_data.sandbox.jail.syscalls import TABLES

NOBODY = 65534
# unshare, setns, mount, umount2, pivot_root, personality: what the default profile of Docker refuses.
REFUSED_IN_CONTAINERS = (272, 308, 165, 166, 155, 135)


def container_like() -> None:
    """Refuse this process and all it starts what a container does."""
    refuse = [(seccomp.RETURN, 0, 0, seccomp.FAIL | errno.EPERM)]
    filter_ = [(seccomp.LOAD, 0, 0, seccomp.NUMBER)]
    for number in REFUSED_IN_CONTAINERS:
        filter_ += [(seccomp.EQUAL, 0, 1, number), *refuse]
    seccomp.install(seccomp.assembled([*filter_, (seccomp.RETURN, 0, 0, seccomp.ALLOW)]))


def victim() -> int:
    """A process of the user that the children run as."""
    if pid := os.fork():
        return pid
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    kernel.set_option(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.closerange(0, 64)
    while True:
        signal.pause()


class Canaries:
    """Files, sockets and processes around the sandbox. `reached` says which of them were touched since it was last asked."""

    def __init__(self) -> None:
        self.secret = os.environ["ASTRA_CANARY"]
        self.signals = 0
        signal.signal(signal.SIGUSR1, self._signalled)
        self._priority = os.getpriority(os.PRIO_PROCESS, 0)
        self.victim = victim()
        self.folder = Path(tempfile.mkdtemp())
        self.folder.chmod(0o777)
        (self.folder / "secret").write_text(self.secret, encoding="utf-8")
        (self.folder / "canary_module.py").write_text(f"SECRET = {self.secret!r}", encoding="utf-8")
        self._abstract = f"canary-{secrets.token_hex(4)}"
        self._listeners = [
            self._listening(socket.AF_INET, ("127.0.0.1", 0)), self._listening(socket.AF_UNIX, str(self.folder / "unix")),
            self._listening(socket.AF_UNIX, f"\0{self._abstract}"),
        ]
        (self.folder / "unix").chmod(0o777)
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(("127.0.0.1", 0))
        self._datagrams.setblocking(False)
        self._put_right()

    def places(self) -> dict[str, Any]:
        return {
            "secret": str(self.folder / "secret"), "target": str(self.folder / "target"), "folder": str(self.folder),
            "port": self._listeners[0].getsockname()[1], "udp": self._datagrams.getsockname()[1],
            "unix": str(self.folder / "unix"), "abstract": self._abstract, "victim": self.victim, "host": os.getpid(),
        }

    def reached(self, outcome: Outcome) -> str:
        """The canaries that an attack with this outcome has reached."""
        said = "CANARY" in f"{outcome.value} {outcome.stdout} {outcome.message}"
        found = ["a secret was told"] * said + self._touched()
        if found:
            self._put_right()
        return ", ".join(found)

    def close(self) -> None:
        os.kill(self.victim, signal.SIGKILL)
        os.waitpid(self.victim, 0)
        shutil.rmtree(self.folder)

    def _touched(self) -> list[str]:
        found = []
        if self._state() != self._right:
            found.append("files")
        ended = os.waitpid(self.victim, os.WNOHANG)[0]
        if ended or self.signals or os.getpriority(os.PRIO_PROCESS, self.victim) != self._priority:
            found.append("processes")
        for listener in self._listeners:
            with contextlib.suppress(BlockingIOError):
                listener.accept()[0].close()
                found.append("a listener")
        with contextlib.suppress(BlockingIOError):
            self._datagrams.recv(10)
            found.append("a datagram")
        return found

    def _put_right(self) -> None:
        for one in self.folder.iterdir():
            if one.name not in ("secret", "canary_module.py", "unix", "target"):
                one.rmdir() if one.is_dir() and not one.is_symlink() else one.unlink()
        target = self.folder / "target"
        target.unlink(missing_ok=True)
        target.write_text("untouched", encoding="utf-8")
        target.chmod(0o666)
        self.signals = 0
        if not Path(f"/proc/{self.victim}").exists():
            self.victim = victim()
        if os.getuid() == 0:
            os.setpriority(os.PRIO_PROCESS, self.victim, self._priority)
        self._right = self._state()

    def _state(self) -> list[tuple[str, int, int, int]]:
        found = [(one.name, one.lstat()) for one in sorted(self.folder.iterdir())]
        return [(name, stat.st_mode, stat.st_size, stat.st_mtime_ns) for name, stat in found]

    def _signalled(self, *_: Any) -> None:
        self.signals += 1

    def _listening(self, family: int, address: Any) -> socket.socket:
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()
        listener.setblocking(False)
        return listener


def attack(sandbox: Sandbox, source: str, arguments: dict[str, Any], canaries: Canaries, wait: bool = False) -> tuple[str, str]:
    """(kind, canaries reached) of one attack in an episode of its own."""
    with sandbox.start(Image((("m", source),))) as episode:
        outcome = episode.call("m.attack", arguments) if episode.loaded.ok else episode.loaded
    if wait:
        time.sleep(0.1)
    return outcome.kind, canaries.reached(outcome)


def main(order: dict[str, Any]) -> dict[str, Any]:
    if order["without_namespaces"]:
        container_like()
    canaries = Canaries()
    attacks = {}
    limits = Limits(cpu_s=0.1, wall_s=0.7, memory_mb=64, stdout_bytes=4000, result_bytes=100_000)
    isolation = "strict" if order["layers"] is None else "best_effort"
    layers = {} if order["layers"] is None else {"layers": order["layers"]}
    with Sandbox(workers=1, isolation=isolation, limits=limits, **layers) as sandbox:
        for name in order["hostile"]:
            source = f"def attack(c):\n    {hostile.TABLE[name].strip()}\n"
            attacks[name] = attack(sandbox, source, {"c": canaries.places()}, canaries, wait=order["layers"] is not None)
        for name in order["raw"]:
            arguments = {"c": canaries.places(), "words": raw_calls.TABLE[name]}
            kind, reached = attack(sandbox, raw_calls.PROGRAM, arguments, canaries)
            attacks[f"raw: {name}"] = (kind, reached or ("it did not fail" if kind == "ok" else ""))
        said = {"isolation": str(sandbox.isolation), "uid": sandbox.isolation.uid, "namespaces": sandbox.isolation.namespaces,
                "landlock": sandbox.isolation.landlock, "failed": sandbox.isolation.failed}
        with sandbox.start(Image((("m", "def f(): return 1"),))) as episode:
            said["works afterwards"] = episode.call("m.f").value == 1
    left = canaries.reached(Outcome("ok"))
    canaries.close()
    return said | {"attacks": attacks, "afterwards": left, "tables": list(TABLES)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
