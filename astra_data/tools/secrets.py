"""What counts as a secret in an `mcp.json` entry, and how it is kept out of what we publish.

    >>> mask_arguments(("--api-key", "abc123", "postgres://joe:pw@db/x"))
    (['--api-key', '***', 'postgres://db/x'], ['abc123', 'joe', 'pw'])

Names decide first (`GITHUB_TOKEN`, `--password`); then anything that is not evidently a plain setting is a secret.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

MASK = "***"
SHORTEST = 6
"""Shorter values are never searched for in texts: they would blank out ordinary words."""

SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|credential|auth|bearer|cookie|session|dsn|(?:^|[-_])pass(?:$|[-_])|key(?:$|[-_=])|pat(?:$|[-_=])",
    re.IGNORECASE,
)
PLAIN = re.compile(r"[a-z]{1,12}(?:[-_,. ][a-z]{1,12}){0,7}|[\d.,:-]+|/workspace(?:/.*)?|True|False")
SCHEMES = {"bearer", "basic", "token", "digest"}


def secret_value(name: str, value: str) -> bool:
    """Whether a setting must be hidden: by its name, or as its value is no plain word, number or workspace path."""
    return bool(SECRET_NAME.search(name)) or not PLAIN.fullmatch(value)


def searchable(values: Iterable[str]) -> frozenset[str]:
    """The values long enough to be found in a text, with the parts of `Bearer xyz` and of URLs with a password."""
    found: set[str] = set()
    for value in values:
        words = [word for word in value.split() if word.lower() not in SCHEMES]
        found.update([value, *(words if len(words) < len(value.split()) else []), *url_secrets(value)])
    return frozenset(value for value in found if len(value) >= SHORTEST)


def url_secrets(value: str) -> list[str]:
    """User, password and query values of a URL; nothing for any other text."""
    parts = _split(value)
    if parts is None:
        return []
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    found = [user, unquote(user), password, unquote(password), *(item for _, item in parse_qsl(parts.query))]
    return list(dict.fromkeys(item for item in found if item))


def clean_url(value: str) -> str:
    """A URL without user-info and with every query value masked; any other text as it is."""
    parts = _split(value)
    if parts is None:
        return value
    query = urlencode([(name, MASK) for name, _ in parse_qsl(parts.query, keep_blank_values=True)], safe="*")
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return parts if parts.scheme and parts.netloc else None


def mask_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Command-line arguments as they may be shown, and the values that were hidden."""
    shown: list[str] = []
    hidden: list[str] = []
    follows_secret_flag = False
    for argument in arguments:
        name, equals, value = argument.partition("=")
        is_name = bool(re.fullmatch(r"-{0,2}\w[\w-]*", name)) and bool(SECRET_NAME.search(name))
        if follows_secret_flag and not argument.startswith("-"):
            shown.append(MASK)
            hidden.append(argument)
        elif equals and is_name:
            shown.append(f"{name}={MASK}")
            hidden.append(value)
        else:
            shown.append(clean_url(argument))
            hidden += url_secrets(argument)
        follows_secret_flag = is_name and not equals and argument.startswith("-")
    return shown, hidden
