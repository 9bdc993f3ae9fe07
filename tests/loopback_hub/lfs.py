"""The LFS store of the hub: files by their SHA-256, shared by all repos.

lfs.receive(sha256, chunks)
lfs.pointer(sha256)         # the blob that stands for the file in a git tree
"""

import hashlib
import re
import uuid
from collections.abc import Iterable
from pathlib import Path

POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d+)\n")
SUFFIXES = (
    ".parquet",
    ".arrow",
    ".bin",
    ".safetensors",
    ".gz",
    ".zst",
    ".zip",
    ".tar",
    ".npy",
    ".npz",
    ".pt",
    ".model",
)
ATTRIBUTES = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in SUFFIXES).encode()
THRESHOLD = 10 << 20


def is_large(path: str, size: int) -> bool:
    return path.lower().endswith(SUFFIXES) or size > THRESHOLD


def read_pointer(blob: bytes) -> tuple[str, int] | None:
    """(SHA-256, size in bytes) if the blob is a pointer."""
    match = POINTER.fullmatch(blob)
    return (match[1].decode(), int(match[2])) if match else None


class LfsFiles:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        return self.root / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def pointer(self, sha256: str) -> bytes:
        size = self.path(sha256).stat().st_size
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()

    def receive(self, sha256: str, chunks: Iterable[bytes]) -> bool:
        """Keep an upload if its bytes have that SHA-256; say whether they had."""
        unfinished, found = self.root / f"unfinished-{uuid.uuid4().hex}", hashlib.sha256()
        try:
            with unfinished.open("wb") as file:
                for chunk in chunks:
                    found.update(chunk)
                    file.write(chunk)
            if found.hexdigest() != sha256:
                return False
            unfinished.replace(self.path(sha256))
            return True
        finally:
            unfinished.unlink(missing_ok=True)
