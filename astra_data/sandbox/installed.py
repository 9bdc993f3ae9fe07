"""The packages that this Python has by itself, whatever lies in the folder that it was started in or was put on its path later.

    installed(["mpmath"])       # ['mpmath'] where a package of that name is in its site-packages

A name is looked up and nothing of it is imported. Only from these folders does a worker of the sandbox preload modules: before it
is locked in, a module beside the data would run as we do.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib.machinery import PathFinder

ASKED = "import json, sys; print(json.dumps([folder for folder in sys.path if folder]))"


@cache
def folders() -> tuple[str, ...]:
    """Where a Python like this one looks for modules that is told of no folder, by `PYTHONPATH` or otherwise."""
    said = subprocess.run([sys.executable, "-E", "-P", "-c", ASKED], cwd="/", check=True, stdout=subprocess.PIPE).stdout
    return tuple(json.loads(said))


def installed(names: Iterable[str]) -> list[str]:
    """Those of the names that are modules of these folders."""
    return [name for name in names if PathFinder.find_spec(name, list(folders())) is not None]
