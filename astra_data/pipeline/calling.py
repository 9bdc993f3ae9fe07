"""Which tools of a run's servers are left alone, what follows for stage keys, and how people are told.

    refused(server, resources)          # {"send_mail": "its name says `send`, and env.MAIL_TOKEN is a secret"}
    left_alone(servers, resources)      # [LeftAlone("mail", "env.MAIL_TOKEN is a secret", ("send_mail",))]
    unmeant(servers, resources)         # ["servers.mail.skip: there is no tool 'sendmail', so it is passed over (did you ..."]

A server that the recipe has emulated, or that is only documented, calls nothing, and none of its tools is left alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from astra_data.characters import one_line
from astra_data.errors import Place, UsageError
from astra_data.messages import JsonObject
from astra_data.pipeline.complaints import did_you_mean
from astra_data.pipeline.stage import Resources, ServerOptions
from astra_data.rows import Server
from astra_data.tools.commands import absent
from astra_data.tools.connect import match_of
from astra_data.tools.mcp_config import LONGEST_RESULT, ServerEntry, read_mcp_json
from astra_data.tools.permission import LEADS_ANYWHERE, REACHES_OUT, of_row, refusals
from astra_data.tools.throwaway import lasting

MOST_NAMES = 40
"""Tools of one server that a line names."""


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A server of which some tools are not called, and why."""

    server: str
    why: str
    tools: tuple[str, ...]

    @property
    def allow(self) -> str:
        """The line of a recipe by which they are called all the same."""
        writes = f"[{', '.join(self.tools[:MOST_NAMES])}{', ...' if len(self.tools) > MOST_NAMES else ''}]"
        return f"servers: {{{self.server}: {{writes: {writes}}}}}"

    def __str__(self) -> str:
        more = f" and {len(self.tools) - MOST_NAMES} more" if len(self.tools) > MOST_NAMES else ""
        named = ", ".join(self.tools[:MOST_NAMES]) + more
        return f"{self.server}: not called: {named}; {self.why}. To have them called: {self.allow}"


def unmeant(servers: Iterable[Server], resources: Resources) -> Iterator[str]:
    """What the recipe says of servers, tools and parameters that are not there, with the nearest name. A key of `facts` is a
    parameter of any tool, or `tool.parameter`."""
    names = set(resources.servers)
    for server in servers if resources.options else ():
        names.add(server.name)
        yield from _unmeant(server, resources.option(server.name))
    yield from (_nothing("servers", "server", name, names) for name in resources.options if name not in names)


def _unmeant(server: Server, option: ServerOptions) -> Iterator[str]:
    tools = {tool.name: set(tool.parameters.get("properties", {})) for tool in server.tools}
    every = {name for parameters in tools.values() for name in parameters}
    every |= {f"{tool}.{name}" for tool, parameters in tools.items() for name in parameters}
    place = f"servers.{server.name}"
    yield from (_nothing(f"{place}.skip", "tool", name, tools) for name in option.skip if name not in tools)
    yield from (_nothing(f"{place}.facts", "parameter", name, every) for name in option.facts if name not in every)
    for tool, parameters in option.optional.items():
        if tool not in tools:
            yield _nothing(f"{place}.optional", "tool", tool, tools)
            continue
        yield from (_nothing(f"{place}.optional.{tool}", "parameter", name, tools[tool])
                    for name in parameters if name not in tools[tool])


def _nothing(field: str, what: str, name: str, known: Iterable[str]) -> str:
    nearest = one_line(did_you_mean(name, sorted(known)), 200)
    return f"{one_line(field, 200)}: there is no {what} {one_line(name, 80)!r}, so it is passed over ({nearest})"


def entries(file: Path, options: Mapping[str, ServerOptions]) -> dict[str, ServerEntry]:
    """The servers of an `mcp.json` with what a recipe lets them do. `UsageError` where it lets one do so that is not there."""
    found = {entry.name: entry for entry in read_mcp_json(file)}
    for name, option in options.items():
        if option.writes and name not in found:
            place = Place(file.name, field=f"servers.{name}.writes")
            raise UsageError(f"there is no server {name!r} in {file.name}", place=place, mend=did_you_mean(name, found))
    return {name: _under(options[name], entry) if name in options else entry for name, entry in found.items()}


def _under(option: ServerOptions, entry: ServerEntry) -> ServerEntry:
    return entry.permitting(option.permits).bounded(option.timeout, option.longest_result)


def refused(server: Server, resources: Resources) -> dict[str, str]:
    """Tool -> why it is not called, of those that are not."""
    entry = None if resources.option(server.name).emulate else match_of(server, resources.servers).entry
    found = refusals(entry, map(of_row, server.tools)) if entry else {}
    return {name: why for name, why in found.items() if why is not None}


def left_alone(servers: Iterable[Server], resources: Resources) -> Iterator[LeftAlone]:
    """The servers of which some tools are not called. `UsageError` where the recipe allows a tool that its server lacks."""
    for server in servers:
        _check(server, resources)
        if tools := refused(server, resources):
            why = lasting(resources.servers[server.name])
            for reason in (why,) if why else (REACHES_OUT, LEADS_ANYWHERE):
                if named := tuple(one_line(tool, 64) for tool, said in tools.items() if said.endswith(reason)):
                    yield LeftAlone(server.name, reason, named)

def forewarned(resources: Resources) -> Iterator[str]:
    """What can be said before the tools are known: of which servers none is called but those that read."""
    for name, entry in resources.servers.items():
        why = lasting(entry)
        if why and entry.writes != "allow" and not resources.option(name).emulate:
            yield f"{name}: {why}, so none of its tools is called but those that read (see servers.{name}.writes)"


def absentees(resources: Resources) -> Iterator[str]:
    """Of which servers nothing can be asked that is not recorded."""
    for name, entry in resources.servers.items():
        try:
            why = None if resources.option(name).emulate else absent(entry)
        except UsageError as error:
            why = error.message
        if why:
            yield f"{name}: {why}, so nothing can be asked of it that is not recorded"


def fingerprint(resources: Resources) -> JsonObject:
    """What of the recipe and its `mcp.json` decides which tools are called, and what of their results is kept; nothing where
    nothing is said."""
    limited: JsonObject = {}
    for name, entry in sorted(resources.servers.items()):
        writes = entry.writes if entry.writes == "allow" else sorted(entry.writes)
        if lasting(entry) or writes:
            limited[name] = {"lasting": lasting(entry) is not None, "writes": writes}
    emulated = sorted(name for name, option in resources.options.items() if option.emulate)
    longest = {name: entry.longest for name, entry in sorted(resources.servers.items()) if entry.longest != LONGEST_RESULT}
    return {key: value for key, value in (("limited", limited), ("emulated", emulated), ("longest", longest)) if value}


def _check(server: Server, resources: Resources) -> None:
    entry = resources.servers.get(server.name)
    known = [tool.name for tool in server.tools]
    if entry is None or entry.writes == "allow":
        return
    for name in sorted(entry.writes):
        if name not in known:
            place = Place("the recipe", field=f"servers.{server.name}.writes")
            raise UsageError(f"the server has no tool {name!r}", place=place, mend=one_line(did_you_mean(name, known), 400))
