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
from astra_data.tools.secrets import MASK, clean_url, mask_arguments, searchable, secret_value, url_secrets

VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]{0,500}))?\}")
HTTP_TYPES = {"http", "streamable-http", "streamableHttp", "streamable_http"}
NOT_SECRET = {"HOME", "USER", "PWD", "workspaceFolder"}
EXAMPLE = 'such as {"command": "uvx", "args": ["mcp-server-time"], "env": {"KEY": "${KEY}"}}'
HTTP_EXAMPLE = 'such as {"type": "http", "url": "https://example.org/mcp"}'
KNOWN_KEYS = {"type", "transport", "command", "args", "env", "url", "headers", "disabled"}


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One server of an `mcp.json`. `flags` name the keys that were not used; `file` is for messages."""

    name: str
    transport: Literal["stdio", "http"]
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    file: str = "mcp.json"
    flags: tuple[str, ...] = ()

    def public(self) -> JsonObject:
        """The entry without secrets, as rows and keys hold it: names of variables and headers, masked arguments."""
        if self.transport == "http":
            return {"type": "http", "url": clean_url(self.url), "headers": sorted(self.headers)}
        shown, _ = mask_arguments(self.args)
        hidden = searchable(value for name, value in self.env.items() if secret_value(name, value))
        args = [MASK if any(value in argument for value in hidden) else argument for argument in shown]
        return {"command": self.command, "args": args, "env": sorted(self.env)}

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
        texts = [self.command, self.url, *self.args, *self.env.values(), *self.headers.values()]
        used = {match[1] for text in texts for match in VARIABLE.finditer(text)} - NOT_SECRET
        values = [environ[name] for name in sorted(used) if not environ.get(name, "/workspace").startswith("/workspace")]
        values += [value for name, value in entry.env.items() if secret_value(name, value)]
        values += [*entry.headers.values(), *mask_arguments(entry.args)[1], *url_secrets(entry.url)]
        return searchable(values)


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
    return [
        _entry(name, fields, Place(path.name, field=f"{key}.{name}"))
        for name, fields in servers.items()
        if not (isinstance(fields, dict) and fields.get("disabled") is True)
    ]


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
    flags = tuple(f"ignored: {key}" for key in sorted(fields.keys() - KNOWN_KEYS))
    if kind in HTTP_TYPES:
        url, headers = _text(fields, "url", place), _texts(fields, "headers", place)
        if not url.startswith(("http://", "https://", "${")):
            raise DataError("expected an http or https address", place=_at(place, "url"), mend=HTTP_EXAMPLE)
        return ServerEntry(name, "http", url=url, headers=headers, file=place.file, flags=flags)
    if kind != "stdio":
        raise UsageError(f"unknown transport {kind!r}", place=_at(place, "type"), mend='"stdio" or "http"')
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
