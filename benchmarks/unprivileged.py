"""A place where a user without rights can run this checkout, though checkout and interpreter may be closed to it.

    with Place.made(ROOT) as place:
        subprocess.run([place.python, "-m", "pytest"], cwd=place.checkout, env=place.environ, **place.user)

The files of the checkout are copied. An interpreter that the user cannot start is copied too, without its packages; those are
found where they are, as long as they can be read.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOBODY = 65534
USER: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
LEFT_OUT = ("site-packages", "test", "idlelib", "tkinter", "ensurepip", "__pycache__")
CLOSED = ("ASTRA", "HF_", "XDG_", "PYTHON", "VIRTUAL_ENV", "PYTEST")
"""Beginnings of the names of variables that lead to what belongs to the present user."""
ASTRA = "#!{python}\nfrom astra_data.cli import main\n\nmain()\n"
STARTER = '#!/bin/bash\nLD_LIBRARY_PATH={base}/lib exec -a "$0" {base}/bin/{version}.real "$@"\n'
"""In the place of a copied interpreter, which looks for its library where it was built."""


class UnreadableError(Exception):
    """What the user cannot read, and needs."""


@dataclass(frozen=True, slots=True)
class Place:
    """See the module."""

    checkout: Path
    python: str
    environ: dict[str, str]
    user: dict[str, Any]

    @classmethod
    @contextmanager
    def made(cls, root: Path) -> Iterator["Place"]:
        """Raises `UnreadableError` where the packages are closed to the user."""
        with tempfile.TemporaryDirectory(prefix="nobody-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            folder.chmod(0o755)
            for part in ("home", "tmp", "cache"):
                (folder / part).mkdir()
            checkout = folder / "checkout"
            _copied(root, checkout)
            python = sys.executable if _starts(sys.executable) else _mirrored(folder, checkout, root)
            for path in (folder, *folder.rglob("*")):
                if not path.is_relative_to(folder / "python"):
                    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
            place = cls(checkout, python, _environ(folder, python), USER)
            place._try()
            yield place

    def _try(self) -> None:
        """Raise unless the checkout's own package is what the interpreter imports."""
        code = "import pytest, pyarrow, astra_data; print(astra_data.__file__)"
        done = subprocess.run([self.python, "-c", code], cwd=self.checkout, env=self.environ, capture_output=True, text=True,
                              check=False, **self.user)
        if done.returncode:
            raise UnreadableError(done.stderr.strip().splitlines()[-1])
        if not Path(done.stdout.strip()).is_relative_to(self.checkout):
            raise UnreadableError(f"imports {done.stdout.strip()}")


def _copied(root: Path, checkout: Path) -> None:
    """The files that git knows or would add, as a repository of its own."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True,
                            capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, checkout / name)
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=checkout, check=True, capture_output=True)


def _starts(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", "import pytest"], cwd="/", capture_output=True, check=False, **USER).returncode == 0
    except OSError:
        return False


def _mirrored(folder: Path, checkout: Path, root: Path) -> str:
    """The base interpreter copied, with an environment that has our packages, and the copied checkout before all of them."""
    base, version = Path(sys.base_prefix), f"python{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copytree(base, folder / "python", symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    program = folder / "python" / "bin" / version
    program.rename(program.with_name(f"{version}.real"))
    program.write_text(STARTER.format(base=folder / "python", version=version))
    program.chmod(0o755)
    venv, packages = folder / "venv", folder / "venv" / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "pyvenv.cfg").write_text(f"home = {folder / 'python' / 'bin'}\ninclude-system-site-packages = false\n")
    python = venv / "bin" / "python"
    python.symlink_to(program)
    ours = [path for path in sys.path if Path(path).name == "site-packages" and not Path(path).is_relative_to(base)]
    (packages / "here.pth").write_text("\n".join([str(checkout), *ours]) + "\n")
    (venv / "bin" / "astra").write_text(ASTRA.format(python=python))
    (venv / "bin" / "astra").chmod(0o755)
    for path in ours:
        for program in Path(path).parents[2].glob("bin/uv*"):
            (venv / "bin" / program.name).exists() or (venv / "bin" / program.name).symlink_to(program)
    return str(python)


def _environ(folder: Path, python: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CLOSED)}
    return kept | {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "XDG_CACHE_HOME": str(folder / "cache"),
                   "HF_HOME": str(folder / "cache" / "hf"), "UV_CACHE_DIR": str(folder / "cache" / "uv"),
                   "PATH": f"{Path(python).parent}{os.pathsep}{os.environ.get('PATH', '')}", "USER": "nobody",
                   "LOGNAME": "nobody"}
