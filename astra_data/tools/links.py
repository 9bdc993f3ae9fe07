"""What in a folder leads out of it, or is no file that can be copied: links, pipes, sockets, devices.

    strange(Path("fixtures"))       # 'docs/all -> /srv/docs leads out of the folder', or None

A link is followed as the system would, but within the folder alone: it leads out if it is absolute, or steps up beyond the folder
anywhere on its way, even where it comes back. So it leads to the same place in every copy. Nothing here is opened.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from astra_data.hub.disk import refused

MOST_LINKS = 40
"""On the way of one link; the system follows no more."""

KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFBLK: "a device", stat.S_IFCHR: "a device"}


def walk(folder: Path) -> Iterator[Path]:
    """Everything below a folder, in no order; links are not followed. Raises `OSError`, but not for what goes away meanwhile."""
    return (Path(entry.path) for entry in _entries(folder))


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    folders = [str(folder)]
    while folders:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)


def strange(folder: Path, *, in_use: bool = False) -> str | None:
    """In words what leads out of the folder or cannot be looked at, the first by name; None if there is nothing.

    A folder `in_use` is not copied: absolute links to what is in it stay in it, and only links matter.
    """
    try:
        odd = (Path(entry.path) for entry in _entries(folder) if entry.is_symlink() or not (in_use or _ordinary(entry)))
        return min((fault for path in odd if (fault := _fault(path, folder, in_use=in_use))), default=None)
    except OSError as error:
        if refusal := refused(error):
            raise refusal from error
        return f"{os.path.relpath(error.filename or folder, folder)} cannot be looked at: {error.strerror}"


def _ordinary(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a file or a folder. The folder that it lies in has told: nothing is looked up for that."""
    return entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)


def _fault(path: Path, folder: Path, *, in_use: bool) -> str | None:
    """What is wrong with a link, or with what is neither file nor folder."""
    name = path.relative_to(folder)
    try:
        kind = stat.S_IFMT(path.lstat().st_mode)
        if kind == stat.S_IFLNK and leads_out(path, folder, in_use=in_use):
            return f"{name} -> {path.readlink()} leads out of the folder"
    except FileNotFoundError:
        return None
    return f"{name} is {KINDS[kind]}" if kind in KINDS and not in_use else None


def leads_out(link: Path, folder: Path, *, in_use: bool = False) -> bool:
    """Whether a link below the folder leads out of it, or does not end."""
    ahead, at, links = [*reversed(link.relative_to(folder).parts)], list[str](), 0
    while ahead:
        part = ahead.pop()
        if part == ".." and not at:
            return True
        if part == "..":
            at.pop()
        elif part not in ("", "."):
            target = _target(folder.joinpath(*at, part))
            if target is None:
                at.append(part)
                continue
            if in_use and target.startswith(f"{folder}/"):
                at, target = [], target.removeprefix(f"{folder}/")
            links += 1
            if links > MOST_LINKS or target.startswith("/"):
                return True
            ahead += reversed(target.split("/"))
    return False


def _target(path: Path) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115  (a path would lose a slash or a dot)
    except OSError:
        return None


def regular(path: Path, most: int) -> bytes:
    """The last bytes of a file that another program could have put something else in place of. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no file")
        file.seek(max(os.fstat(descriptor).st_size - most, 0))
        return file.read(most)
