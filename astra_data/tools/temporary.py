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
        shutil.rmtree(self.path, ignore_errors=True)
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
                shutil.rmtree(path.parent, ignore_errors=True)
