"""The files of a model's folder, looked through before one is read: each is a file, lies in the folder, and has an end.

    files = looked_through(Path("model"), "model")      # raises DataError for a pipe, a link to /dev/zero, a template of 64 GB

Libraries open whatever has a name they know, and wait for its end. Links are followed within the folder, and of a snapshot in the
cache of the Hub into the files of its repo.
"""

import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from astra_data.errors import DataError
from astra_data.filenames import leads_into
from astra_data.hub.files import blobs_of

SAFE: Final = ".safetensors"
PICKLED: Final = frozenset((".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".h5", ".msgpack"))
UNREAD: Final = PICKLED | {".gguf", ".onnx", ".onnx_data", ".tflite", ".parquet", ".arrow", ".jsonl", ".zip", ".gz", ".tar"}
"""Files that nothing opens: they may be of any size."""
LEFT: Final = ("onnx/*", "openvino/*", "original/*", "consolidated*", "checkpoint-*/*")
"""The same weights in other forms."""
VOCABULARIES: Final = ("tokenizer.json", "vocab.json", "added_tokens.json")
MOST_FILES: Final = 10_000
LARGEST: Final = 32 << 20
"""Bytes of a JSON file that says how a model is built."""
TEMPLATE: Final = 4 << 20
"""Bytes of a chat template."""
VOCABULARY: Final = 256 << 20
"""Bytes of a vocabulary, and of any other file."""
COPY: Final = "put a copy of the file in its place, or remove it"


def looked_through(folder: Path, name: str) -> list[Path]:
    """The files below a folder in order, but those in hidden folders and `LEFT`, to which no module may lead.

    Raises `DataError` for the first that is none, leads out of the folder, or is larger than a file of its name may be.
    """
    files, blobs = [], blobs_of(folder, "model")
    for file in _found(folder, name):
        called = f"model {name}: {_shown(file.relative_to(folder))}"
        try:
            found = file.stat()
        except OSError as error:
            raise DataError(f"{called} cannot be read", mend=COPY) from error
        if not leads_into(file, folder, blobs):
            raise DataError(f"{called} is a link that leads out of the folder", mend=COPY)
        if not stat.S_ISREG(found.st_mode):
            raise DataError(f"{called} is a pipe or a device, and no file", mend=COPY)
        most = most_of(file.name)
        if most is not None and found.st_size > most:
            raise DataError(f"{called} is too large to be read: {found.st_size >> 20:,} MB, and the most is {most >> 20:,}",
                            mend="choose another model, or fetch it again")
        files.append(file)
    return files


def most_of(name: str) -> int | None:
    """Bytes that a file of this name may have. None for weights, whose header says it, and for what is not read."""
    suffix = Path(name).suffix.lower()
    if suffix == SAFE or suffix in UNREAD:
        return None
    if name in VOCABULARIES:
        return VOCABULARY
    return {".json": LARGEST, ".jinja": TEMPLATE}.get(suffix, VOCABULARY)


def is_left(part: str) -> bool:
    """Whether a folder of this name, beside the config, is of `LEFT`."""
    return any(fnmatchcase(f"{part}/x", pattern) for pattern in LEFT)


def _found(folder: Path, name: str) -> Iterator[Path]:
    left = MOST_FILES
    for top, below, names in os.walk(folder):
        here = Path(top)
        below[:] = sorted(part for part in below if not part.startswith(".") and not (here == folder and is_left(part)))
        left -= len(below) + len(names)
        if left < 0:
            raise DataError(f"model {name} cannot be loaded: its folder holds more than {MOST_FILES:,} files",
                            mend="name the folder of the model alone")
        for part in below:
            if (here / part).is_symlink():
                raise DataError(f"model {name} cannot be loaded: its folder {part[:100]!r} is a link",
                                mend="put a copy of the folder in its place")
        yield from (here / one for one in sorted(names))


def _shown(path: Path) -> str:
    return path.as_posix()[:200]
