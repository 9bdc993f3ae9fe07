"""Compiled modules of images, kept so that only the first child of an image compiles them.

    blobs = Blobs()
    with Sandbox(blobs=blobs) as one, Sandbox(hash_seed=1, blobs=blobs) as other: ...

They are opaque here. A child sends them before any of them runs, and they go to children of the same image alone, so pools that
differ in the seed of their hashes may share them.
"""

import threading
from collections import OrderedDict
from typing import Final

MOST: Final = 256
MOST_BYTES: Final = 1 << 28


class Blobs:
    """The last `MOST`, and `MOST_BYTES` of them, by the digest of their image. Thread-safe."""

    def __init__(self) -> None:
        self._blobs: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, digest: str) -> bytes | None:
        with self._lock:
            if digest in self._blobs:
                self._blobs.move_to_end(digest)
            return self._blobs.get(digest)

    def keep(self, digest: str, blob: bytes) -> None:
        with self._lock:
            self._bytes += len(blob) - len(self._blobs.pop(digest, b""))
            self._blobs[digest] = blob
            while len(self._blobs) > MOST or self._bytes > MOST_BYTES:
                self._bytes -= len(self._blobs.popitem(last=False)[1])
