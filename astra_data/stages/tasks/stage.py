"""The stage: an item is a task to be written, with its variants, or a task to be made of those that a server has."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from astra_data.pipeline import calling
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Quarantine, Reject, Resources, Stage
from astra_data.rows import Server
from astra_data.stages import decontamination
from astra_data.stages.tasks.augmentation import variants
from astra_data.stages.tasks.case import Work, barred_of
from astra_data.stages.tasks.chaining import chained
from astra_data.stages.tasks.config import TasksConfig
from astra_data.stages.tasks.personas import digest_of, read_personas
from astra_data.stages.tasks.selection import select
from astra_data.stages.tasks.writing import Wanted, original
from astra_data.teacher.asks import WRITE_TASK
from astra_data.teacher.task_asks import TASK_ASKS
from astra_data.teacher.teacher import Unanswered


@dataclass(frozen=True, slots=True)
class Joined:
    """A task to be made of several tasks of a server."""

    server_id: str
    number: int


def items(inputs: Inputs, config: TasksConfig, resources: Resources) -> Iterator[Item]:
    """Chains, then servers, then what is made of both, so that it finds them under way."""
    for chain in inputs["chains"]:
        for number in range(config.per_chain):
            yield Item(chain.id, Wanted(chain.server_id, chain, number))
    for server in inputs["tools"]:
        for number in range(config.per_server):
            yield Item(server.id, Wanted(server.id, None, number))
    for server in inputs["tools"]:
        for number in range(config.chained.per_server):
            yield Item(server.id, Joined(server.id, number))


def total(inputs: Inputs, config: TasksConfig, resources: Resources) -> int:
    return len(inputs["chains"]) * config.per_chain + len(inputs["tools"]) * (config.per_server + config.chained.per_server)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: TasksConfig, resources: Resources) -> AsyncIterator[Expand]:
    servers = {server.id: server for server in inputs["tools"]}
    personas = read_personas(config.augment.personas, resources) if config.augment.persona else []
    alone = {server.id: calling.refused(server, resources) for server in servers.values()}
    work = Work(config, resources, resources.roles.teacher("writer"), resources.roles.teacher("judge"), personas, alone)
    originals = Originals(work, servers, _wanted(inputs, config, resources) if config.chained.per_server else {})

    async def expand(wanted: Wanted | Joined) -> list[Outcome]:
        if isinstance(wanted, Joined):
            return [await chained(work, servers[wanted.server_id], wanted.number, await originals.of(wanted.server_id))]
        outcome = await originals.one(wanted)
        varied = await variants(work, servers[wanted.server_id], outcome.row) if isinstance(outcome, Keep) else []
        return [outcome, *varied]

    try:
        yield expand
    finally:
        await originals.close()


def _wanted(inputs: Inputs, config: TasksConfig, resources: Resources) -> dict[str, list[Wanted]]:
    """The tasks that are written for each server."""
    by_server: dict[str, list[Wanted]] = defaultdict(list)
    for item in items(inputs, config, resources):
        if isinstance(item.value, Wanted):
            by_server[item.value.server_id].append(item.value)
    return by_server


class Originals:
    """Writes each task once, whoever asks for it first, and holds the outcomes of those that others are made of."""

    def __init__(self, work: Work, servers: dict[str, Server], shared: dict[str, list[Wanted]]) -> None:
        self._work, self._servers, self._shared = work, servers, shared
        self._under_way: dict[tuple[str, str | None, int], asyncio.Task[Outcome]] = {}

    async def one(self, wanted: Wanted) -> Outcome:
        """The outcome of one task. Raises `Unanswered`."""
        if not self._shared:
            return await self._write(wanted)
        key = wanted.server_id, wanted.chain.id if wanted.chain else None, wanted.number
        if key not in self._under_way:
            self._under_way[key] = asyncio.create_task(self._write(wanted))
        return await asyncio.shield(self._under_way[key])

    async def of(self, server_id: str) -> list[Outcome]:
        """The outcomes of all tasks of a server, in order; one without an answer is a `Quarantine`."""
        return [await self._settled(wanted) for wanted in self._shared.get(server_id, ())]

    async def close(self) -> None:
        """Give up what is still being written."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _settled(self, wanted: Wanted) -> Outcome:
        try:
            return await self.one(wanted)
        except Unanswered as failure:
            return Quarantine(failure.reason)

    async def _write(self, wanted: Wanted) -> Outcome:
        server = self._servers.get(wanted.server_id)
        if server is None:
            return Reject(f"task: the chain's server is not among the tools - {wanted.server_id}")
        lost = set(wanted.chain.tools if wanted.chain else ()) - {tool.name for tool in server.tools}
        if lost:
            return Reject(f"task: the chain's tool is not among the server's - {', '.join(sorted(lost))}")
        if barred := barred_of(self._work, server.id, wanted.chain.tools if wanted.chain else ()):
            return Reject(f"task: {barred}")
        return await original(self._work, server, wanted)


def fingerprint(config: TasksConfig, resources: Resources) -> dict[str, Any]:
    known = {"skip", "facts", "optional"}
    options = {name: option.model_dump(include=known) for name, option in sorted(resources.options.items())}
    benchmarks = decontamination.fingerprint(config.decontaminate, resources)
    personas = digest_of(config.augment.personas, resources) if config.augment.persona else None
    permitted = calling.fingerprint(resources)
    found = {"servers": options, "benchmarks": benchmarks, "personas": personas}
    return found | ({"calling": permitted} if permitted else {})


STAGE = Stage(
    name="tasks",
    version=2,
    reads=("tools", "chains"),
    config=TasksConfig,
    items=items,
    open=open_stage,
    roles=("writer", "judge"),
    asks=(WRITE_TASK, *TASK_ASKS),
    select=select,
    fingerprint=fingerprint,
    total=total,
    needs=lambda config, resources: decontamination.require(config.decontaminate, resources),
)
