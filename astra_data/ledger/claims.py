"""Who is working on what, among the processes of one machine that share a ledger.

    async with claims.held(key):        # waits while another process holds it
        ...

A claim is a lock on one byte of a file beside the ledger, at a place that follows from the key. The kernel drops it when its
holder ends, however it ends, so nothing is left to clear away. Two claims of one `Claims` do not exclude each other.
"""

import asyncio
import fcntl
import os
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path

from astra_data.ledger.disk import disk_error

LOCK = struct.Struct("@hhqqi4x")
"""The `struct flock` of 64-bit Linux: type, whence, start, length, process."""
LAST_PLACE = (1 << 62) - 1
FIRST_LOOK_S, LAST_LOOK_S = 0.01, 0.25


class Claims:
    """The claims of this process on keys of the ledger at `path`. The file is opened with the first of them."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}-claims")
        self._descriptor: int | None = None

    @asynccontextmanager
    async def held(self, key: str) -> AsyncIterator[None]:
        """Hold `key`, waiting for whoever holds it now. Raises `DataError` where the file cannot be written."""
        file, place, pause = self._opened(), _place(key), FIRST_LOOK_S
        while not _locked(file, place):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_LOOK_S)
        try:
            yield
        finally:
            with suppress(OSError):  # the file is closed, and with it the claim is dropped
                _set_lock(file, fcntl.F_UNLCK, place)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        if self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise disk_error(self.path, error) from error
        return self._descriptor


def _place(key: str) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[:8]) & LAST_PLACE


def _locked(descriptor: int, place: int) -> bool:
    try:
        _set_lock(descriptor, fcntl.F_WRLCK, place)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _set_lock(descriptor: int, kind: int, place: int) -> None:
    """Locks of the open file on Linux; elsewhere of the process, which two ledgers in one process would share."""
    if sys.platform == "linux":
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, LOCK.pack(kind, os.SEEK_SET, place, 1, 0))
    else:
        operation = fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB
        fcntl.lockf(descriptor, operation, 1, place)
