"""The files of a version: just those that its lineage names, byte for byte, whatever else lies around.

    check_files(folder, record)                        # raises DataError for the first that is not so
    files_of(folder, record, "rejected")               # [folder/rejected/train-00000-of-00001.parquet]

Nothing else of a folder is looked at: no README that names data files, no script, no link that leads out. A file is hashed
once in a process, and again when it was touched since.
"""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from astra_data.errors import DataError, Place
from astra_data.filenames import inside, leads_into
from astra_data.hub.bounds import LONGEST_NAME, SHA1
from astra_data.hub.lineage import FileDigest, Lineage
from astra_data.hub.tree import CONFIG_FOLDERS, DATA_FOLDERS, blob_id, lfs_pointer, sha256_file, tree_of

SNAPSHOT = re.compile(rf"(?P<kind>dataset|model)s--[^/]+/snapshots/{SHA1.pattern}")
"""The folder of a commit in the cache of the Hub."""
MEND = "make or pull the version again"

_hashed: dict[tuple[str, int, int, int, int], str] = {}
"""Digest of a file by path, inode, size and both times of change: the last of them no program can set back."""


def tree_named(record: Lineage) -> str:
    """The git tree id of the data files that a lineage names: that of a version whose files are these."""
    files = (file for output in record.outputs for file in output.files)
    return tree_of({file.path: blob_id(lfs_pointer(file.sha256, file.size)) for file in files})


def file_at(folder: Path, path: str) -> Path:
    """The place of a version's file, which need not be there. Raises `DataError` where a link on the way leads out."""
    folder = folder.absolute()
    return inside(folder, *path.split("/"), beside=blobs_of(folder))


def is_own(folder: Path, file: Path) -> bool:
    """Whether something found below `folder` is a file of it, and no link that leads out."""
    return file.is_file() and leads_into(file, folder, blobs_of(folder))


def blobs_of(folder: Path, kind: str = "dataset") -> list[Path]:
    """The one place beside itself that links of `folder` may lead to, if it is or is in a snapshot of a repo of this kind in the
    cache of the Hub: where that keeps the files of all commits of this repo."""
    real = folder.resolve()
    found = ((one, SNAPSHOT.fullmatch("/".join(one.parts[-3:]))) for one in (real, *real.parents))
    return [one.parents[1] / "blobs" for one, match in found if match and match["kind"] == kind]


def check_files(folder: Path, record: Lineage, *, alone: bool = True) -> None:
    """Raise `DataError` unless the data files of `folder` are those that its lineage names, byte for byte.

    With `alone`, nothing else may lie in its data folders.
    """
    named = {file.path: file for output in record.outputs for file in output.files}
    for path in _there(folder) if alone else ():
        if path not in named:
            raise _wrong(folder / path, "is in no lineage")
    for file in named.values():
        _check(file_at(folder, file.path), file)


def files_of(folder: Path, record: Lineage, config: str, called: str) -> list[Path]:
    """The Parquet files of one config, in order, compared with their digests. Raises `DataError` where there are none.

    `called` is how messages call the version.
    """
    for output in record.outputs:
        if output.config == config and output.files:
            paths = [file_at(folder, file.path) for file in output.files]
            for path, file in zip(paths, output.files, strict=True):
                _check(path, file)
            return paths
    known = ", ".join(configs_of(record)) or "none"
    raise DataError(f"{called} has no config {config!r}", mend=f"its configs are: {known}")


def configs_of(record: Lineage) -> list[str]:
    """The configs of a version in the order in which a card lists them."""
    folders = {file.path.split("/")[0] for output in record.outputs for file in output.files}
    return [config for config, folder in CONFIG_FOLDERS.items() if folder in folders]


def _there(folder: Path) -> Iterator[str]:
    """What lies in the data folders, of whatever kind; nothing below a folder or behind a link is looked at."""
    for part in DATA_FOLDERS:
        if (folder / part).is_dir():
            yield from (f"{part}/{entry.name}" for entry in (folder / part).iterdir())


def _check(path: Path, file: FileDigest) -> None:
    try:
        found = path.stat()
    except OSError:
        raise _wrong(path, "is missing") from None
    if not stat.S_ISREG(found.st_mode):
        raise _wrong(path, "is no file")
    if found.st_size != file.size:
        raise _wrong(path, "is not the one its lineage names")
    key = (str(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    if key not in _hashed:
        _hashed[key] = sha256_file(path)
    if _hashed[key] != file.sha256:
        raise _wrong(path, "is not the one its lineage names")


def _wrong(path: Path, what: str) -> DataError:
    return DataError(f"the file {what}", place=Place(str(path)[:8 * LONGEST_NAME]), mend=MEND)
