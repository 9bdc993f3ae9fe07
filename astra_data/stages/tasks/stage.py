"""`tools`, `chains` -> `tasks`: what a user could ask, either along a chain or freely of one server [A 4].

An item is a chain (one task along it), or a server with a number (one task on a few of its tools). Every task passes the
deterministic checks of [A 20.5] or is rejected with the check's name.
"""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Reject, Resources, Stage
from astra_data.rows import Chain, Server, Task, new_row
from astra_data.rows.tools import Tool
from astra_data.stages import decontamination
from astra_data.stages.prompts import server_card, tool_card
from astra_data.stages.tasks.config import TasksConfig
from astra_data.stages.tasks.selection import select
from astra_data.teacher.asks import WRITE_TASK, WriteTask, WrittenTask
from astra_data.teacher.teacher import Abstained
from astra_data.tools.naming import gives_away


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task to be written: `number` tells apart the tasks of one chain or server."""

    server_id: str
    chain: Chain | None
    number: int


def items(inputs: Inputs, config: TasksConfig, resources: Resources) -> Iterator[Item]:
    for chain in inputs["chains"]:
        for number in range(config.per_chain):
            yield Item(chain.id, Wanted(chain.server_id, chain, number))
    for server in inputs["tools"]:
        for number in range(config.per_server):
            yield Item(server.id, Wanted(server.id, None, number))


def total(inputs: Inputs, config: TasksConfig, resources: Resources) -> int:
    return len(inputs["chains"]) * config.per_chain + len(inputs["tools"]) * config.per_server


@asynccontextmanager
async def open_stage(inputs: Inputs, config: TasksConfig, resources: Resources) -> AsyncIterator[Expand]:
    servers = {server.id: server for server in inputs["tools"]}
    teacher = resources.roles.teacher("writer")

    async def expand(wanted: Wanted) -> list[Outcome]:
        server = servers.get(wanted.server_id)
        if server is None:
            return [Reject(f"task: the chain's server is not among the tools - {wanted.server_id}")]
        lost = set(wanted.chain.tools if wanted.chain else ()) - {tool.name for tool in server.tools}
        if lost:
            return [Reject(f"task: the chain's tool is not among the server's - {', '.join(sorted(lost))}")]
        ask = _ask(server, wanted, config, resources)
        if ask is None:
            return [Reject(f"task: too few tools left - {server.name}")]
        try:
            written = await teacher.answer(WRITE_TASK, ask)
        except Abstained as abstained:
            return [Reject(f"task: the teacher abstained - {abstained.reason}")]
        task = _row(server, wanted, written, {"writer": teacher.name})
        wrong = _wrong(task, ask, server, config)
        return [Reject(f"task: {wrong}", task) if wrong else Keep(task)]

    yield expand


def _ask(server: Server, wanted: Wanted, config: TasksConfig, resources: Resources) -> WriteTask | None:
    """The ask for one task, or None if the server has too few tools for it."""
    options = resources.option(server.name)
    tools = _of_chain(server, wanted.chain) if wanted.chain else _drawn(server, wanted.number, config, resources)
    if not wanted.chain and len(tools) < config.min_tools:
        return None
    return WriteTask(
        server=server_card(server),
        tools=[tool_card(tool) for tool in tools],
        ordered=wanted.chain is not None,
        facts=options.facts,
        optional={name: names for name, names in options.optional.items() if name in {tool.name for tool in tools}},
        seed=f"{resources.seed}/{wanted.number}",
    )


def _of_chain(server: Server, chain: Chain) -> list[Tool]:
    known = {tool.name: tool for tool in server.tools}
    return [known[name] for name in chain.tools]


def _drawn(server: Server, number: int, config: TasksConfig, resources: Resources) -> list[Tool]:
    """The tools of the `number`th free task: every tool's turn comes before any comes again."""
    skip = set(resources.option(server.name).skip)
    tools = [tool for tool in server.tools if tool.name not in skip]
    random.Random(f"{resources.seed}/tasks/{server.id}").shuffle(tools)
    count = random.Random(f"{resources.seed}/tasks/{server.id}/{number}").randint(config.min_tools, config.max_tools)
    start = number * config.max_tools
    return [tools[(start + offset) % len(tools)] for offset in range(min(count, len(tools)))]


def _row(server: Server, wanted: Wanted, written: WrittenTask, models: dict[str, str]) -> Task:
    chain = wanted.chain
    task: Task = new_row(
        Task, server_id=server.id, server=server.name, chain_id=chain.id if chain else None,
        kind="chain" if chain else "server", parent_id=None, augmentation=None, text=written.text,
        language=server.language, target_tools=written.target_tools, scores=[], models=models,
    )
    return task


def _wrong(task: Task, ask: WriteTask, server: Server, config: TasksConfig) -> str | None:
    """The first check of [A 20.5] that the task fails, or None."""
    asked = [tool.name for tool in ask.tools]
    if not set(task.target_tools) <= {tool.name for tool in server.tools}:
        return f"unknown target tool - {', '.join(task.target_tools)}"
    if ask.ordered and task.target_tools != asked:
        return f"target tools differ from the chain - {', '.join(task.target_tools)}"
    if not config.min_chars <= len(task.text) <= config.max_chars:
        return f"text too short or too long - {len(task.text)} characters"
    named = next((name for name in [*asked, *task.target_tools] if gives_away(task.text, name)), None)
    return f"text names a tool - {named}" if named else None


def fingerprint(config: TasksConfig, resources: Resources) -> dict[str, Any]:
    known = {"skip", "facts", "optional"}
    options = {name: option.model_dump(include=known) for name, option in sorted(resources.options.items())}
    return {"servers": options, "benchmarks": decontamination.fingerprint(config.decontaminate, resources)}


STAGE = Stage(
    name="tasks",
    version=1,
    reads=("tools", "chains"),
    config=TasksConfig,
    items=items,
    open=open_stage,
    roles=("writer",),
    asks=(WRITE_TASK,),
    select=select,
    fingerprint=fingerprint,
    total=total,
)
