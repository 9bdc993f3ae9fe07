"""Whether a server works on nothing but its workspace, which is thrown away, as far as its entry says.

    lasting(ServerEntry("sqlite", "stdio", "uvx", ("mcp-server-sqlite", "--db-path", "/workspace/db.sqlite")))      # None
    lasting(ServerEntry("files", "stdio", "npx", ("server-filesystem", "/home/joe")))     # 'args[1] names a path outside'

What an entry says of a server's own program is passed over where it is understood: the script that a known interpreter is given,
the package that `uvx` and `npx` start, a program that calls itself a server, and none whose name says that it works elsewhere.
Everything else must evidently be plain, and whatever is not understood lasts. Only the text is judged: what a variable of the
environment holds differs from day to day.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from astra_data.tools.mcp_config import VARIABLE, ServerEntry
from astra_data.tools.naming import words
from astra_data.tools.packages import LAUNCHERS, reading
from astra_data.tools.plain import SECRET_NAME
from astra_data.tools.secrets import mask_arguments
from astra_data.tools.services import FILED, SETTINGS, service

ELSEWHERE = frozenset(
    "adb aws aws-vault az busybox chamber chroot colima container curl devcontainer direnv distrobox doas docker docker-compose "
    "doppler dotenv dotenvx env envchain fly flyctl gcloud gh helm heroku incus infisical kubectl limactl lxc lxd "
    "machinectl mosh multipass nc ncat nerdctl nsenter oc op orb osascript plink podman railway runuser socat sops ssh "
    "ionice mariadb mongosh mysql nice nohup parallel powershell psql pwsh redis-cli setsid sqlcmd stdbuf strace timeout "
    "xargs sshpass su sudo systemd-run teller telnet toolbox vagrant vault wget wsl".split()
)
"""Commands whose programs run in another place, as somebody else, or with variables that the entry does not show."""

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
DOTTED = re.compile(r"[\w-]\.[A-Za-z]")
FILE = re.compile(
    r"\./[\w@ +./-]+|(?:[\w@+-]+/)*[\w@ +-]+\.(?:cfg|conf|csv|db|docx|duckdb|html?|ini|jpe?g|jsonl?|log|parquet|pdf|png|pptx"
    r"|sqlite3?|svg|toml|tsv|txt|xlsx?|xml|ya?ml)",
    re.IGNORECASE,
)
"""What has a dot and is no host."""
DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?")
LAUNCHING = frozenset(
    "-y --yes -q --quiet --isolated --no-cache --refresh --offline --prefer-offline --no-install --no --no-project".split()
)
"""Flags of what starts a package."""
INTERPRETING = re.compile(
    r"--(?:no-warnings|no-deprecation|enable-source-maps|max-old-space-size=\d{1,6}|quiet|no-check|allow-[a-z]{1,12})|-A"
)
PYTHONIC = re.compile(r"-[uBEIOsSvq]{1,9}")
SERVING = frozenset({"mcp", "server"})
"""Words of programs that are servers themselves."""
LONE = frozenset({"-v", "-vv", "-vvv", "-q", "-y"})
"""Flags without a value."""
FLAG = re.compile(r"--[a-z][a-z0-9]*(?:-[a-z0-9]+){0,7}|-[a-z]|-(?:stdio|sse|transport|mode|config|vv+|jar|cp)", re.IGNORECASE)


def lasting(entry: ServerEntry) -> str | None:
    """Why what the server does may outlast the run, or None if it works on nothing but its workspace."""
    if entry.transport != "stdio":
        return "it is reached over HTTP"
    command = _name(entry.command)
    if VARIABLE.search(entry.command) or "$" in entry.command:
        return "its command takes a variable from the environment"
    if other := next((word for word in (command, *map(_name, entry.args)) if word in ELSEWHERE), None):
        return f"it runs by {other}"
    if command in SHELLS and any(re.match(r"[-+]\w*c", word) for word in entry.args):
        return "it is a command line of a shell"
    for name, value in sorted(entry.env.items()):
        if found := _of_setting(name, value, SETTINGS):
            return f"env.{name} {found}"
    return _of_arguments(entry, command) or _of_program(entry, command)


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
        name, equals, value = argument.partition("=") if argument.startswith("-") or not flag else (flag, "", argument)
        if argument.startswith("-") and not equals:
            found = _of_flag(argument)
        else:
            found = _of_setting(name, value, SETTINGS | FILED) if equals or flag else _of_word(argument)
        if found:
            return f"args[{index}] {found}"
        flag = argument if argument.startswith("-") and not equals and argument not in LONE else ""
    return "its arguments hold a secret" if mask_arguments(rest)[1] else None


def _of_program(entry: ServerEntry, command: str) -> str | None:
    """What the server's own program says of the outside, and whether it is understood how it is started."""
    between, own = _between(command, entry.args), set(_program(command, entry.args))
    other = next((index for index, word in enumerate(entry.args) if index >= between and _starts(_name(word))), None)
    if other is not None:
        return f"args[{other}] starts another program"
    if not _starts(command):
        return None if SERVING & set(words(command)) and not service(command) else "its command is none that is known"
    named = sorted(index for index in own if index >= between and (index - 1 in own or not entry.args[index].startswith("-")))
    if not named:
        return "it is not understood what its command starts"
    for index, word in enumerate(entry.args[between:], between):
        if index in own and (found := service(word if word.startswith("@") else PurePosixPath(word).name)):
            return f"args[{index}] says that it works elsewhere ({found})"
        if index < named[-1] and index not in own and not _leads(command, word):
            return f"args[{index}] is none that is known"
    return None


def _of_flag(argument: str) -> str | None:
    if found := _named(argument):
        return f"says that it works elsewhere ({found})"
    return None if FLAG.fullmatch(argument) else _of_value(argument)


def _named(setting: str) -> str | None:
    """The word by which the name of a setting says that a program works elsewhere; a `--db-path` may be in the workspace."""
    return service(setting.replace("db", ""), whole=True)


def _of_word(argument: str) -> str | None:
    found = _of_setting("", argument, frozenset())
    named = service(argument, whole=True) if not HARMLESS.fullmatch(argument) and not FILE.fullmatch(argument) else None
    return found or (f"says that it works elsewhere ({named})" if named else None)


def _of_setting(name: str, value: str, known: frozenset[str]) -> str | None:
    """What a variable, or a flag with its value, says of the outside. Of a plain value the name must be one that is `known`."""
    name = re.sub(r"author(?!iz|is)", "", name, flags=re.IGNORECASE)
    if SECRET_NAME.search(name):
        return "is a secret"
    plain = VARIABLE.sub(lambda match: "/workspace" if match[1] == "workspaceFolder" else match[0], value)
    if HARMLESS.fullmatch(plain):
        return None
    if found := _of_value(plain):
        return found
    if NAMED_OUTSIDE.search(name.lstrip("-")):
        return "says where outside it works"
    return "is not known to be harmless" if name and (_named(name) or not known & set(words(name)[-1:])) else None


def _of_value(value: str) -> str | None:
    if VARIABLE.search(value):
        return "takes a variable from the environment"
    if DATE.fullmatch(value):
        return None
    if REMOTE.search(value) or (DOTTED.search(value) and not FILE.fullmatch(value)):
        return "names an address"
    if OUTSIDE.search(value):
        return "names a path outside the workspace"
    return None if PLAIN.fullmatch(value) else "may hold a secret"


def _name(command: str) -> str:
    return PurePosixPath(command.replace("\\", "/")).name.lower().removesuffix(".exe")


def _starts(command: str) -> bool:
    """Whether a command is one that starts a program which its arguments name."""
    return command in LAUNCHERS or INTERPRETERS.fullmatch(command) is not None


def _between(command: str, args: Sequence[str]) -> int:
    """How many words stand between a command that starts programs and its own options."""
    read = reading(command, args)
    return read.start if read else int(bool(args) and args[0] == SUBCOMMANDS.get(command))


def _leads(command: str, flag: str) -> bool:
    """Whether a flag before the program is known, and changes nothing of what is started."""
    if command in LAUNCHERS:
        return flag in LAUNCHING
    return bool(INTERPRETING.fullmatch(flag) or (command.startswith(("python", "pypy")) and PYTHONIC.fullmatch(flag)))


def _program(command: str, args: Sequence[str]) -> Iterator[int]:
    """The places of the arguments that name the server's own program."""
    if read := reading(command, args):
        yield from (index for index in read.own if index < len(args))
        yield from (read.end,) if PACKAGE.fullmatch("".join(args[read.end : read.end + 1])) else ()
    elif INTERPRETERS.fullmatch(command):
        start = _between(command, args)
        yield from range(start)
        yield from (index for index in _script(args, start) if index < len(args))


def _script(args: Sequence[str], start: int) -> Iterator[int]:
    """The script, or the module of Python; code that stands in an argument is no script."""
    for index in range(start, len(args)):
        if args[index] in ("-m", "-jar"):
            yield from (index, index + 1)
            return
        if not args[index].startswith("-"):
            yield index
            return
        if not re.fullmatch(r"-[uBEIOsSvq]+|-A|--[a-z][a-z-]*", args[index]):
            return
