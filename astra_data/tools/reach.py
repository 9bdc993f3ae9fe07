"""Whether the arguments of a call name a path outside of the workspace, as far as they say.

    reaches_out({"path": "/home/joe/.bashrc"})                  # '/home/joe/.bashrc'
    reaches_out({"path": "/workspace/a", "text": "see /etc"})   # None

A task that somebody else wrote may have a policy name any path. `~` is the server's own home folder, which is thrown away too.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from astra_data.tools.naming import words
from astra_data.tools.verbs import CODE, PLACES

TOP = "Applications Library Users Volumes bin boot dev etc home lib media mnt opt private proc root run sbin srv sys usr var"
SYSTEM = f"(?:{'|'.join(TOP.split())})"
WHOLE = re.compile(rf"/{SYSTEM}(?:/.*)?|~\w.*")
WITHIN = re.compile(rf"(?<![\w.~/-])/{SYSTEM}/\S*|~\w+/\S*|(?<![\w.])\.\./\S*")
PATHS = (PLACES - {"as", "to"}) | frozenset(
    "cwd dest destination filenames files folders location paths root source target uri".split()
)
LONGEST = 4096
HARMLESS = "/dev/null"


def reaches_out(arguments: Any) -> str | None:
    """The first value that names a path outside of `/workspace`, or None. A longer text is looked into only where it is run."""
    return next((found for name, text in _texts(arguments, "") if (found := _outside(words(name), text))), None)


def _outside(name: list[str], text: str) -> str | None:
    path = re.sub(r"^file:(?://(?:localhost)?)?(?=/)", "", text.strip())
    if len(path) <= LONGEST and "\n" not in path:
        place = posixpath.normpath(path)
        inside = place == "/workspace" or place.startswith("/workspace/") or place == HARMLESS
        named = place.startswith("/") and bool(set(name) & PATHS)
        if not inside and (WHOLE.fullmatch(place) or named or place == ".." or place.startswith("../")):
            return text
    found = WITHIN.search(text) if set(name) & (CODE | {"query"}) else None
    return found[0] if found and found[0] != HARMLESS else None


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """(name of the parameter, text) of every text of the arguments."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, str(key))
