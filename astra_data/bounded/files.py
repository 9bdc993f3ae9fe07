"""The bytes of a file, plain or gzipped, a piece at a time.

    content(Path("shop.json"))                                  # all of it, at most `MOST_BYTES`
    for number, line in lines(Path("tools.jsonl.gz")): ...      # the lines that are not empty, each at most `MOST_BYTES`

A gzipped file may unpack to a thousand times its size. More than `MOST_RATIO` times is no text that anybody wrote, and is refused
as soon as that shows, however large the rest.
"""

import gzip
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

from astra_data.errors import DataError, Place

MOST_BYTES = 64 << 20
"""Of a document that is read as a whole, and of a line of one that is not."""
MOST_RATIO = 200
"""Unpacked bytes for each packed one. Real documents stay below 40."""
LEAST_UNPACKED = 16 << 20
"""Bytes that any packed file may unpack to."""
MOST_EMPTY = 1_000_000
"""Empty lines of a file."""
BLOCK = 1 << 20


def content(path: Path, most: int = MOST_BYTES) -> bytes:
    """All bytes of a file, unpacked. Raises `DataError` for more than `most`, and for a file that cannot be read."""
    parts, size = list[bytes](), 0
    for block in blocks(path):
        size += len(block)
        if size > most:
            raise DataError(f"holds more than {_told(most)}", place=Place(path.name), mend="split it, or write it as JSON lines")
        parts.append(block)
    return b"".join(parts)


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line) of the lines that hold anything. Raises `DataError` as `content` does, and for a line that is too
    long."""
    number, empty, begun, size = 0, 0, list[bytes](), 0
    for block in blocks(path):
        first, *rest = block.split(b"\n")
        size += len(first)
        if size > MOST_BYTES:
            raise _too_long(path, number + 1)
        begun.append(first)
        for following in rest:
            number += 1
            if (line := b"".join(begun)).strip():
                yield number, line
            else:
                empty += 1
            begun, size = [following], len(following)
        if empty > MOST_EMPTY:
            raise DataError(f"has more than {MOST_EMPTY:,} empty lines", place=Place(path.name), mend="remove them")
    if (line := b"".join(begun)).strip():
        yield number + 1, line


def blocks(path: Path) -> Iterator[bytes]:
    """The file piece by piece, unpacked if it is named `.gz`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError("is no regular file", place=Place(path.name), mend="name a file, not a folder, a pipe or a device")
        with path.open("rb") as packed:
            yield from _unpacked(packed, path) if path.suffix == ".gz" else iter(lambda: packed.read(BLOCK), b"")
    except (OSError, EOFError, zlib.error) as error:
        _raise_unreadable(path, error)


def _unpacked(packed: IO[bytes], path: Path) -> Iterator[bytes]:
    size = 0
    with gzip.GzipFile(fileobj=packed) as file:
        while block := file.read(BLOCK):
            size += len(block)
            if size > max(LEAST_UNPACKED, MOST_RATIO * packed.tell()):
                said = f"unpacks to more than {MOST_RATIO} times its size"
                raise DataError(said, place=Place(path.name), mend="unpack it yourself if you trust it")
            yield block


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns the refusals of the system to read a file into `DataError`."""
    try:
        yield
    except OSError as error:
        _raise_unreadable(path, error)


def _raise_unreadable(path: Path, error: Exception) -> NoReturn:
    said = error.strerror if isinstance(error, OSError) and error.strerror else error
    mend = "check the path, and that the file is whole"
    raise DataError(f"cannot be read: {said}", place=Place(path.name), mend=mend) from None


def _too_long(path: Path, number: int) -> DataError:
    mend = "write one record on each line"
    return DataError(f"a line of more than {_told(MOST_BYTES)}", place=Place(path.name, number), mend=mend)


def _told(size: int) -> str:
    return f"{size >> 20} MiB"
