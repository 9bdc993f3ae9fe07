"""What is evidently no secret: words, numbers, versions, packages, paths, flags. Whatever is not evident counts as a secret.

    >>> plain("--log-level"), plain("@modelcontextprotocol/server-filesystem"), plain("mcp-server-git==2026.10.19")
    (True, True, True)
    >>> plain("x7Kq-90aZ"), plain("hunter2"), plain("ghp_0123456789abcdefghij")
    (False, False, False)

A piece of a name is *calm* if it reads like a word or a short number; what a generator of tokens makes is not.
"""

import re
from pathlib import Path

SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|pwd|credential|auth|bearer|cookie|session|dsn|signature"
    r"|(?:^|[-_])pass(?:$|[-_])|key(?:s?$|[-_=])|pat(?:$|[-_=])",
    re.IGNORECASE,
)
"""Names of settings whose values are secrets, whatever they look like."""

TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:sk|pk|rk|ak)[-_](?=[\w-]{0,400}\d)[\w-]{16,400}|gh[opusr]_\w{16,400}|github_pat_\w{16,400}"
    r"|gl[a-z]{2,4}-[\w-]{16,400}|xox[a-z]-[\w-]{10,400}|xapp-[\w-]{10,400}|hf_\w{16,400}|(?:AKIA|ASIA)[A-Z0-9]{12,40}"
    r"|AIza[\w-]{20,400}|ya29\.[\w-]{10,400}|npm_\w{20,400}|pypi-[\w-]{16,400}|SG\.[\w-]{8,400}\.[\w-]{8,400}"
    r"|shp[a-z]{2}_\w{16,400}|dop_v1_\w{16,400}|eyJ[\w-]{8,4000}\.[\w-]{4,4000}(?:\.[\w-]{0,4000})?)"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,9999}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?"
)
"""What the keys of well-known services look like, wherever they stand."""

PLAIN = re.compile(r"[a-z]{1,12}(?:[-_,. ][a-z]{1,12}){0,7}|[\d.,:-]{1,16}|/workspace(?:/[\w.@ +/-]*)?|True|False")
ORDINARY = frozenset(
    "true false yes no on off none null auto all any default main latest local localhost host http https stdio sse info debug"
    " warn error trace get post put json yaml csv text utc test dev prod production development staging user users"
    " admin root guest password token secret key value name node mcp server client readonly bearer basic digest begin end private"
    " postgres postgresql mysql mariadb mongo mongodb redis sqlite oracle elastic neo4j git github docker :memory:".split()
)
"""Words that are masked where a secret is asked for, and never searched for in texts."""

VOWEL = re.compile(r"[aeiouyAEIOUY]")
CAMEL = re.compile(r"(?:[A-Z]{0,4}+[a-z]{2,20}+)+[A-Z]{0,4}|[A-Z]{1,12}|[a-z]")
CALM = re.compile(r"\d{1,8}[A-Za-z]{0,2}|[A-Za-z]{1,16}\d{1,3}|[a-z]{1,4}\d[a-z]{1,12}")
RESTLESS = re.compile(r"[^aeiouyAEIOUY\d\W_]{6}|[a-fA-F]{8}")
VERSION = r"v?\d+(?:\.\d+)*(?:[-.+]?(?:a|b|c|rc|alpha|beta|dev|post|pre|next)[-.]?\d*)*|latest|next"
PACKAGE = re.compile(
    rf"(?:@[a-z0-9_][\w.-]*/)?(?P<name>[a-z][\w.-]*?)(?:\[[a-z, -]*\])?"
    rf"(?:(?:==|<=?|>=?|~=|!=)(?:{VERSION})(?:,(?:==|<=?|>=?|!=)(?:{VERSION}))*|@(?:{VERSION}))?"
)
SIGNED = re.compile(r"@[a-z]|[a-z\]](?:==|[<>~!]=?)|@(?:latest$|next$|v?\d+\.)", re.IGNORECASE)
"""What only a package has: a scope, a comparison, or a version behind an @."""

IMAGE = re.compile(r"(?P<name>[a-z0-9.-]+(?:/[a-z0-9._-]+)+)(?::[a-z]+|:v?\d+(?:\.\d+){0,3})?")
LONG_FLAG = re.compile(r"--?(?P<name>[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*)")
SHORT_FLAG = re.compile(
    r"-[A-Za-z]|-(?:it|ti|rm|lc|vv+|qq|jar|cp|stdio|sse|http|transport|port|host|addr|mode|config|help|version|debug|Xm[sx]\d+[kmg])"
)
PATH = re.compile(r"(?:[a-z]+:/{1,2})?(?:~|\.{1,2})?(?P<folders>[\w.@ +/-]+)")
HOST_AND_PORT = re.compile(r"[a-z][a-z0-9.-]*:\d{1,5}")
FILE_NAME = re.compile(
    r".*\.(?:py|m?js|cjs|ts|jar|json|ya?ml|toml|db|sqlite3?|exe|cmd|sh|csv|txt|md|pdf|env|ini|log|rb|go|wasm|html)"
)


def plain(value: str) -> bool:
    """Whether an argument, standing by itself, is evidently no secret."""
    if token_in(value):
        return False
    known = value.lower() in ORDINARY or (bool(HOST_AND_PORT.fullmatch(value)) and calm_name(value))
    return plain_setting(value) or known or is_flag(value) or _package(value) or _path(value)


def plain_setting(value: str) -> bool:
    """Whether a value is a few calm words, a number or a path of the workspace. Words that speak of secrets are none."""
    if not value or not PLAIN.fullmatch(value):
        return not value
    if value[0] == "/":
        return all(map(calm_name, filter(None, value.split("/"))))
    if value[0] in "TF" or not value[-1].isalpha():
        return True
    return calm_name(value) and not (SECRET_NAME.search(value) and len(re.findall(r"[a-z]+", value)) > 1)


def token_in(text: str) -> bool:
    """Whether a key of a well-known service is in a text."""
    return bool(TOKEN.search(text))


def calm(piece: str) -> bool:
    """Whether letters and digits without a break read like a word, a number or a version."""
    if RESTLESS.search(piece) or (len(piece) > 4 and piece.isalpha() and not VOWEL.search(piece)):
        return False
    return bool(CAMEL.fullmatch(piece) or CALM.fullmatch(piece))


def calm_name(name: str, most: int = 8) -> bool:
    """The same of a name whose pieces are parted by hyphens, dots and the like."""
    pieces = [piece for piece in re.split(r"[-_.,:+@ =]+", name) if piece]
    return len(name) <= 64 and len(pieces) <= most and all(map(calm, pieces)) and not token_in(name)


def wordlike(value: str) -> bool:
    """Whether a value could be a word of ordinary texts: letters that read like one, or one after another."""
    return bool(re.fullmatch(r"[^\W\d_]+(?:[-_ ][^\W\d_]+)*", value)) and calm_name(value)


def is_flag(value: str) -> bool:
    """Whether an argument is a flag without a value: `--log-level`, `-y`, and of words behind one hyphen those that are known."""
    found = LONG_FLAG.fullmatch(value)
    if SHORT_FLAG.fullmatch(value):
        return True
    return bool(found) and value.startswith("--") and calm_name(value[2:])


def _package(value: str) -> bool:
    package, image = PACKAGE.fullmatch(value), IMAGE.fullmatch(value)
    if package:
        return bool(SIGNED.search(value)) and calm_name(package["name"])
    return bool(image) and all(map(calm_name, value.partition(":")[0].split("/")))


def _path(value: str) -> bool:
    """A path: one that is there, or one whose parts are names."""
    if value.startswith(("/", "./", "../", "~/")) and "\0" not in value and len(value) < 1024 and _exists(value):
        return True
    found, begun = PATH.fullmatch(value), value.startswith(("/", "./", "../", "~/"))
    if not found or not (begun or FILE_NAME.fullmatch(value)) or (" " in value and (not begun or " -" in value)):
        return False
    if " " in value and SECRET_NAME.search(value):
        return False
    return all(map(calm_name, filter(None, found["folders"].split("/"))))


def _exists(value: str) -> bool:
    try:
        return Path(value).expanduser().exists()
    except (OSError, RuntimeError):
        return False
