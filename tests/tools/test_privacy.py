"""A closed process is one that what it starts cannot look into, unless that is root with all its rights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = 65534
PROGRAM = """
import json, os, subprocess, sys
sys.path[:0] = sys.argv[1:]
from astra_data.tools.privacy import close_process
LOOK = '''
import json, os, sys
seen = {}
for name in ("environ", "mem", "maps", "fd", "cwd"):
    try:
        path = f"/proc/{os.getppid()}/{name}"
        {"fd": os.listdir, "cwd": os.readlink}.get(name, lambda path: open(path, "rb").read(1))(path)
        seen[name] = True
    except PermissionError:
        seen[name] = False
    except OSError:
        seen[name] = True
print(json.dumps(seen))
'''
def look():
    return json.loads(subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True).stdout)
before = look()
close_process()
after = look()
open("/proc/self/maps").close()
os.listdir("/proc/self/fd")
print(json.dumps([before, after]))
"""


def interpreter() -> str:
    """A Python that any user can run."""
    found = [path for path in (sys.executable, "/usr/bin/python3") if path and _open_to_all(Path(path).resolve())]
    if not found:
        pytest.skip("no interpreter here can be run by another user")
    return found[0]


def _open_to_all(path: Path) -> bool:
    return path.exists() and all(place.stat().st_mode & 0o001 for place in (path, *path.parents))


@pytest.mark.skipif(sys.platform != "linux", reason="there is such a thing on Linux alone")
def test_children_of_the_same_user_cannot_look_into_a_closed_process() -> None:
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    python = interpreter() if other else sys.executable
    done = subprocess.run(
        [python, "-c", PROGRAM, str(ROOT)], capture_output=True, text=True, cwd="/", env={"KEY": "x", "PATH": "/usr/bin"}, **other  # type: ignore[call-overload]
    )
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    assert before["environ"] and before["maps"] and before["fd"]
    assert after == dict.fromkeys(("environ", "mem", "maps", "fd", "cwd"), False)
