"""The parts of a secret that a server may say by themselves.

    >>> list(atoms("Server=db;Password=x7Kq90;", certain=False))
    ['Server=db;Password=x7Kq90;', 'x7Kq90']
    >>> sorted(set(atoms("Bearer x7Kq90", certain=True)))
    ['Bearer x7Kq90', 'x7Kq90']
"""

import base64
import binascii
import re
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import orjson

from astra_data.tools.plain import SECRET_NAME, calm_name, plain, wordlike
from astra_data.tools.urls import split, url_secrets

DEEPEST = 4
HEADER = re.compile(r"(?P<name>[A-Za-z][\w-]{1,60}):\s*(?P<value>(?!//|\d{1,5}$)\S.*)", re.DOTALL)
SCHEME = re.compile(r"(?:bearer|basic|token|digest|apikey)\s+(?P<value>\S.*)", re.IGNORECASE | re.DOTALL)
ASSIGNED = re.compile(r"(?P<name>[A-Za-z_][\w.-]{0,60})\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^=;,&\s\"'][^;,&\s\"']*)")
NETRC = {"password", "passwd", "token", "secret", "key"}
LOGIN = re.compile(r"(?P<user>[^\s:@/]+):(?P<password>[^\s@]+)(?P<host>@\S+)?")
ENCODED = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
LEAST_LINE = 16
"""Characters of a line of a key that is looked for by itself."""

Piece = tuple[str, bool]
"""A part of a text, and whether it is certainly a secret; one that is not counts only if it looks like one."""


def atoms(text: str, *, certain: bool, depth: int = 0) -> Iterator[str]:
    """The text, if it is `certain` to be secret or not plain, then its secret parts; some more than once."""
    if not text:
        return
    if certain or not (plain(text) or wordlike(text)):
        yield text
    yield from url_secrets(text)
    if depth == DEEPEST or split(text) is not None:
        return
    for part, sure in _pieces(text, certain):
        if part != text and (sure or not (plain(part) or wordlike(part))):
            yield from atoms(part, certain=sure, depth=depth + 1)


def _pieces(text: str, certain: bool) -> Iterator[Piece]:
    stripped = text.strip()
    parsed = _parsed(stripped)
    if parsed is not None:
        yield from _leaves(parsed)
        return
    yield stripped, certain
    yield stripped.strip("\"'[](){}<>,;"), certain
    yield unquote(text), certain
    header, scheme, login = HEADER.fullmatch(stripped), SCHEME.fullmatch(stripped), LOGIN.fullmatch(stripped)
    if header:
        yield header["value"], certain or bool(SECRET_NAME.search(header["name"]))
    if scheme:
        yield scheme["value"], True
    if login:
        yield login["user"], False
        yield login["password"], certain or login["host"] is not None
    if ENCODED.fullmatch(stripped):
        yield _decoded(stripped), certain
    yield from ((part, False) for part in re.split(r"[/\\]", stripped) if not calm_name(part))
    yield from _lines(text)
    yield from _assigned(text, certain)
    yield from _words(text)


def _parsed(text: str) -> Any:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return None
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def _leaves(value: Any, name: str = "") -> Iterator[Piece]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    elif value is not None and not isinstance(value, bool):
        yield str(value), bool(SECRET_NAME.search(name))


def _decoded(text: str) -> str:
    """What a text says in base64; nothing if it is none, or says nothing that can be read."""
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        said = base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return said if said.isprintable() else ""


def _lines(text: str) -> Iterator[Piece]:
    lines = [line.strip() for line in re.split(r"\r?\n|\\n", text)]
    if len(lines) > 1:
        yield from ((line, False) for line in lines if len(line) >= LEAST_LINE and not line.startswith("-----"))


def _assigned(text: str, certain: bool) -> Iterator[Piece]:
    """The values of `Password=x;Encrypt=true`, of `user=joe password=x`, and of a query."""
    listed = is_listed(text)
    pairs = [(found["name"], found["value"]) for found in ASSIGNED.finditer(text) if not listed or found["value"][0] in "\"'"]
    if listed:
        pairs += [(name, value) for name, _, value in (part.partition("=") for part in text.split(";"))]
        yield text.partition(";")[0], certain and "=" not in text.partition(";")[0]
    yield from ((value.strip().strip("\"'"), bool(SECRET_NAME.search(name))) for name, value in pairs)


def _words(text: str) -> Iterator[Piece]:
    """The words of a line of shell or of a `.netrc`; what follows `--token` or `password` is certain to be secret."""
    if is_listed(text) or not re.search(r"\s|[\"']", text.strip()):
        return
    before = ""
    for word in words_of(text):
        if word.startswith("-----") or word.endswith("-----"):
            continue
        named = before.strip("-:=").lower()
        yield word, bool(SECRET_NAME.search(named)) and (before.startswith("-") or named in NETRC)
        name, equals, value = word.partition("=")
        if equals:
            yield value, bool(SECRET_NAME.search(name))
        if re.match(r"-[A-Za-z]\S", word):
            yield word[2:], False
        before = word


def words_of(text: str) -> list[str]:
    """The words of a line of shell; of one that is none, what stands between its blanks."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def is_listed(text: str) -> bool:
    """Whether a semicolon follows an equals sign, as in a connection string."""
    return ";" in text.partition("=")[2]
