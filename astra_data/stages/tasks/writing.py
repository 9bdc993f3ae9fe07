"""Tasks that are written afresh: along a chain, or on a few tools of a server [A 4]."""

import random
from dataclasses import dataclass

from astra_data.pipeline.stage import Outcome, Reject
from astra_data.rows import Chain, Server, Task, new_row
from astra_data.rows.tools import Tool
from astra_data.stages.prompts import server_card, tool_card
from astra_data.stages.tasks.case import Case, Work
from astra_data.stages.tasks.scrutiny import admit, needed_of
from astra_data.teacher.asks import WRITE_TASK, WriteTask, WrittenTask
from astra_data.teacher.teacher import Abstained
from astra_data.text.language import language_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task to be written: `number` tells apart the tasks of one chain or server."""

    server_id: str
    chain: Chain | None
    number: int


async def original(work: Work, server: Server, wanted: Wanted) -> Outcome:
    """Write one task and examine it. Raises `Unanswered` where the writer gives no usable answer."""
    ask = _ask(server, wanted, work)
    if ask is None:
        return Reject(f"task: too few tools left - {server.name}")
    try:
        written = await work.writer.answer(WRITE_TASK, ask)
    except Abstained as abstained:
        return Reject(f"task: the teacher abstained - {abstained.reason}")
    task = _row(server, wanted, written, {"writer": work.writer.name})
    asked = tuple(tool.name for tool in ask.tools)
    chain = wanted.chain.tools if wanted.chain else None
    return await admit(Case(work, server, task, needed_of(server, task.target_tools), asked=asked, chain=chain))


def _ask(server: Server, wanted: Wanted, work: Work) -> WriteTask | None:
    """The ask for one task, or None if the server has too few tools for it."""
    options = work.resources.option(server.name)
    tools = _of_chain(server, wanted.chain) if wanted.chain else _drawn(server, wanted.number, work)
    if not wanted.chain and len(tools) < work.config.min_tools:
        return None
    return WriteTask(
        server=server_card(server),
        tools=[tool_card(tool) for tool in tools],
        ordered=wanted.chain is not None,
        facts=options.facts,
        optional={name: names for name, names in options.optional.items() if name in {tool.name for tool in tools}},
        seed=f"{work.resources.seed}/{wanted.number}",
    )


def _of_chain(server: Server, chain: Chain) -> list[Tool]:
    known = {tool.name: tool for tool in server.tools}
    return [known[name] for name in chain.tools]


def _drawn(server: Server, number: int, work: Work) -> list[Tool]:
    """The tools of the `number`th free task: every tool's turn comes before any comes again."""
    config, resources = work.config, work.resources
    skip = {*resources.option(server.name).skip, *work.alone.get(server.id, ())}
    tools = [tool for tool in server.tools if tool.name not in skip]
    random.Random(f"{resources.seed}/tasks/{server.id}").shuffle(tools)
    count = random.Random(f"{resources.seed}/tasks/{server.id}/{number}").randint(config.min_tools, config.max_tools)
    start = number * config.max_tools
    return [tools[(start + offset) % len(tools)] for offset in range(min(count, len(tools)))]


def _row(server: Server, wanted: Wanted, written: WrittenTask, models: dict[str, str]) -> Task:
    chain = wanted.chain
    task: Task = new_row(
        Task,
        server_id=server.id,
        server=server.name,
        chain_id=chain.id if chain else None,
        kind="chain" if chain else "server",
        parent_id=None,
        augmentation=None,
        text=written.text,
        language=language_of(written.text),
        target_tools=written.target_tools,
        scores=[],
        models=models,
    )
    return task
