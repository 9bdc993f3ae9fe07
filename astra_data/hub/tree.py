"""Git tree ids: the name of a version is the id that git, and so the Hub, gives to its data folders.

    >>> git_tree(Path("hub/weather-tasks/versions/4b825d.../data"))      # doctest: +SKIP
    '5c1b14949828006ed75a3e8858957f86a2f7e2eb'

Parquet and Arrow files, and files over `LFS_BYTES`, count as their Git LFS pointer, as on the Hub. Empty folders do
not count, since git has none. Only SHA-256 and SHA-1 are computed; no git is needed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

CONFIG_FOLDERS = {"default": "data", "rejected": "rejected", "quarantined": "quarantined", "ledger": "ledger"}
"""Dataset config -> the folder of a version that holds its Parquet files."""

DATA_FOLDERS = tuple(CONFIG_FOLDERS.values())
LFS_SUFFIXES = (".parquet", ".arrow")
LFS_BYTES = 10 << 20
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
IGNORED = frozenset({".git", ".cache"})


def sha256_file(path: Path) -> str:
    """SHA-256 of the file's bytes, 64 hex digits, in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def blob_id(data: bytes) -> str:
    """The git id of a blob with these bytes."""
    return _object_id("blob", data)


def is_lfs(path: Path) -> bool:
    """Whether the Hub keeps this file in LFS."""
    return path.name.endswith(LFS_SUFFIXES) or path.stat().st_size > LFS_BYTES


def lfs_pointer(sha256: str, size: int) -> bytes:
    """The pointer that stands in the tree for an LFS file of `size` bytes."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def git_tree(folder: Path, names: Sequence[str] | None = None) -> str:
    """The git tree id of `folder`, 40 hex digits; with `names`, of only those direct children that exist."""
    blobs = {}
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and IGNORED.isdisjoint(parts) and (names is None or parts[0] in names):
            blobs["/".join(parts)] = file_id(path)
    return tree_of(blobs)


def version_tree(folder: Path) -> str:
    """The id of a dataset version: the git tree of those of its data folders that exist."""
    return git_tree(folder, DATA_FOLDERS)


def file_id(path: Path) -> str:
    """The git id of a file as the Hub keeps it: of its bytes, or of its LFS pointer."""
    if is_lfs(path):
        return blob_id(lfs_pointer(sha256_file(path), path.stat().st_size))
    return blob_id(path.read_bytes())


def tree_of(blobs: Mapping[str, str]) -> str:
    """The git tree id of these files: path with slashes -> blob id."""
    below: dict[str, dict[str, str]] = {}
    entries = []
    for path, oid in blobs.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = oid
        else:
            entries.append((name.encode(), b"100644", name.encode(), oid))
    entries += [(f"{name}/".encode(), b"40000", name.encode(), tree_of(inner)) for name, inner in below.items()]
    lines = (mode + b" " + name + b"\0" + bytes.fromhex(oid) for _, mode, name, oid in sorted(entries))
    return _object_id("tree", b"".join(lines))


def _object_id(kind: str, body: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body).hexdigest()
