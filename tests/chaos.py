"""Rollouts on many live servers at once, while something kills servers: what `pool_chaos` of the benchmarks and a test share.

    report = asyncio.run(chaos(servers(10), folder, rollouts=200, concurrency=16, ...))
    report.endings, report.foreign, report.processes_left

Each rollout plays on one server: it leaves a token in its workspace, looks around, asks to be told the token, and reports.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tools.conftest import SERVER, servers_under

from astra_data.ledger import Ledger, Usage
from astra_data.messages import JsonObject, Message, assistant, results_of, tool_call, user
from astra_data.rollout.loop import BACKEND_DOWN, Rollout, rollout
from astra_data.rollout.toolbox import Diverged, LiveToolbox
from astra_data.rows import Server, new_row
from astra_data.rows.tools import Source, Tool
from astra_data.teacher.teacher import Turn
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.pool import Pool
from astra_data.tools.session import Deadlines
from astra_data.tools.workspace import Template

OBJECT: JsonObject = {"type": "object"}
RESTARTS = 2

Call = tuple[str, JsonObject]


@dataclass(frozen=True, slots=True)
class Played:
    """A server, the calls that a rollout with a token makes on it, and whether rollouts share its process."""

    entry: ServerEntry
    calls: Callable[[str], list[Call]]
    shared: bool = False


@dataclass(slots=True)
class Report:
    """What became of all `wanted` rollouts, how many kills there were (one every so many seconds), and what was left behind."""

    wanted: int
    rollouts: list[tuple[str, str, Rollout]] = field(default_factory=list)
    kills: int = 0
    every: float = 0.0
    processes_left: int = 0
    folders_left: int = 0
    seconds: float = 0.0

    @property
    def endings(self) -> Counter[str]:
        return Counter(done.terminal for _, _, done in self.rollouts)

    @property
    def foreign(self) -> list[tuple[str, str]]:
        """(token, result) wherever a rollout saw the token of another."""
        tokens = [token for token, _, _ in self.rollouts]
        seen = [(token, text) for token, _, done in self.rollouts for text in results_of(done.messages).values()]
        return [(token, text) for token, text in seen if any(other in text for other in tokens if other != token)]


class Thinker:
    """Makes these calls, one a turn, after `think`; then reports. It gives up at the first error that it does not expect."""

    name = "thinker"

    def __init__(self, calls: list[Call], think: Callable[[], Awaitable[None]]) -> None:
        self._calls, self._think = calls, think

    @property
    def sampling(self) -> JsonObject:
        return {}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        await self._think()
        done = sum(message["role"] == "tool" for message in messages)
        if done == len(self._calls):
            return Turn(assistant("Done."), Usage())
        name, arguments = self._calls[done]
        return Turn(assistant("", [tool_call(f"call_{done}", name, arguments)]), Usage())


def alone(token: str) -> list[Call]:
    """Leave a token, and look for any."""
    write = ("write", {"path": f"/workspace/{token}", "content": token})
    return [("files", {}), write, ("files", {}), ("read", {"path": f"/workspace/{token}"}), ("echo", {"value": token})]


def together(token: str) -> list[Call]:
    """Be told the token by a process that others use, too."""
    return [("echo", {"value": token})] * 5


def hanging(token: str) -> list[Call]:
    return [("hang", {})]


def servers(count: int) -> list[Played]:
    """Of `count` servers the last hangs, a third is shared, and the others have state."""
    shared = range(count - 1 - count // 3, count - 1)
    entries = [ServerEntry(f"server{number}", "stdio", sys.executable, (str(SERVER),)) for number in range(count)]
    kinds = [hanging if number == count - 1 else together if number in shared else alone for number in range(count)]
    return [Played(entry, calls, number in shared) for number, (entry, calls) in enumerate(zip(entries, kinds, strict=True))]


async def chaos(played: list[Played], folder: Path, *, rollouts: int, concurrency: int, limit: int, deadlines: Deadlines,
                think: Callable[[], Awaitable[None]], killer: Callable[[Path, Report], Awaitable[None]]) -> Report:
    """Play all rollouts while `killer` runs. The pool's folders lie in `folder`, by which its processes are known."""
    report, began = Report(rollouts), time.monotonic()
    ledger = Ledger.open(folder.parent / "ledger.sqlite")
    entries = {one.entry.name: one.entry for one in played}
    stateless = frozenset(one.entry.name for one in played if one.shared)
    gate = asyncio.Semaphore(concurrency)

    async def one(number: int, pool: Pool) -> None:
        async with gate:
            token, chosen = f"tok{number:05d}k", played[number % len(played)]
            done = await _rollout(token, chosen, pool, ledger, think)
            report.rollouts.append((token, chosen.entry.name, done))

    try:
        async with Pool(entries, Template(), stateless=stateless, limit=limit, deadlines=deadlines) as pool:
            chasing = asyncio.create_task(killer(folder, report))
            await asyncio.gather(*(one(number, pool) for number in range(rollouts)))
            chasing.cancel()
            with suppress(asyncio.CancelledError):
                await chasing
    finally:
        await ledger.close()
    report.seconds = time.monotonic() - began
    report.processes_left, report.folders_left = len(servers_under(folder)), len(list(folder.iterdir()))
    return report


async def _rollout(token: str, chosen: Played, pool: Pool, ledger: Ledger, think: Callable[[], Awaitable[None]]) -> Rollout:
    calls = chosen.calls(token)
    tools = [Tool(name, f"Does {name}.", OBJECT, None, None) for name in dict(calls)]
    row: Server = new_row(
        Server, name=chosen.entry.name, version="1", title="", description="", domain=None, language=None, license=None,
        source=Source("live", None, None, None), connection=None, tools=tools, flags=[], models={},
    )
    offered = [{"type": "function", "function": {"name": tool.name, "description": "", "parameters": OBJECT}} for tool in tools]
    async with LiveToolbox(row, pool, ledger, rollout=token, fixture="") as toolbox:
        for _ in range(RESTARTS + 1):
            try:
                return await rollout(Thinker(calls, think), toolbox, [user(token)], offered, max_turns=len(calls) + 1)
            except Diverged:
                await toolbox.restart()
    return Rollout([user(token)], terminal=BACKEND_DOWN, failure="tool backend: its state could not be restored")


def kill_one(folder: Path, rng: random.Random) -> bool:
    """Kill one server with all that it started. False if none runs."""
    groups = servers_under(folder)
    if not groups:
        return False
    with suppress(ProcessLookupError):
        os.killpg(rng.choice(sorted(groups)), signal.SIGKILL)
    return True
