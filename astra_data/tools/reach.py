"""Whether the arguments of a call name a path outside of the workspace, as far as they say.

    reaches_out({"path": "/home/joe/.bashrc"})                  # '/home/joe/.bashrc'
    reaches_out({"path": "/workspace/a", "text": "see /etc"})   # None

A task that somebody else wrote may have a policy name any path. `~` is the server's own home folder, which is thrown away too;
what steps up from there is outside, as from anywhere else. Keys of objects are texts of the arguments like any other.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from astra_data.characters import UNSEEN
from astra_data.tools.naming import words
from astra_data.tools.paths import WORKSPACE, to_real
from astra_data.tools.verbs import CODE, PLACES

TOP = (
    "Applications Library Network System Users Volumes bin boot dev etc home lib lib64 media mnt nix opt private proc root run "
    "sbin snap srv sys tmp usr var"
)
SYSTEM = f"(?:{'|'.join(TOP.split())})"
WHOLE = re.compile(rf"/{SYSTEM}(?:/.*)?|~[a-z_].*", re.IGNORECASE | re.DOTALL)
WITHIN = re.compile(rf"(?<![\w.~/-])/{SYSTEM}(?:/\S*)?(?![\w-])|~\w+/\S*|(?<![\w.])\.\./\S*")
EMBEDDED = re.compile(rf"(?:(?<![\w.~/])|(?<=[-/]\w))/{SYSTEM}(?![\w-])", re.IGNORECASE)
DRIVE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]:[\\/](?![\\/])")
ESCAPED = re.compile(r"\\(?:u002f|x2f|057|/)", re.IGNORECASE)
BETWEEN = re.compile(r"[\s'\"`=;,()<>|&]+")
SCHEME = re.compile(r"\A(?!https?:)(?:[a-z][a-z0-9+.-]{0,30}:){1,4}(?://[^/]*(?=/))?", re.IGNORECASE)
"""What may stand before a path, as in `file:///a`, `sqlite:////a` and `jar:file:/a`."""
FILED = frozenset("dir duckdb file jar path sqlite sqlite3 unix zip".split())
"""Schemes whose addresses are paths of this machine."""
HOME = re.compile(r"\A(?:~|\$\w+|\$\{\w+\})(?=/|$)")
PATHS = (PLACES - {"as", "to"}) | frozenset(
    "cwd dest destination dirs directories filenames filepaths files folders location locations paths root roots source sources "
    "target targets uri uris".split()
)
QUERIES = frozenset("queries query sql statement statements".split())
OWN = "/own\0workspace"
"""Stands for the workspace while a call is looked at, where the server is told its real folder. No other `/workspace` is ours."""
INSIDE = re.compile(rf"(?:attach(?:\s{{1,9}}database)?|into)\s{{1,9}}'(?::memory:|{OWN}/\w[\w/-]*(?:\.\w+)?)'", re.IGNORECASE)
OPENING = ({"attach", "as"}, {"vacuum", "into"}, {"outfile"}, {"dumpfile"}, {"copy", "to"}, {"copy", "from"})
"""Words by which a query opens a file, whose name it may work out."""
OPENERS = re.compile(r"\b(?:load_extension|load_file|readfile|writefile|(?:read|pg)_[a-z_]{1,30})\s{0,9}\(", re.IGNORECASE)
LONGEST = 4096
HARMLESS = "/dev/null"


def reaches_out(arguments: Any) -> str | None:
    """The first value that names a path outside `/workspace`, or None. A text of several lines is looked into where it is run."""
    texts = _texts(to_real(arguments, OWN), "")
    found = next((found for name, text in texts if (found := _outside(set(words(name)), text))), None)
    return found and found.replace(OWN, WORKSPACE)


def _outside(name: set[str], text: str) -> str | None:
    place = bool(name & PATHS)
    lines = text.splitlines() if place else [text] if "\n" not in text.strip() else []
    found = next((line for line in lines if _leads_out(line, place=place) or _embeds(line, place=place)), None)
    return found or (_opened(text, query=bool(name & QUERIES)) if name & (CODE | QUERIES) else None)


def _leads_out(text: str, *, place: bool) -> bool:
    """Whether a text names a path outside, also where it is an address; what need not be a path has to look like one."""
    return any(_outer(one.strip(), place=place) for one in _spellings(text))


def _embeds(text: str, *, place: bool) -> bool:
    """Whether a path outside stands within a text that is one word, or is a place: after a flag, a sign, a quote, an address."""
    one_word = place or not re.search(r"\s", text.strip())
    return one_word and any(EMBEDDED.search(one.replace(HARMLESS, "")) or DRIVE.search(one) for one in _spellings(text))


def _spellings(text: str) -> set[str]:
    """The text, and what it may be read as: without what is not seen, with backslashes as slashes, without escapes."""
    plain = ESCAPED.sub("/", UNSEEN.sub(lambda found: found[0] if found[0] in "\0\n\t" else "", text))
    return {text, unquote(text), plain.replace("\\", "/"), unquote(plain)}


def _outer(text: str, *, place: bool) -> bool:
    scheme = SCHEME.match(text)
    path = HOME.sub(".", text[scheme.end() :] if scheme else text, count=1)
    named = place if scheme is None else not set(scheme[0].lower().split(":")).isdisjoint(FILED)
    evident = named or not {".", ".."}.isdisjoint(path.split("/"))
    path = re.sub("^//+", "/", posixpath.normpath(path))
    if len(path) > LONGEST or path in (OWN, HARMLESS) or path.startswith(f"{OWN}/"):
        return False
    return bool(WHOLE.fullmatch(path)) or (evident and path.startswith("/")) or path == ".." or path.startswith("../")


def _opened(text: str, *, query: bool) -> str | None:
    """What a text that is run, or asked of a database, names outside."""
    if found := next((part for part in BETWEEN.split(text) if _leads_out(part, place=False)), None):
        return found
    if found := next((within[0] for within in WITHIN.finditer(text) if not within[0].startswith(HARMLESS)), None):
        return found
    if not query or not set("'\"(") & set(text):
        return None
    left = INSIDE.sub("", text)
    opener, said = OPENERS.search(left), set(re.findall("[a-z]+", left.lower()))
    return opener[0] if opener else next((" ".join(sorted(both)) for both in OPENING if both <= said), None)


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """(name of the parameter, text) of every text of the arguments, and of every key of an object in them."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield name, str(key)
            yield from _texts(one, str(key))
