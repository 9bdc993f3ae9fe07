"""One running MCP server, in one workspace.

    session = await McpSession.start(entry, workspace)
    tools = await session.list_tools()                                  # raw, as the wire has them
    result = await session.call("read_file", {"path": "/workspace/a"})  # ToolResult, or ToolBackendDown
    await session.close()

Handshake, transports and request matching are the official client's. Results are read raw: its typed layer refuses a
whole `tools/list` for one schema without `type`. Its contexts must be left by the task that entered them, so each
session lives in a task of its own and can be used from any other.

Every call goes through `call`, and one that is not permitted goes no further: the server is asked for its tools before the first.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from mcp import ClientSession
from mcp.shared.exceptions import MCPError
from mcp.types import CONNECTION_CLOSED, METHOD_NOT_FOUND, Implementation, InitializeResult

from astra_data.characters import one_line
from astra_data.hub.disk import refused
from astra_data.messages import JsonObject
from astra_data.tools.content import cut, failed, text_of
from astra_data.tools.declared import Declared
from astra_data.tools.hello import Greeting, failed_by
from astra_data.tools.launch import for_old_sdk, running, stderr_tail
from astra_data.tools.links import strange
from astra_data.tools.listing import Listing
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.permission import of_wire, refusals, strayed, undeclared, unlisted, unsendable
from astra_data.tools.result import DIED, EXPIRED, NOT_PERMITTED, START_FAILED, TIMEOUT, ToolBackendDown, ToolResult
from astra_data.tools.statuses import forgotten, trouble, unread
from astra_data.tools.waiting import extending, finished
from astra_data.tools.workspace import Workspace

PING_SECONDS = 5.0
ENDED = "Connection closed"
"""What the official client says when the streams of a process have ended."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. A start may have to install a package first."""

    start: float = 90.0
    list: float = 30.0
    call: float = 30.0


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server says of itself when it starts."""

    name: str
    version: str
    title: str | None
    instructions: str | None
    protocol: str


class McpSession:
    """A started server. Any number of tasks may call it at once; after a `ToolBackendDown` it is no longer `alive`.

    `on_answer` is told of every call that the server answers.
    """

    def __init__(self, entry: ServerEntry, workspace: Workspace, deadlines: Deadlines) -> None:
        self.entry, self.workspace, self.deadlines = entry, workspace, deadlines
        self.info = ServerInfo(entry.name, "", None, None, "")
        self.alive = False
        self.list_flag: str | None = None
        self.hello_flag: str | None = None
        self.on_answer: Callable[[], None] | None = None
        self._dispatcher: Greeting | None = None
        self._kill: Callable[[], None] = lambda: None
        self._failure: Exception | None = None
        self._settled = asyncio.Event()
        self._scope = anyio.CancelScope()
        self._task: asyncio.Task[None] | None = None
        self._declared: list[Declared] = []
        self._refusals: dict[str, str | None] | None = None
        self._asking = asyncio.Lock()

    @classmethod
    async def start(
        cls,
        entry: ServerEntry,
        workspace: Workspace,
        *,
        deadlines: Deadlines | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> "McpSession":
        """Start a server, which does not own its workspace. A `uvx` server that leaves at once is tried with `mcp<2`.

        Raises `UsageError` for a variable that is not set, and `ToolBackendDown` when there is no handshake.
        """
        deadlines = deadlines or Deadlines()
        try:
            return await cls(entry, workspace, deadlines)._open(environ)
        except ToolBackendDown as error:
            older = for_old_sdk(entry)
            if older is None or isinstance(error.__cause__, TimeoutError):
                raise
        return await cls(older, workspace, deadlines)._open(environ)

    async def list_tools(self) -> list[JsonObject]:
        """Every tool as the wire has it, all pages; a server without tools has none.

        A list without end is left where that shows, or where a bound is reached: `list_flag` then says so.
        """
        listing, cursor = Listing(), None
        latest = time.monotonic() + self.deadlines.list
        while (page := await self._page(cursor)) and (cursor := listing.add(page, cursor, late=time.monotonic() > latest)):
            pass
        self.list_flag = listing.flag
        shown: list[JsonObject] = self.workspace.to_shown.json(listing.tools)
        return shown

    async def _page(self, cursor: str | None) -> JsonObject:
        try:
            return await self._request("tools/list", {"cursor": cursor} if cursor else {}, self.deadlines.list)
        except MCPError as error:
            if error.code == METHOD_NOT_FOUND:
                return {}
            raise ToolBackendDown(START_FAILED, self._shown(f"tools/list: {error}")) from error

    async def refusals(self) -> Mapping[str, str | None]:
        """Every tool that the server lists -> why it may not be called, or None where it may. Asked for once."""
        async with self._asking:
            if self._refusals is None:
                self._declared = of_wire(await self.list_tools())
                self._refusals = refusals(self.entry, self._declared)
            return self._refusals

    async def call(self, name: str, arguments: JsonObject) -> ToolResult:
        """Call a tool. Whatever the server says of the call is a result, in both styles of error that servers use; so is the
        refusal of arguments that cannot be sent as they are.

        Raises `ToolBackendDown` for a tool that may not be called, or not so, and where a link in the workspace leads out of it;
        nothing is sent then.
        """
        found = await self.refusals()
        why = found[name] if name in found else unlisted(self.entry)
        if why := why or undeclared(self.entry, self._declared, name, arguments):
            raise ToolBackendDown(NOT_PERMITTED, f"{self.entry.name}: {name}: {why}")
        if self.entry.transport == "stdio" and (fault := await asyncio.to_thread(self._strange)):
            raise ToolBackendDown(NOT_PERMITTED, f"{self.entry.name}: in its workspace {one_line(self._shown(fault))}")
        if refusal := strayed(self.entry, name, arguments) or unsendable(arguments):
            return refusal
        real = arguments if self.entry.transport == "http" else self.workspace.to_real(arguments)
        try:
            result = await self._request("tools/call", {"name": name, "arguments": real},
                                         self.entry.timeout or self.deadlines.call)
        except MCPError as error:
            self._answered()
            return ToolResult(cut(self._shown(error.message), self.entry.longest), is_error=True)
        self._answered()
        return ToolResult(cut(self._shown(text_of(result)), self.entry.longest), is_error=failed(result))

    def _strange(self) -> str | None:
        """What of the folders that the server's paths begin in leads out of them."""
        folders = (self.workspace.root, self.workspace.home)
        return next((fault for folder in folders if (fault := strange(folder, in_use=True))), None)

    def _answered(self) -> None:
        if self.on_answer:
            self.on_answer()

    async def responsive(self) -> bool:
        """Whether the server still answers. Anything that it answers will do."""
        try:
            await self._request("ping", {}, PING_SECONDS)
        except MCPError:
            return True
        except ToolBackendDown:
            return False
        return True

    async def close(self) -> None:
        """End the server and everything that it started. Finishes even if the closing task is cancelled meanwhile."""
        if self._task is None:
            return
        if not self.alive:
            self._kill()
        self.alive = False
        self._scope.cancel()
        await finished(self._task)

    async def _open(self, environ: Mapping[str, str]) -> "McpSession":
        entry = self.entry.expanded(environ)
        self._task = asyncio.create_task(self._serve(entry, environ), name=f"mcp {entry.name}")
        try:
            await self._settled.wait()
        except asyncio.CancelledError:
            await self.close()
            raise
        if self._failure:
            await self.close()
            if refusal := refused(self._failure):
                raise refusal from self._failure
            raise ToolBackendDown(START_FAILED, self._explain(self._failure)) from self._failure
        return self

    async def _serve(self, entry: ServerEntry, environ: Mapping[str, str]) -> None:
        """The life of the server: what the official client opens is opened and closed here."""
        client = Implementation(name="astra-data", version="0.1.0")
        try:
            with self._scope:
                async with running(entry, self.workspace, environ) as (read, write, self._kill):
                    self._dispatcher = Greeting(read, write)
                    async with ClientSession(dispatcher=self._dispatcher, client_info=client) as session:
                        await self._shake_hands(session)
                        await anyio.sleep_forever()
        except Exception as error:
            self._failure = _innermost(error)
        finally:
            self.alive = False
            self._settled.set()

    async def _shake_hands(self, session: ClientSession) -> None:
        try:
            with anyio.fail_after(self.deadlines.start):
                self._welcome(await session.initialize())
        except TimeoutError:
            self._kill()
            raise

    def _welcome(self, hello: InitializeResult) -> None:
        server, shown = hello.server_info, self._shown
        self.hello_flag = self._dispatcher.flag if self._dispatcher else None
        title = shown(server.title) if server.title else None
        instructions = shown(hello.instructions) if hello.instructions else None
        self.info = ServerInfo(shown(server.name), shown(server.version), title, instructions, str(hello.protocol_version))
        self.alive = True
        self._settled.set()

    async def _request(self, method: str, params: JsonObject, deadline: float) -> JsonObject:
        """The raw result of one request. `MCPError` is what the server answered, `ToolBackendDown` that it did not.

        A call that reports progress has the whole `deadline` again, up to `MOST_DEADLINES` of them.
        """
        if not self.alive or self._dispatcher is None:
            raise ToolBackendDown(DIED, f"{self.entry.name} is not running")
        options: Any = {"headers": {"mcp-protocol-version": self.info.protocol}}
        try:
            async with asyncio.timeout(deadline) as limit:
                if method == "tools/call":
                    options["on_progress"] = extending(limit, deadline)
                return await self._dispatcher.send_raw_request(method, params, options)
        except TimeoutError as error:
            self.alive = False
            said = f"{self.entry.name}: {params.get('name', method)} took more than {deadline:g} s"
            raise ToolBackendDown(TIMEOUT, said) from error
        except MCPError as error:
            told = trouble(error.message)
            expired = told.expired if told else self.entry.transport == "http" and forgotten(error.message)
            if not (told or expired or self._lost(error)):
                raise
            self.alive = False
            raise ToolBackendDown(EXPIRED if expired else DIED, self._explain(error)) from error

    def _lost(self, error: MCPError) -> bool:
        if self.entry.transport == "http":
            return error.code == CONNECTION_CLOSED or unread(error.message)
        return error.code == CONNECTION_CLOSED and error.message == ENDED

    def _explain(self, error: BaseException) -> str:
        told = trouble(str(error))
        said = told.said if told else str(error) or type(error).__name__
        if isinstance(error, TimeoutError):
            said = f"no handshake within {self.deadlines.start:g} s"
        elif not self.info.protocol and (why := failed_by(error)):
            said = why
        tail = stderr_tail(self.workspace)
        return self._shown(f"{self.entry.name}: {said}") + (f"; its last words: {tail}" if tail else "")

    def _shown(self, text: str) -> str:
        return self.workspace.to_shown(text)


def _innermost(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
