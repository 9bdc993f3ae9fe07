"""Whether a server works on nothing but its workspace, which is thrown away, as far as its entry says.

    lasting(ServerEntry("sqlite", "stdio", "uvx", ("mcp-server-sqlite", "--db-path", "/workspace/db.sqlite")))      # None
    lasting(ServerEntry("files", "stdio", "npx", ("server-filesystem", "/home/joe")))     # 'args[1] names a path outside'

What an entry says of a server's own program is passed over: the command, the script that an interpreter is given, the package
that `uvx` and `npx` start. Everything else must evidently be plain. Only the text is judged: what a variable of the environment
holds differs from day to day.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from astra_data.tools.mcp_config import VARIABLE, ServerEntry
from astra_data.tools.naming import words
from astra_data.tools.secrets import SECRET_NAME, mask_arguments

ELSEWHERE = frozenset(
    "adb aws aws-vault az chamber chroot colima container curl devcontainer direnv distrobox doas docker docker-compose "
    "doppler dotenv dotenvx env envchain fly flyctl gcloud gh helm heroku incus infisical kubectl limactl lxc lxd "
    "machinectl mosh multipass nc ncat nerdctl nsenter oc op orb osascript plink podman railway runuser socat sops ssh "
    "sshpass su sudo systemd-run teller telnet toolbox vagrant vault wget wsl".split()
)
"""Commands whose programs run in another place, as somebody else, or with variables that the entry does not show."""

RUNNERS: dict[str, list[tuple[str, ...]]] = {
    **{"uvx": [()], "npx": [()], "bunx": [()], "pipx": [("run",)], "uv": [("tool", "run"), ("run",)]},
    **{"pnpm": [("dlx",)], "yarn": [("dlx",)]},
}
"""Commands that start a package, with the words that may stand between them and it."""

PACKAGE_FLAGS = frozenset({"--from", "--with", "--package", "-p", "--python", "-w", "--index", "--index-url", "--default-index"})
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish"})
INTERPRETERS = re.compile(rf"(?:python|pypy)[\d.]*|node|nodejs|bun|deno|tsx|ts-node|ruby|perl|php|lua|java|{'|'.join(SHELLS)}")
SUBCOMMANDS = {"bun": "run", "deno": "run"}
PACKAGE = re.compile(
    r"(?:git\+\w+:/{2}|github:)\S+|\S+\.py"
    r"|@?[\w.-]+(?:/[\w.-]+)?(?:\[[\w, -]*\])?(?:(?:@|[=<>~!]=?=?)[\w.+!,<>=~-]*)?"
)

NAMED_OUTSIDE = re.compile(
    r"(?:^|[-_ ])(?:hosts?|hostname|port|uris?|urls?|endpoint|server|remote|account|profile|tenant|org|organi[sz]ation|project"
    r"|bucket|region|cluster|context|subscription|e-?mail|user(?:name)?|login|client|proxy|broker|connection|address|namespace"
    r"|database|domain|site|socket|webhook|channel|team|home)(?:$|[-_ =])|^pg[a-z]+$|^kubeconfig$|^[pukhe]$",
    re.IGNORECASE,
)
"""Settings that say where outside a server works, whatever their values look like."""

HARMLESS = re.compile(r"/workspace(?:/(?!\.\.(?:/|$))[\w.@ +-]*)*|/dev/(?:null|stdin|stdout|stderr)|:memory:|")
OUTSIDE = re.compile(
    r"(?:^|[^\w.~/-])/|^-\w/|~|(?:^|[^\w.])\.\.(?:$|[^\w.])|\\|(?:^|[^A-Za-z])[A-Za-z]:[/\\]|\bfile:|[$%]"
)
"""Absolute paths, home folders, steps up, drives, shares, and variables that only the server fills in."""

PLACE = re.compile(r"(?:file:/{0,3})?(?:/(?!/)|~|\.\.(?:/|$)|[A-Za-z]:[/\\]|\\\\)")
"""How a path outside begins."""
PLACED = frozenset("dir directory file folder home location path paths root roots".split())

REMOTE = re.compile(
    r"\w:/{2}|\blocalhost\b|(?:^|[^\d.])\d{1,3}(?:\.\d{1,3}){3}(?:$|[^\d.])|\[[0-9a-f]*:[0-9a-f:]*\]|\w@\w"
    r"|[A-Za-z][\w.-]{0,64}:\d{2,5}\b|\.(?:com|org|net|edu|gov|io|dev|ai|app|cloud|local|localdomain|internal|intranet|lan|corp|home"
    r"|info|biz|xyz|eu|de|uk|co|us|fr|cn|jp|ru|ch|at|nl|in|br|me|tv|test|example|invalid|arpa)(?:$|[/:])",
    re.IGNORECASE,
)
"""Addresses, hosts and connection strings."""

WORD = r"(?:[A-Z]?[a-z]{1,16}|[A-Z]{1,12}|[a-z]{2,12}(?:[A-Z][a-z]{2,12}){1,3})\d{0,3}"
PLAIN = re.compile(
    rf"(?:\./)?(?:{WORD}|\d{{1,10}})(?:[-_., /+<=]{{1,2}}(?:{WORD}|\d{{1,6}})){{0,15}}"
    r"|\./?|[\d.,-]{1,16}|\d{1,10} [+-]\d{4}"
)
DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?")
FLAG = re.compile(r"--[a-z][a-z0-9]*(?:-[a-z0-9]+){0,7}|-[a-z]|-(?:stdio|sse|transport|mode|config|vv+|jar|cp)", re.IGNORECASE)


def lasting(entry: ServerEntry) -> str | None:
    """Why what the server does may outlast the run, or None if it works on nothing but its workspace."""
    if entry.transport != "stdio":
        return "it is reached over HTTP"
    command = _name(entry.command)
    if VARIABLE.search(entry.command) or "$" in entry.command:
        return "its command takes a variable from the environment"
    if other := next((word for word in (command, *map(str.lower, entry.args)) if word in ELSEWHERE), None):
        return f"it runs by {other}"
    if command in SHELLS and any(re.match(r"[-+]\w*c", word) for word in entry.args):
        return "it is a command line of a shell"
    for name, value in sorted(entry.env.items()):
        if found := _of_setting(name, value):
            return f"env.{name} {found}"
    return _of_arguments(entry, command)


def names_a_place(entry: ServerEntry) -> bool:
    """Whether an entry itself gives its server a place outside of the workspace to work on."""
    program = set(_program(_name(entry.command), entry.args))
    given = [("", word) for index, word in enumerate(entry.args) if index not in program]
    return any(_is_place(name, value) for name, value in [*given, *entry.env.items()] if not SECRET_NAME.search(name))


def _is_place(name: str, value: str) -> bool:
    if not name and value.startswith("-"):
        name, _, value = value.partition("=")
    variable = VARIABLE.match(value)
    if SECRET_NAME.search(name) or (variable and variable[1] == "workspaceFolder"):
        return False
    if variable:
        return value[variable.end() : variable.end() + 1] == "/" or not PLACED.isdisjoint(words(variable[1]))
    return PLACE.match(value) is not None and not HARMLESS.fullmatch(value)


def _of_arguments(entry: ServerEntry, command: str) -> str | None:
    program = set(_program(command, entry.args))
    rest = [argument for index, argument in enumerate(entry.args) if index not in program]
    flag = ""
    for index, argument in enumerate(entry.args):
        if index in program:
            flag = ""
            continue
        name, equals, value = argument.partition("=") if argument.startswith("-") else (flag, "", argument)
        found = _of_flag(argument) if argument.startswith("-") and not equals else _of_setting(name, value)
        if found:
            return f"args[{index}] {found}"
        flag = argument if argument.startswith("-") and not equals else ""
    return "its arguments hold a secret" if mask_arguments(rest)[1] else None


def _of_flag(argument: str) -> str | None:
    return None if FLAG.fullmatch(argument) else _of_value(argument)


def _of_setting(name: str, value: str) -> str | None:
    """What a variable, or a flag with its value, says of the outside."""
    name = re.sub(r"author(?!iz|is)", "", name, flags=re.IGNORECASE)
    if SECRET_NAME.search(name):
        return "is a secret"
    plain = VARIABLE.sub(lambda match: "/workspace" if match[1] == "workspaceFolder" else match[0], value)
    if HARMLESS.fullmatch(plain):
        return None
    return _of_value(plain) or ("says where outside it works" if NAMED_OUTSIDE.search(name.lstrip("-")) else None)


def _of_value(value: str) -> str | None:
    if VARIABLE.search(value):
        return "takes a variable from the environment"
    if DATE.fullmatch(value):
        return None
    if REMOTE.search(value):
        return "names an address"
    if OUTSIDE.search(value):
        return "names a path outside the workspace"
    return None if PLAIN.fullmatch(value) else "may hold a secret"


def _name(command: str) -> str:
    return PurePosixPath(command.replace("\\", "/")).name.lower().removesuffix(".exe")


def _program(command: str, args: Sequence[str]) -> Iterator[int]:
    """The places of the arguments that name the server's own program."""
    between = next((words for words in RUNNERS.get(command, ()) if tuple(args[: len(words)]) == words), None)
    if between is not None:
        yield from range(len(between))
        yield from _package(args, len(between))
    elif INTERPRETERS.fullmatch(command):
        start = int(bool(args) and args[0] == SUBCOMMANDS.get(command))
        yield from range(start)
        yield from _script(args, start)


def _package(args: Sequence[str], start: int) -> Iterator[int]:
    """The package, or the command of a package that flags name."""
    index = start
    while index < len(args):
        name, equals, _ = args[index].partition("=")
        if name in PACKAGE_FLAGS and name.startswith("-"):
            yield from ((index,) if equals else (index, index + 1))
            index += 1 if equals else 2
        elif args[index].startswith("-"):
            index += 1
        else:
            yield from (index,) if PACKAGE.fullmatch(args[index]) else ()
            return


def _script(args: Sequence[str], start: int) -> Iterator[int]:
    """The script, or the module of Python; code that stands in an argument is no script."""
    for index in range(start, len(args)):
        if args[index] in ("-m", "-jar"):
            yield from (index, index + 1)
            return
        if not args[index].startswith("-"):
            yield index
            return
        if not re.fullmatch(r"-[uBEIOsSvq]+|-O[O]?|--[a-z][a-z-]*", args[index]):
            return
