"""What the store asks of a file system: files that are whole or absent, and refusals that a person can mend.

    with guarded(root):
        write_synced(root / "main", b"5c1b1494...")

A folder that a live process works in is held by an advisory lock, which the system drops when the process
ends, however it ends; so a folder that can be locked is nobody's.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from astra_data.errors import DataError, StoreError

ELSEWHERE = "or set ASTRA_STORE to a folder with room that you can write to"
REFUSALS = {
    errno.ENOSPC: ("the disk is full", f"free some space, {ELSEWHERE}"),
    errno.EDQUOT: ("the disk quota is used up", f"free some space, {ELSEWHERE}"),
    errno.EROFS: ("the file system is read-only", f"mount it writable, {ELSEWHERE}"),
    errno.EACCES: ("permission denied", f"give yourself write access, {ELSEWHERE}"),
    errno.EPERM: ("permission denied", f"give yourself write access, {ELSEWHERE}"),
}
IN_THE_WAY = "move away what lies there, or set ASTRA_STORE to another folder"
CHANGED = "leave the store alone while a run works in it, and run again"
SHAPES = {
    errno.ENOTDIR: ("a file lies where a folder of the store should be", IN_THE_WAY),
    errno.EEXIST: ("a file lies where a folder of the store should be", IN_THE_WAY),
    errno.EISDIR: ("a folder lies where a file of the store should be", IN_THE_WAY),
    errno.ENOENT: ("a folder of the store was removed meanwhile", CHANGED),
    errno.ENOTEMPTY: ("a folder of the store was filled meanwhile", CHANGED),
    errno.EFBIG: ("no file may be as large as one of it would be", f"raise `ulimit -f`, {ELSEWHERE}"),
}
"""What else ends a write in the store: others that lie there or work there, and limits."""
TEMPORARY = "free some space there, or set TMPDIR to a folder with room"
LACKS = {
    errno.ENOSPC: ("no room is left on the disk of the store or of temporary files", TEMPORARY),
    errno.EDQUOT: ("the quota of the store or of temporary files is used up", TEMPORARY),
    errno.EMFILE: ("this process may open no more files", "raise `ulimit -n`, or lower --concurrency"),
    errno.ENFILE: ("this machine can open no more files", "end other programs, or lower --concurrency"),
    errno.ENOMEM: ("this machine has no memory left", "end other programs, or lower --concurrency"),
    errno.EFBIG: ("no file may be as large here as one would be", "raise `ulimit -f`"),
    errno.EAGAIN: ("this machine starts no more processes", "raise `ulimit -u`, or lower --concurrency"),
}


@contextlib.contextmanager
def guarded(root: Path) -> Iterator[None]:
    """Turn the refusals of the disk under `root` into `StoreError`; other errors, and other folders' errors, pass."""
    try:
        yield
    except OSError as error:
        refusal = (REFUSALS | SHAPES).get(error.errno or 0)
        elsewhere = error.filename is not None and not str(error.filename).startswith(str(root))
        if refusal is None or elsewhere:
            raise
        raise StoreError(f"cannot write in {root}: {refusal[0]}", mend=refusal[1]) from error


def require_writable(folder: Path, root: Path) -> None:
    """Raise the `StoreError` of a folder below `root` in which nothing could be written, or that could not be made."""
    above = next(one for one in (folder, *folder.parents) if os.path.lexists(one))
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
        return
    number = errno.EROFS if above.is_dir() and os.statvfs(above).f_flag & os.ST_RDONLY else errno.EACCES
    said, mend = REFUSALS[number] if above.is_dir() else SHAPES[errno.ENOTDIR]
    where = "" if above == root else f" ({above})"
    raise StoreError(f"cannot write in {root}: {said}{where}", mend=mend)


def refused(error: Exception) -> StoreError | None:
    """What a person reads where the machine has no more of what every item needs; None for any other error."""
    lack = LACKS.get(error.errno or 0) if isinstance(error, OSError) else None
    if lack is None:
        return None
    where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
    return StoreError(f"{lack[0]}{where}", mend=lack[1])


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(folder: Path) -> None:
    """`sync` every file and folder below `folder`, and itself."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


@contextlib.contextmanager
def held_folder(parent: Path, name: str) -> Iterator[Path]:
    """A new folder in `parent`, held until the end, then removed if it is still there. A `parent` that is a link is refused."""
    if parent.is_symlink():
        raise DataError(f"{parent} is a link", mend="remove it")
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        folder = parent / f"{name}.{uuid.uuid4().hex[:12]}"
        folder.mkdir()
        if (handle := _hold(folder)) is not None:
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def sweep(parent: Path) -> None:
    """Remove the folders in `parent` that no live process holds. Does nothing where that is not allowed, or it is a link."""
    with contextlib.suppress(OSError):
        for folder in [] if parent.is_symlink() else list(parent.iterdir()):
            if (handle := _hold(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(handle)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other process is in this section for the same folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _hold(folder: Path) -> int | None:
    """An open handle with the lock of `folder`, or None if another has it or has removed the folder."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino == folder.stat().st_ino:
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None
