"""Names that come from data and become paths. Every one passes `inside`, which gives a path in its folder or refuses.

    >>> inside(Path("hub"), "keys", "3f2a.json").as_posix()
    'hub/keys/3f2a.json'
    >>> inside(Path("hub"), "../../.ssh/config")
    Traceback (most recent call last):
    astra_data.errors.DataError: the name '../../.ssh/config' may not become a file: ...
"""

import re
from collections.abc import Sequence
from pathlib import Path

from astra_data.errors import DataError

LONGEST = 128
"""Most characters of one name: with a suffix of ours it still fits where a file system takes 255 bytes."""

NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{LONGEST - 1}}}")
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that are devices on Windows, whatever follows the dot."""


def inside(folder: Path, *names: str, beside: Sequence[Path] = ()) -> Path:
    """`folder` joined with `names`, each one plain name: ASCII letters, digits, `.`, `_` and `-`, not starting with `.` or `-`.

    Raises `DataError` for any other name, and where a link that is there already leads out of `folder`, and into no folder of
    `beside`, whose own links are not followed.
    """
    for name in names:
        if not NAME.fullmatch(name) or name.endswith(".") or RESERVED.fullmatch(name):
            shown = name if len(name) <= LONGEST else f"{name[:LONGEST]}..."
            raise DataError(f"the name {shown!r} may not become a file: it is no plain name", mend="leave out what holds it")
    path = folder.joinpath(*names)
    if not leads_into(path, folder, beside):
        raise DataError(f"the path {'/'.join(names)!r} leads out of {folder}", mend="remove the link that is in the way")
    return path


def leads_into(path: Path, folder: Path, beside: Sequence[Path] = ()) -> bool:
    """Whether a path is in `folder` or one of `beside` when all its links are followed."""
    try:
        real = path.resolve()
        return any(real.is_relative_to(one) for one in (folder.resolve(), *beside))
    except (OSError, RuntimeError):  # links that lead round in a circle
        return False
