"""`mcp.json`, the file in which people name their MCP servers.

    {"mcpServers": {"git": {"command": "uvx", "args": ["mcp-server-git"], "env": {"TOKEN": "${GIT_TOKEN}"}},
                    "docs": {"type": "http", "url": "https://example.org/mcp", "headers": {"X-Key": "${KEY}"}}}}

The files of other clients are read as they are: `servers` for `mcpServers`, keys that only those clients know are
skipped, and so are disabled servers. `${NAME}` is filled from the environment when a server starts, and never stored.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import orjson

from astra_data.errors import DataError, Place, UsageError
from astra_data.messages import JsonObject
from astra_data.tools.plain import calm_name, plain, token_in, wordlike
from astra_data.tools.scrub import Scrub
from astra_data.tools.secrets import defaults, mask_arguments, mask_command, searchable, secret_value
from astra_data.tools.urls import MASK, clean_url, split, url_secrets

VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]{0,500}))?\}")
HTTP_TYPES = {"http", "streamable-http", "streamableHttp", "streamable_http"}
NOT_SECRET = {"HOME", "USER", "PWD", "workspaceFolder"}
EXAMPLE = 'such as {"command": "uvx", "args": ["mcp-server-time"], "env": {"KEY": "${KEY}"}}'
HTTP_EXAMPLE = 'such as {"type": "http", "url": "https://example.org/mcp"}'
KNOWN_KEYS = {"type", "transport", "command", "args", "env", "url", "headers", "disabled"}

LONGEST_RESULT = 50_000
"""Characters of a result that are kept, unless the recipe says otherwise: some 12,000 tokens."""
Writes = Literal["allow"] | frozenset[str]
"""Of which tools the recipe says that they may be called, whatever they do: of all, or of these."""


@dataclass(frozen=True, slots=True, repr=False)
class ServerEntry:
    """One server of an `mcp.json`. `flags` name the keys that were not used; `file` is for messages. Its `repr` is public.

    `writes`, `timeout` and `longest` are the recipe's: what may be called that does not only read, the seconds in which a call
    must end or report progress, and how many characters of a result are kept.
    """

    name: str
    transport: Literal["stdio", "http"]
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    file: str = "mcp.json"
    flags: tuple[str, ...] = ()
    writes: Writes = frozenset()
    timeout: float | None = None
    longest: int = LONGEST_RESULT

    def public(self) -> JsonObject:
        """The entry without secrets, as rows and keys hold it: names of variables and headers, masked arguments."""
        scrub = Scrub(searchable(self.hidden()))
        if self.transport == "http":
            return {"type": "http", "url": scrub(_public_url(self.url)), "headers": _names(self.headers, scrub)}
        shown, _ = mask_arguments(self.args, self.command)
        args = [argument if scrub(argument) == argument else MASK for argument in shown]
        return {"command": scrub(mask_command(self.command)[0]), "args": args, "env": _names(self.env, scrub)}

    def __repr__(self) -> str:
        return f"ServerEntry({self.name!r}, {self.public()})"

    @property
    def _texts(self) -> list[str]:
        return [self.command, self.url, *self.args, *self.env.values(), *self.headers.values()]

    def hidden(self) -> list[str]:
        """What this entry itself says that may not be shown: settings, headers, arguments, parts of the address. Its own name is
        in every row, and so is no secret where it stands among the arguments."""
        values = [value for name, value in self.env.items() if secret_value(name, value)]
        values += [*self.headers.values(), *mask_command(self.command)[1], *mask_arguments(self.args, self.command)[1]]
        values += [*url_secrets(self.url), *(value for text in self._texts for value in defaults(text))]
        return [value for value in values if value != self.name or not calm_name(value)]

    def permitting(self, writes: Writes) -> "ServerEntry":
        """The entry of a server of which these tools may be called, whatever they do."""
        return replace(self, writes=writes)

    def bounded(self, timeout: float | None, longest: int) -> "ServerEntry":
        """The entry of a server whose calls are bounded so."""
        return replace(self, timeout=timeout, longest=longest)

    def expanded(self, environ: Mapping[str, str] = os.environ) -> "ServerEntry":
        """The entry with `${NAME}` and `${NAME:-default}` filled in. `UsageError` for a variable that is not set."""

        def fill(text: str, part: str) -> str:
            return VARIABLE.sub(lambda match: self._value(match, part, environ), text)

        return replace(
            self,
            command=fill(self.command, "command"),
            args=tuple(fill(argument, f"args[{index}]") for index, argument in enumerate(self.args)),
            env={name: fill(value, f"env.{name}") for name, value in self.env.items()},
            url=fill(self.url, "url"),
            headers={name: fill(value, f"headers.{name}") for name, value in self.headers.items()},
        )

    def _value(self, match: re.Match[str], part: str, environ: Mapping[str, str]) -> str:
        name, default = match.groups()
        if name == "workspaceFolder":
            return "/workspace"
        if name in environ:
            return environ[name]
        if default is not None:
            return str(default)
        raise UsageError(
            f"the environment variable {name} is not set",
            place=Place(self.file, field=f"mcpServers.{self.name}.{part}"),
            mend=f"export {name}=... before the run",
        )

    def secrets(self, environ: Mapping[str, str] = os.environ) -> frozenset[str]:
        """Every value that must not reach a row: what `${NAME}` stands for, settings, headers, masked arguments."""
        entry = self.expanded(environ)
        used = {match[1] for text in self._texts for match in VARIABLE.finditer(text)} - NOT_SECRET
        values = [environ[name] for name in sorted(used) if not environ.get(name, "/workspace").startswith("/workspace")]
        return searchable([*values, *(value for text in self._texts for value in defaults(text)), *entry.hidden()])


def _public_url(url: str) -> str:
    """The address of an entry as it may be shown; one that begins with a variable has its host in that."""
    if begun := VARIABLE.match(url):
        stand_in = "http://host"
        return begun[0] + clean_url(stand_in + url[begun.end() :]).removeprefix(stand_in)
    return clean_url(url) if split(url) else MASK


def _names(settings: Mapping[str, str], scrub: Scrub) -> list[str]:
    """The names of variables or headers, without those that are themselves a secret."""
    return sorted(MASK if token_in(name) or scrub(name) != name else name for name in settings)


def read_mcp_json(path: Path) -> list[ServerEntry]:
    """The servers of an `mcp.json`, in file order. `UsageError` and `DataError` name the file and the field."""
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", place=Place(str(path)), mend="name an existing mcp.json") from None
    except ValueError as error:
        mend = "remove comments and trailing commas"
        raise DataError(f"not JSON: {error}", place=Place(str(path)), mend=mend) from None
    if not isinstance(content, dict):
        raise DataError("expected an object", place=Place(str(path)), mend='write {"mcpServers": {...}}')
    key = next((key for key in ("mcpServers", "servers") if key in content), None)
    servers = content.get(key) if key else None
    if not isinstance(servers, dict) or not servers:
        place = Place(path.name, field=key or "mcpServers")
        raise DataError("no servers", place=place, mend='write {"mcpServers": {"name": {"command": ...}}}')
    for number, name in enumerate(servers, 1):
        if token_in(name):
            raise _named_by_a_secret(path, number, MASK)
    entries = [
        _entry(name, fields, Place(path.name, field=f"{key}.{name}"))
        for name, fields in servers.items()
        if not (isinstance(fields, dict) and fields.get("disabled") is True)
    ]
    hidden = searchable(value for entry in entries for value in entry.hidden())
    known = Scrub(value for value in hidden if not wordlike(value))
    for entry in entries:
        if (shown := known(entry.name)) != entry.name:
            raise _named_by_a_secret(path, list(servers).index(entry.name) + 1, shown)
    return entries


def _named_by_a_secret(path: Path, number: int, shown: str) -> UsageError:
    message = f"the name of server {number} of the file, shown as {shown}, is or holds a secret, and names are in every row"
    return UsageError(message, place=Place(path.name, field="mcpServers"), mend="give it a name that all may read")


def _entry(name: str, fields: Any, place: Place) -> ServerEntry:
    if not isinstance(fields, dict):
        raise DataError("expected an object", place=place, mend=EXAMPLE)
    implied = "http" if "url" in fields and "command" not in fields else "stdio"
    kind = fields.get("type", fields.get("transport", implied))
    if kind == "sse":
        raise UsageError(
            "the SSE transport is not spoken here",
            place=_at(place, "type"),
            mend='use the streamable HTTP address of the server, with "type": "http"',
        )
    flags = tuple(f"ignored: {MASK if token_in(key) else key}" for key in sorted(fields.keys() - KNOWN_KEYS))
    if kind in HTTP_TYPES:
        url, headers = _text(fields, "url", place), _texts(fields, "headers", place)
        if not url.startswith(("http://", "https://", "${")):
            raise DataError("expected an http or https address", place=_at(place, "url"), mend=HTTP_EXAMPLE)
        return ServerEntry(name, "http", url=url, headers=headers, file=place.file, flags=flags)
    if kind != "stdio":
        said = repr(kind) if isinstance(kind, str) and plain(kind) else "of this name"
        raise UsageError(f"unknown transport {said}", place=_at(place, "type"), mend='"stdio" or "http"')
    args = fields.get("args", [])
    if not isinstance(args, list) or not all(isinstance(argument, str) for argument in args):
        raise DataError("expected a list of texts", place=_at(place, "args"), mend=EXAMPLE)
    _refuse_inputs([*args, *_texts(fields, "env", place).values()], place)
    command = _text(fields, "command", place)
    return ServerEntry(name, "stdio", command, tuple(args), _texts(fields, "env", place), file=place.file, flags=flags)


def _at(place: Place, part: str) -> Place:
    return Place(place.file, field=f"{place.field}.{part}")


def _text(fields: JsonObject, key: str, place: Place) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        mend = HTTP_EXAMPLE if key == "url" else EXAMPLE
        raise DataError("missing" if value is None else "expected a text", place=_at(place, key), mend=mend)
    return value


def _texts(fields: JsonObject, key: str, place: Place) -> dict[str, str]:
    values = fields.get(key) or {}
    if not isinstance(values, dict):
        raise DataError("expected an object", place=_at(place, key), mend='write {"NAME": "value"}')
    for name, value in values.items():
        if isinstance(value, dict | list) or value is None:
            raise DataError("expected a text", place=_at(place, f"{key}.{name}"), mend="write the value in quotes")
    return {name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in values.items()}


def _refuse_inputs(texts: list[str], place: Place) -> None:
    if any("${input:" in text for text in texts):
        mend = "put the value into the environment and write ${NAME} for ${input:...}"
        raise UsageError("asks for an input", place=place, mend=mend)
