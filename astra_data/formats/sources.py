"""The files of a source that others made: plain files that lie in it, and none that it only leads to.

    for file in below(tree, "task.toml"): text_of(file, tree)

A link in a tree may name any file of this machine, which would then stand in a dataset. In the cache of the Hub's client every
file of a snapshot is a link to the blobs of its repo; those belong to it.
"""

import io
from pathlib import Path

from astra_data.bounded.files import content
from astra_data.errors import DataError, Place
from astra_data.filenames import leads_into
from astra_data.hub.files import blobs_of

MEND = "take the link out, or put a copy of the file in its place"


def own(file: Path, source: Path) -> Path:
    """`file` itself. Raises `DataError` unless it is a plain file of `source`, a file or folder."""
    place = Place(file.name)
    try:
        real, root = file.resolve(strict=True), source.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise DataError("a link that leads nowhere, or no file", place=place, mend=MEND) from error
    if not leads_into(real, root, blobs_of(root)):
        raise DataError(f"a link that leads out of {source.name}", place=place, mend=MEND)
    if not real.is_file():
        raise DataError("no plain file", place=place, mend="take it out of the source")
    return file


def below(source: Path, pattern: str) -> list[Path]:
    """The files of a folder, however deep, whose names fit the pattern. Raises as `own` does."""
    return [own(file, source) for file in sorted(source.rglob("*")) if file.match(pattern)]


def text_of(file: Path, source: Path) -> str:
    """What a file of the source says, its lines ended by `\\n`. Raises `DataError` where it cannot be read as UTF-8, and as `own`
    and `content` do."""
    try:
        return io.StringIO(content(own(file, source)).decode(), newline=None).getvalue()
    except UnicodeDecodeError as error:
        raise DataError(f"not readable text: {type(error).__name__}", place=Place(file.name), mend="write it in UTF-8") from error
