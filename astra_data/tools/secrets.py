"""What counts as a secret in an `mcp.json` entry, and how its arguments are shown.

    >>> mask_arguments(("--api-key", "abc123", "postgres://joe:pw@db/x"))
    (['--api-key', '***', 'postgres://db/x'], ['abc123', 'joe', 'pw'])

Names decide first (`GITHUB_TOKEN`, `--password`, `-H`); then anything that is not evidently plain (`plain`) is a secret. What is
hidden is taken apart too, since a server may say it in parts: the token of a header, the values of a JSON text, a key's lines.
"""

import re
from collections.abc import Iterable, Sequence

from astra_data.tools.atoms import HEADER, atoms, is_listed, words_of
from astra_data.tools.packages import reading
from astra_data.tools.plain import ORDINARY, SECRET_NAME, TOKEN, calm_name, is_flag, plain, plain_setting, token_in
from astra_data.tools.urls import ANY_VARIABLE, MASK, clean_url, split, url_secrets, user_of

SHORTEST = 4
"""Shorter values are masked where they stand in an entry, and never searched for in texts."""
FEWEST_DIGITS = 6
"""The same of numbers with fewer digits."""

FLAGS = {
    **dict.fromkeys(("-H", "--header", "--headers"), "header"),
    **dict.fromkeys(("-e", "-E", "--env", "--environment", "--build-arg", "-D", "--set"), "pair"),
    **dict.fromkeys(("-u", "-U", "--user", "--username", "--proxy-user", "--userpwd", "--login"), "user"),
    **dict.fromkeys(("-p", "-P", "-k", "-K", "-a", "-w", "-s", "-t"), "short"),
}
"""Flag -> what its value is. Any other flag with the name of a secret has a secret for its value."""
SETTING = re.compile(
    r"--?(?:[a-z]+[-_])*(?:transport|host|port|mode|level|region|model|time[-_]?zone|tools?|toolsets?|features?|functions?|browser"
    r"|size|platform|network|caps|image|python|lang|language|locale|format|encoding)"
)
SECRET_FLAG = re.compile(
    r"-(?:[a-z]+[-_])*(?:tokens?|secrets?|password|passwd|pass|pwd|keys?|apikey|auth|credentials?)", re.IGNORECASE
)
NAMED = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.-]{0,63})=(?!=)(?P<value>.*)", re.DOTALL)
SECRET_NAMED = re.compile(
    rf"(?=[^=]*(?:{SECRET_NAME.pattern}))(?P<name>-{{0,2}}[A-Za-z_][\w-]*)=(?P<value>.*)", re.DOTALL | re.IGNORECASE
)
GLUED = re.compile(r"(?P<flag>-[A-Za-z])(?P<value>.+)", re.DOTALL)
SPEC = re.compile(r"@?[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)?(?:\[[\w, -]*\])?(?:(?:[<>=~!]=?|@)[\w.*^~+-]+(?:,[<>=~!]+[\w.*+-]+)*)?")
BEARER = re.compile(r"(?:[A-Za-z]{1,16}(?:-[A-Za-z]{1,16}){0,4}:)?\s*(?:(?:bearer|basic|token)\s*)?", re.IGNORECASE)
"""What may stand before a variable: the name of a header, and how it is authorised."""
Masked = tuple[str, list[str]]
"""A text as it may be shown, and what was hidden of it."""


def secret_value(name: str, value: str) -> bool:
    """Whether a setting must be hidden: by its name, or as its value is no plain word, number or workspace path."""
    return bool(SECRET_NAME.search(name)) or not plain_setting(value)


def searchable(values: Iterable[str]) -> frozenset[str]:
    """The values that can be looked for in a text, with their parts: of headers, URLs, JSON, connection strings, long keys."""
    return frozenset(atom for value in values for atom in atoms(value, certain=True) if _telling(atom))


def _telling(value: str) -> bool:
    digits = re.sub(r"[\s.,:+-]", "", value)
    ordinary = value.strip().lower() in ORDINARY or value.startswith("/workspace") or not ANY_VARIABLE.sub("", value)
    short = len(value.strip("*")) < SHORTEST or (digits.isdigit() and len(digits) < FEWEST_DIGITS)
    return not ordinary and not short


def mask_arguments(arguments: Sequence[str], command: str = "") -> tuple[list[str], list[str]]:
    """Command-line arguments as they may be shown, and the values that were hidden. `command` tells where a package is named."""
    shown: list[str] = []
    hidden: list[str] = []
    packages, kind = _packages(arguments, command), ""
    for index, argument in enumerate(arguments):
        if index in packages and SPEC.fullmatch(argument) and not token_in(argument):
            text, found = argument, list[str]()
        else:
            text, found = _argument(argument, kind)
        shown.append(text)
        hidden += found
        kind = _kind(argument) if argument.startswith("-") and "=" not in argument else ""
    return shown, hidden


def named_secrets(arguments: Sequence[str]) -> list[str]:
    """What a command names as a secret, by a flag, a variable or a key's look. The rest of it may be content, and is shown."""
    found = [token[0] for argument in arguments for token in TOKEN.finditer(argument)]
    for before, argument in zip(("", *arguments), arguments, strict=False):
        named = NAMED.fullmatch(argument)
        if before.startswith("-") and _kind(before) in ("secret", "header") and not is_flag(argument):
            found += atoms(argument, certain=True)
        if named and SECRET_NAME.search(named["name"]) and (argument.startswith("-") or not re.search(r"\s", argument)):
            found += atoms(named["value"], certain=True)
        found += user_of(argument) or ()
        if re.search(r"\s", argument):
            found += named_secrets(words_of(argument))
    return found


def mask_command(command: str) -> Masked:
    """A command as it may be shown, and what was hidden of it; some people write a whole line of shell into it."""
    if not re.search(r"\s", command) or plain(command):
        return _value(command, "")
    words, hidden = mask_arguments(command.split())
    return " ".join(words), [*hidden, *atoms(command, certain=False)]


def _packages(arguments: Sequence[str], command: str) -> set[int]:
    """Where the arguments of `uvx`, `npx` and their like name packages. What follows a flag for a secret is none."""
    read = reading(command, arguments)
    if read is None:
        return set()
    before = arguments[read.end - 1] if read.end else ""
    return {*read.packages, *(() if before.startswith("-") and SECRET_NAME.search(before) else (read.end,))}


def _kind(flag: str) -> str:
    """What the value of a flag is; empty for one that may be anything."""
    if flag in FLAGS:
        return FLAGS[flag]
    known = is_flag(flag) or SECRET_FLAG.fullmatch(flag) or not flag.startswith("-")
    return "secret" if known and SECRET_NAME.search(flag) else "setting" if SETTING.fullmatch(flag) else ""


def _argument(argument: str, kind: str) -> Masked:
    """One argument; `kind` is what the flag before it asks for."""
    named, glued = NAMED.fullmatch(argument) or SECRET_NAMED.fullmatch(argument), GLUED.fullmatch(argument)
    if kind and not is_flag(argument) and not (named and argument.startswith("--") and calm_name(named["name"])):
        return _value(argument, kind)
    if is_flag(argument) or SECRET_FLAG.fullmatch(argument):
        return argument, []
    if named and _names(named["name"], named["value"]):
        return _pair(named["name"], named["value"])
    if glued:
        text, found = _value(glued["value"], FLAGS.get(glued["flag"], "short"))
        return glued["flag"] + text, found
    return _value(argument, "")


def _names(name: str, value: str) -> bool:
    """Whether `name=value` is a setting, and not a secret that holds a `=`, or a list of settings."""
    flag = is_flag(name) or bool(SECRET_FLAG.fullmatch(name))
    one = bool(SECRET_NAME.search(name)) or not is_listed(value)
    return flag or (bool(value) and calm_name(name.lower(), most=6) and one and not name.startswith("-"))


def _pair(name: str, value: str) -> Masked:
    text, found = _value(value, _kind(name))
    line = atoms(f"{name}={value}", certain=False) if found and re.search(r"\s", value) else ()
    return f"{name}={text}", [*found, *line]


def _value(text: str, kind: str) -> Masked:
    """A value by what it is said to be."""
    if "${" in text and kind != "secret":
        return _with_variables(text, kind)
    header, (name, equals, value) = HEADER.fullmatch(text), text.partition("=")
    if kind == "pair" and equals and re.fullmatch(r"[A-Za-z_]\w*", name) and _names(name, value):
        return _pair(name, value)
    if header and calm_name(header["name"]) and (kind == "header" or (not kind and _speaks_of_headers(text))):
        return f"{header['name']}: {MASK}", [*atoms(header["value"], certain=True)]
    if _shown(text, kind):
        return text, []
    if not kind and split(text) is not None and not token_in(clean_url(text)):
        return clean_url(text), url_secrets(text)
    return MASK, [*defaults(text), *atoms(text, certain=True)]


def defaults(text: str) -> Iterable[str]:
    """What `${NAME:-default}` holds that is not plain."""
    found = (variable[2:-1].partition(":-")[2] for variable in ANY_VARIABLE.findall(text))
    return [atom for default in found if not plain(default) for atom in atoms(default, certain=True)]


def _speaks_of_headers(text: str) -> bool:
    name, _, value = text.partition(":")
    return "://" not in text and (value.startswith(" ") or bool(SECRET_NAME.search(name)) or name.lower().startswith("x-"))


def _shown(text: str, kind: str) -> bool:
    """Whether a value of this kind may be shown as it is."""
    if not text or kind in ("secret", "header"):
        return not text
    if kind == "short":
        return bool(re.fullmatch(r"\d{1,5}(?:[:.]\d{1,5}){0,3}", text)) or text.lower() in ORDINARY
    if kind == "setting" and re.fullmatch(r"[\w.+/:,-]+", text) and calm_name(text.replace("/", "-"), most=40):
        return True
    if kind == "pair" and re.fullmatch(r"[A-Z][A-Z0-9_]*", text) and calm_name(text):
        return True
    return plain(text) and not (kind == "user" and ":" in text and not re.fullmatch(r"\d+:\d+", text))


def _with_variables(text: str, kind: str) -> Masked:
    """A text with `${NAME}` in it, which may be shown if what stands around it may, and what `${NAME:-default}` gives."""
    bare, hidden = ANY_VARIABLE.sub("", text), defaults(text)
    if split(text) is not None and not hidden:
        return clean_url(text), url_secrets(text)
    known = not bare.strip() or plain(bare.strip()) or BEARER.fullmatch(bare)
    return (text, []) if known and not hidden else (MASK, [*hidden, *atoms(bare, certain=True)])
