"""Lets attacks loose in a program of its own, as a chosen user.

    report = attacked("nobody", hostile=["read: open"])
    report["attacks"]["read: open"]         # ["forbidden", ""]: the kind, and the canary it reached
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pytest

PROGRAM = Path(__file__).with_name("under_attack.py")
NOBODY = 65534
PATIENCE_S = 300.0
Privilege = Literal["as it is", "root", "nobody", "container"]


def attacked(
    privilege: Privilege, *, hostile: Iterable[str] = (), raw: Iterable[str] = (), layers: list[str] | None = None
) -> dict[str, Any]:
    """Skips the test where this machine lacks the privilege."""
    if privilege != "as it is" and os.getuid() != 0:
        pytest.skip("only root can become another user, or be root")
    order = {"layers": layers, "hostile": list(hostile), "raw": list(raw), "without_namespaces": privilege == "container"}
    user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if privilege == "nobody" else {}
    python = readable_python() if privilege == "nobody" else sys.executable
    environ = {"PATH": os.environ.get("PATH", ""), "ASTRA_CANARY": f"CANARY-{secrets.token_hex(8)}"}
    done = subprocess.run(
        [python, "-B", str(PROGRAM), json.dumps(order)], env=environ, capture_output=True, text=True, cwd="/", check=False,
        timeout=PATIENCE_S, **user,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def reached(report: dict[str, Any]) -> dict[str, str]:
    """The attacks that reached a canary."""
    return {name: canary for name, (_, canary) in report["attacks"].items() if canary}


@lru_cache(maxsize=1)
def readable_python() -> str:
    """An interpreter that anybody can run, and that can read this file."""
    code = f"import sys; assert sys.version_info >= (3, 11); open({str(PROGRAM)!r})"
    found = [shutil.which(f"python3{minor}") for minor in ("", ".11", ".12", ".13")]
    for name in (sys.executable, *found, "/usr/bin/python3"):
        command = [name, "-c", code]
        try:
            if name and subprocess.run(command, capture_output=True, user=NOBODY, cwd="/", check=False).returncode == 0:
                return name
        except OSError:
            continue
    pytest.skip("no Python from 3.11 on that the user nobody can run, or this folder is closed to it")
