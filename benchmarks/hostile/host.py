"""A process that has imported what commands import, and runs each order in a fork of it: a command in a tenth of a second.

    with Host(environ, log) as host:
        ended = host.run({"words": ["show", "x"], "cwd": "/tmp/x", "environ": {}, "limit_s": 12.0})
        ended.code, ended.out, ended.left

Standard output and error are two terminals, since commands leave escape sequences away where there is none. What a command leaves
running is found, because its orphans become this process's children.
"""

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `code` is minus the signal where one ended it; `stopped` says which limit it broke, if any; `left` are
    the command lines of processes that it left behind."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    peak_mb: float
    stopped: str
    left: list[str]


class Host:
    """The process, from this side. It serves one order at a time."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self._log = log.open("ab")
        command = [sys.executable, "-m", "benchmarks.hostile.forking"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._log)

    def run(self, order: dict[str, Any]) -> Ended:
        """Raises `RuntimeError` where the process is gone."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the host of commands is gone; {self._log.name} says why")
        said = json.loads(line)
        return Ended(**said | {name: base64.b64decode(said[name]) for name in ("out", "err")})

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
