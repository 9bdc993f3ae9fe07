"""Temporary folders that outlive their process only until the next one: `sweep` removes those that nobody holds.

    folder = new_folder()
    folder.path                 # /tmp/astra-k3v0x1
    folder.close()

A lock file inside says that a folder is one of these, and is locked while its process lives, however that ends.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PREFIX = "astra-"
LOCK = ".astra-lock"


@dataclass(frozen=True, slots=True)
class Folder:
    """A temporary folder of this process. `close` removes it; a second call changes nothing."""

    path: Path
    lock: IO[bytes]

    def close(self) -> None:
        remove(self.path)
        self.lock.close()


def new_folder() -> Folder:
    """A new empty folder, private to this user. Its lock file appears already locked."""
    path = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    lock = (path / f"{LOCK}-new").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    (path / f"{LOCK}-new").rename(path / LOCK)
    return Folder(path, lock)


def sweep() -> None:
    """Remove the folders of processes that are gone. Leaves alone what is in use, another user's, or no folder of ours."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError), os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as lock:
            if os.fstat(lock.fileno()).st_uid == os.getuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(path.parent)


def remove(folder: Path) -> None:
    """Remove a folder with all in it, where a server may have made one inside another without end; what may not go stays."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:
        with suppress(RecursionError, OSError):
            _flatten(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _flatten(folder: Path) -> None:
    """Move every folder that is in it at any depth right into it."""
    waiting = [Path(one.path) for one in os.scandir(folder) if one.is_dir(follow_symlinks=False)]
    number = 0
    while waiting:
        for one in list(os.scandir(waiting.pop())):
            if one.is_dir(follow_symlinks=False):
                number += 1
                waiting.append(Path(one.path).rename(folder / f"{PREFIX}{number}"))
