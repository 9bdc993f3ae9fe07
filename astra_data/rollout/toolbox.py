"""Toolboxes: the live tools behind one rollout, recorded in the ledger as they answer.

    toolbox = LiveToolbox(server, pool, ledger, rollout="3f2a...", fixture=template.digest)
    result = await toolbox.call("git_log", {"repo_path": "/workspace/repo"})

A result is keyed by the server, the fixture, the rollout and every call before it, so a recorded rollout replays without any
server. On the first call that is not recorded a server is started and brought to the same state by sending the earlier calls
again; if one of them answers otherwise now, the rollout has `Diverged` and starts afresh. A server that died is replaced once
for each call in the same way. A rollout is played by one process at a time: another that wants it waits, and replays it.

A server that is not to be started, since the user named none such, replays all the same: what is recorded needs no server.
"""

import functools
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Protocol

from astra_data.characters import one_line
from astra_data.ledger import Answer, Ledger, Unanswered
from astra_data.messages import JsonObject
from astra_data.rows import Server
from astra_data.rows.canonical import digest
from astra_data.tools.result import ANOTHER_SERVER, DIED, EXPIRED, TIMEOUT, ToolBackendDown, ToolResult

if TYPE_CHECKING:
    from astra_data.tools.pool import Pool
    from astra_data.tools.session import McpSession


class Toolbox(Protocol):
    """What a rollout needs of the tools: one call at a time, in order."""

    async def call(self, name: str, arguments: JsonObject) -> ToolResult:
        """The tool's result. Raises `Unanswered` when the backend is down, `Diverged` when its state cannot be restored."""
        ...


class Diverged(Exception):  # noqa: N818 - an event, not an error
    """A repeated call answered otherwise than recorded: this rollout must start afresh."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that this rollout has made, and what came back."""

    name: str
    arguments: JsonObject
    result: ToolResult


class LiveToolbox:
    """The tools of one MCP server for one rollout. Use as an async context manager: it returns the server it leased.

    `refusal` says why the server is not started.
    """

    def __init__(self, server: Server, pool: "Pool", ledger: Ledger, *, rollout: str, fixture: str,
                 refusal: str | None = None) -> None:
        self._server, self._pool, self._ledger, self._refusal = server, pool, ledger, refusal
        self._identity = {"server": server.id, "fixture": fixture, "rollout": rollout}
        self._restarts = 0
        self._sent: list[Sent] = []
        self._stack, self._claim = AsyncExitStack(), AsyncExitStack()
        self._session: McpSession | None = None
        self._seen = 0

    async def call(self, name: str, arguments: JsonObject) -> ToolResult:
        """See `Toolbox.call`. Arguments must have passed the tool's schema.

        A call that names a place outside of the workspace is refused, and leaves no trace: no server has seen it.
        """
        if refusal := self._pool.strayed(self._server.name, name, arguments):
            return refusal
        request = {"server": self._server.name, "tool": name, "arguments": arguments}
        history = [[sent.name, sent.arguments] for sent in self._sent]
        key = self._key("call", self._restarts, history, name, arguments)
        recorded = self._ledger.find(key)
        if recorded is None:
            recorded = await self._made(key, request, name, arguments)
        else:
            await self._ledger.once(key, "tool", request, _never)
        result = _result_of(recorded)
        self._sent.append(Sent(name, arguments, result))
        return result

    async def restart(self) -> None:
        """Forget everything and begin again under new keys; the restart is recorded, so that a replay takes the same turn."""
        await self._release()
        self._restarts += 1
        self._sent.clear()
        await self._ledger.put(self._key("restarts"), "tool", {"restarts": self._identity}, Answer(self._restarts))

    async def _made(self, key: str, request: JsonObject, name: str, arguments: JsonObject) -> Answer:
        """The answer of the live server; in a new process or session if the first was lost."""
        if self._refusal is not None:
            raise Unanswered(self._refusal, sent=False)
        for last in (False, True):
            try:
                session = await self._live()
                return await self._ledger.once(key, "tool", request, functools.partial(self._asked, session, name, arguments))
            except Unanswered as failure:
                if last or not failure.reason.startswith(self._losses):
                    raise
                await self._release()
        raise AssertionError("the second attempt answers or raises")

    @property
    def _losses(self) -> tuple[str, ...]:
        """What a new process or session may mend. A process that others use, too, may have been made to hang by any of them."""
        lost = (DIED,) if self._pool.renewable(self._server.name) else ()
        return (EXPIRED, *lost, TIMEOUT) if self._server.name in self._pool.stateless else (EXPIRED, *lost)

    def _key(self, *parts: object) -> str:
        return digest([self._identity, *parts])

    async def _live(self) -> "McpSession":
        """The leased server, in the state that the calls so far have left: those that it has not seen are sent to it."""
        try:
            if self._session is None:
                session = await self._stack.enter_async_context(self._pool.lease(self._server.name))
                await _compared(self._server, session)
                self._session, self._seen = session, 0
            for sent in () if self._server.name in self._pool.stateless else self._sent[self._seen :]:
                if await self._session.call(sent.name, sent.arguments) != sent.result:
                    raise Diverged
                self._seen += 1
        except ToolBackendDown as down:
            raise Unanswered(str(down)) from down
        return self._session

    async def _asked(self, session: "McpSession", name: str, arguments: JsonObject) -> Answer:
        try:
            result = await session.call(name, arguments)
        except ToolBackendDown as down:
            raise Unanswered(str(down)) from down
        self._seen += 1
        return Answer(asdict(result))

    async def _release(self) -> None:
        self._session = None
        await self._stack.aclose()

    async def __aenter__(self) -> "LiveToolbox":
        await self._claim.enter_async_context(self._ledger.claimed(self._key("rollout")))
        recorded = self._ledger.find(self._key("restarts"))
        self._restarts = int(recorded.response) if recorded else 0
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._release()
        finally:
            await self._claim.aclose()


def _result_of(recorded: Answer) -> ToolResult:
    """The result that an answer of the ledger stands for. Raises `Unanswered` for one that is none."""
    response = recorded.response
    known = isinstance(response, dict) and isinstance(response.get("content"), str) and isinstance(response.get("is_error"), bool)
    if not known or not response.keys() <= {field.name for field in fields(ToolResult)}:
        raise Unanswered("ledger: no result of a tool; it is another's, or damaged", sent=False)
    return ToolResult(**response)


async def _compared(server: Server, session: "McpSession") -> None:
    """Raises `Unanswered` if what was started lacks a tool of the row: then it is another server than the row's."""
    listed = await session.refusals()
    if missing := next((tool.name for tool in server.tools if tool.name not in listed), None):
        named = f"{one_line(server.name, 64)}: the server of your mcp.json lists no tool {one_line(missing, 64)}"
        raise Unanswered(f"{ANOTHER_SERVER} - {named}, as the dataset's does", sent=False)


async def _never() -> Answer:
    raise AssertionError("a recorded call is not made again")
