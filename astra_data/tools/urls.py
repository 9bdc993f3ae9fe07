"""An address as it may be shown: without user, password, query, fragment, and without what in it is no plain name.

    >>> clean_url("https://joe:pw@mcp.example.org/s/x7Kq90aZ/mcp?key=abc")
    'https://mcp.example.org/s/***/mcp?key=***'
    >>> url_secrets("https://joe:pw@mcp.example.org/s/x7Kq90aZ/mcp?key=abc")
    ['joe', 'pw', 'abc', 'x7Kq90aZ']
"""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from astra_data.tools.plain import TOKEN, calm_name, plain_setting, token_in

MASK = "***"
WEB = {"http", "https", "ws", "wss", "sse"}
HOST_OF_URL = re.compile(r"(?P<name>[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?")
ANY_VARIABLE = re.compile(r"\$\{[^{}]*\}")
USER = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]{0,20}:/{2})(?P<user>[^\s/?#@'\"<>]{1,400}(?:@[^\s/?#@'\"<>]{1,400})*)@")
QUERY = re.compile(r"(?P<name>[?&#;][\w.-]{1,40}=)(?P<value>[^\s&#;'\"<>()]{1,4000})")
BEFORE_TOKENS = {"s", "k", "t", "u", "key", "keys", "token", "tokens", "secret", "auth", "hook", "hooks", "webhook", "webhooks"}
"""Parts of a path that a token follows: what comes after them is shown only if all the world writes it there."""
COMMON = {"mcp", "sse", "api", "v1", "v2", "v3", "stream", "http", "rpc", "messages", "message", "server", "servers"}


def split(value: str) -> SplitResult | None:
    """The parts of an address with a host; None for any other text."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return parts if parts.scheme and parts.netloc and value.isprintable() else None


def url_secrets(value: str) -> list[str]:
    """What `clean_url` hides: user, password, and values in query, fragment, path and host. Nothing for any other text."""
    parts = split(value)
    if parts is None:
        return []
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    found = [user, password, *(item for pair in parse_qsl(parts.query, keep_blank_values=True) for item in _hidden(*pair))]
    if parts.fragment:
        found += [parts.fragment, *(item for _, item in parse_qsl(parts.fragment))]
    if _whole(parts):
        return list(dict.fromkeys([*filter(None, found), *re.split(r"[/@:?#&=\s]+", value.partition("://")[2]), value]))
    segments = [*zip(parts.path.split("/"), _path(parts).split("/"), strict=True)]
    segments += [*zip(_host(parts).split("."), _shown_host(parts).split("."), strict=True)]
    found += [real for real, shown in segments if real != shown]
    return list(dict.fromkeys(form for item in found for form in (item, unquote(item)) if item))


def clean_url(value: str) -> str:
    """An address without what may be a secret; any other text as it is."""
    parts = split(value)
    if parts is None:
        return value
    if _whole(parts):
        return f"{parts.scheme}://{MASK}"
    query = urlencode([_query(*pair) for pair in parse_qsl(parts.query, keep_blank_values=True)], safe="*")
    port = parts.netloc.rpartition("@")[2].removeprefix(_host(parts))
    fragment = MASK if parts.fragment else ""
    return urlunsplit(parts._replace(netloc=_shown_host(parts) + port, path=_path(parts), query=query, fragment=fragment))


def without_user(value: str) -> str:
    """An address without user and password, which stays one that can be called."""
    parts = split(value)
    return value if parts is None else urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def user_of(value: str) -> tuple[str, str] | None:
    """User and password of an address, None where it has neither."""
    parts = split(value)
    if parts is None or "@" not in parts.netloc:
        return None
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return unquote(user), unquote(password)


def told(text: str) -> str:
    """A message that may hold addresses, without users, passwords and query values, and without keys of well-known services."""
    if "://" in text:
        text = QUERY.sub(lambda found: f"{found['name']}{MASK}", USER.sub(lambda found: found["scheme"], text))
    return TOKEN.sub(MASK, text)


def _whole(parts: SplitResult) -> bool:
    """Whether the address is so odd that nothing of it may be shown: its password may have broken it into other parts."""
    host, rest = ANY_VARIABLE.sub("x", parts.netloc.rpartition("@")[2]), parts.path + parts.query + parts.fragment
    broken = "@" in rest and (":" in host or "@" in parts.path[2:].partition("/")[0])
    return broken or "\\" in rest or not HOST_OF_URL.fullmatch(host)


def _host(parts: SplitResult) -> str:
    found = HOST_OF_URL.fullmatch(parts.netloc.rpartition("@")[2])
    return (found["name"] or "") if found else parts.netloc.rpartition("@")[2]


def _shown_host(parts: SplitResult) -> str:
    """The host, with each name before the last two masked that is not calm."""
    labels = _host(parts).split(".")
    if len(labels) < 2 or _host(parts).startswith("[") or all(label.isdigit() for label in labels):
        return _host(parts)
    shown = [label if "${" in label or calm_name(label, most=4) else MASK for label in labels[:-2]]
    return ".".join([*shown, *(MASK if token_in(label) else label for label in labels[-2:])])


def _path(parts: SplitResult) -> str:
    """The path, with each part masked that is no plain name."""
    return "/".join(_parts_of_path(parts.path.split("/"), parts.scheme in WEB))


def _parts_of_path(segments: list[str], web: bool) -> Iterator[str]:
    before = ""
    for segment in segments:
        yield segment if _shown_segment(segment, web, before.lower() in BEFORE_TOKENS) else MASK
        before = segment


def _shown_segment(segment: str, web: bool, strict: bool) -> bool:
    bare = ANY_VARIABLE.sub("", segment)
    if not bare or bare.lower() in COMMON or re.fullmatch(r"v\d{1,3}|\d{1,4}", bare):
        return True
    return calm_name(bare) and not strict and (not web or plain_setting(bare.lower()))


def _query(name: str, value: str) -> tuple[str, str]:
    return (name if value and calm_name(name) and len(name) <= 32 else MASK, MASK)


def _hidden(name: str, value: str) -> list[str]:
    return [value] if _query(name, value)[0] == name else [name, value]
