"""The endpoint as a process of its own, so that what talks to it may be killed without it.

with EndpointProcess("my_scripts:script", log=tmp_path / "requests.jsonl") as endpoint: ...
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Self

TESTS = Path(__file__).parent.parent


class EndpointProcess:
    """`script` and `faults` are `module:name`; `path` holds the folders where such modules are found."""

    def __init__(
        self, script: str, log: Path, *, faults: str | None = None, latency_s: float = 0.0, path: tuple[Path, ...] = ()
    ) -> None:
        self._log = log
        self._command = [sys.executable, "-m", "scripted_endpoint", "--script", script, "--log", str(log)]
        self._command += ["--latency", str(latency_s), *(["--faults", faults] if faults else [])]
        self._environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (TESTS, *path)))}
        self.base_url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, env=self._environ, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.base_url = json.loads(self._process.stdout.readline())["base_url"]
        return self

    def __exit__(self, *raised: object) -> None:
        errors = self.admin()["errors"] if raised[0] is None else []
        self._process.terminate()
        self._process.communicate()
        assert not errors, errors

    def requests(self) -> list[dict[str, Any]]:
        """`{index, request, fault}` of every request so far."""
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []

    def admin(self, *, faults: bool | None = None) -> dict[str, Any]:
        """The state of the endpoint, after switching its faults if `faults` is given."""
        data = None if faults is None else json.dumps({"faults": faults}).encode()
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + "/_admin", data, timeout=60) as response:
            state: dict[str, Any] = json.load(response)
        return state
