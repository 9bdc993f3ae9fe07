"""The servers of a run: a bounded number of processes, each in a workspace of its own.

    async with Pool(entries, Template(Path("fixtures")), stateless=frozenset({"time"})) as pool:
        async with pool.lease("git") as session:        # a new process in a fresh workspace, gone afterwards
            await session.call("git_status", {"repo_path": "/workspace/repo"})

A stateless server is started once, lazily, and shared; it makes way when others wait and nobody uses it. Waiting is
first come, first served. One rollout holds one lease at a time: a holder that waits for a second could wait for ever.

A process that died is replaced on the next lease. A server that fails three times in a row, at its start or in a call, is out of
service for the next attempts; then one attempt decides whether it is back.
"""

import asyncio
import os
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType

from astra_data.errors import UsageError
from astra_data.messages import JsonObject
from astra_data.tools.breaker import Breaker
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.permission import strayed
from astra_data.tools.result import OUT_OF_SERVICE, ToolBackendDown, ToolResult
from astra_data.tools.session import Deadlines, McpSession
from astra_data.tools.waiting import finished
from astra_data.tools.workspace import Template, Workspace


@dataclass(slots=True)
class Shared:
    """The process of a stateless server, how many leases use it now, and whether it is known to be lost."""

    session: McpSession
    users: int = 0
    lost: bool = False


class Pool:
    """Leases sessions. `limit` counts processes; leaving the `async with` ends them all."""

    def __init__(
        self,
        entries: Mapping[str, ServerEntry],
        template: Template,
        *,
        stateless: frozenset[str] = frozenset(),
        limit: int = 6,
        deadlines: Deadlines | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.template, self.stateless = template, stateless
        self._entries, self._deadlines, self._environ = dict(entries), deadlines or Deadlines(), environ
        self._free = limit
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._shared: dict[str, Shared] = {}
        self._starting = {name: asyncio.Lock() for name in stateless}
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self._live: set[McpSession] = set()
        self._endings: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncIterator[McpSession]:
        """A session of server `name`. `UsageError` for an unknown name, `ToolBackendDown` when it does not start."""
        if name not in self._entries:
            raise UsageError(f"no server {name!r}", mend=f"one of: {', '.join(sorted(self._entries))}")
        if name in self.stateless:
            async with self._lease_shared(name) as session:
                yield session
            return
        session = await self._start(name)
        try:
            yield session
        finally:
            self._note(name, session)
            self._end(session)

    def renewable(self, name: str) -> bool:
        """Whether a new lease finds no trace of an earlier one, so that a lost process can be replaced within a rollout."""
        return name in self.stateless or self._entries[name].transport == "stdio"

    def strayed(self, name: str, tool: str, arguments: JsonObject) -> ToolResult | None:
        """What comes of a call that names a place outside of the workspace; None where it may be sent."""
        return strayed(self._entries[name], tool, arguments) if name in self._entries else None

    async def close(self) -> None:
        """End every process and remove every workspace. Leases that are still held lose their sessions."""
        self._shared.clear()
        for session in list(self._live):
            self._end(session)
        while self._endings:
            ending = next(iter(self._endings))
            await finished(ending)
            self._endings.discard(ending)
        await asyncio.to_thread(self.template.close)

    async def __aenter__(self) -> "Pool":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    @asynccontextmanager
    async def _lease_shared(self, name: str) -> AsyncIterator[McpSession]:
        shared = await self._join(name)
        try:
            yield shared.session
        finally:
            self._leave(name, shared)

    async def _join(self, name: str) -> Shared:
        async with self._starting[name]:
            shared = self._shared.get(name)
            if shared:
                shared.users += 1
                if await self._usable(name, shared):
                    return shared
                del self._shared[name]
                self._leave(name, shared)
            shared = self._shared[name] = Shared(await self._start(name), users=1)
            return shared

    async def _usable(self, name: str, shared: Shared) -> bool:
        """Whether the process still runs; one that nobody used in between is asked."""
        try:
            return shared.session.alive and (shared.users > 1 or await shared.session.responsive())
        except asyncio.CancelledError:
            self._leave(name, shared)
            raise

    def _leave(self, name: str, shared: Shared) -> None:
        shared.users -= 1
        if not shared.lost:
            shared.lost = not shared.session.alive
            self._note(name, shared.session)
        retired = self._shared.get(name) is not shared
        if not shared.users and (retired or self._waiting):
            if not retired:
                del self._shared[name]
            self._end(shared.session)

    def _note(self, name: str, session: McpSession) -> None:
        """Tell the breaker how a lease went."""
        breaker = self._breakers[name]
        breaker.succeeded() if session.alive else breaker.failed()

    async def _start(self, name: str) -> McpSession:
        entry, breaker = self._entries[name], self._breakers[name]
        secrets = entry.secrets(self._environ)
        was_closed = breaker.closed
        if not breaker.admit():
            raise _out_of_service(name, breaker)
        workspace: Workspace | None = None
        try:
            await self._take()
        except BaseException:
            breaker.abandoned()
            raise
        try:
            if was_closed and not breaker.closed:
                raise _out_of_service(name, breaker)
            workspace = await self._fresh(secrets)
            session = await McpSession.start(entry, workspace, deadlines=self._deadlines, environ=self._environ)
        except BaseException as error:
            tried = isinstance(error, ToolBackendDown) and error.reason != OUT_OF_SERVICE
            breaker.failed() if tried else breaker.abandoned()
            if workspace:
                workspace.close()
            self._give()
            raise
        session.on_answer = breaker.succeeded
        self._entries[name] = session.entry
        self._live.add(session)
        return session

    async def _fresh(self, secrets: frozenset[str]) -> Workspace:
        """A new workspace, copied in a thread; a cancelled wait leaves none behind."""
        making = asyncio.create_task(asyncio.to_thread(self.template.fresh, secrets))
        try:
            await finished(making)
        except asyncio.CancelledError:
            if not making.cancelled() and not making.exception():
                making.result().close()
            raise
        return making.result()

    def _end(self, session: McpSession) -> None:
        """End a session in the background, once; its place is free when it is gone."""
        if session not in self._live:
            return
        self._live.remove(session)

        async def finish() -> None:
            try:
                await session.close()
                await asyncio.to_thread(session.workspace.close)
            finally:
                self._give()

        task = asyncio.create_task(finish(), name=f"end {session.entry.name}")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _take(self) -> None:
        """Wait for a place, in order of arrival. An idle shared server gives up its own."""
        if self._free and not self._waiting:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        idle = next((name for name, shared in self._shared.items() if not shared.users), None)
        if idle is not None:
            self._end(self._shared.pop(idle).session)
        try:
            await turn
        except asyncio.CancelledError:
            with suppress(ValueError):
                self._waiting.remove(turn)
            if not turn.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _out_of_service(name: str, breaker: Breaker) -> ToolBackendDown:
    return ToolBackendDown(OUT_OF_SERVICE, f"{name} failed {breaker.most} times in a row")
