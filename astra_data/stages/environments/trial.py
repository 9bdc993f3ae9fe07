"""The first tools of all sub-questions are verified in one episode. Where that settles it not, each is verified on its own.

    trial = Trial(work, question, wanted)
    tools = await trial.tools()
    trial.replay_of(row)            # what was seen, if the finished row makes the same calls to the same code
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace

from astra_data.rollout.replay import Played, gold_calls
from astra_data.rollout.running import Unloadable
from astra_data.rows import Environment, Question
from astra_data.rows.questions import Node
from astra_data.stages.environments.assembly import Tool, assembled, changes_state
from astra_data.stages.environments.synthesis import Failed, Work, as_seen, played_gold, synthesised, verified


class Trial:
    """`wanted` are the sub-questions that need a tool, in order."""

    def __init__(self, work: Work, question: Question, wanted: Sequence[Node]) -> None:
        self._work, self._question, self._wanted = work, question, wanted
        self._awaited = {node.id for node in wanted}
        self._first: dict[str, Tool] = {}
        self._settled: dict[str, Tool] = {}
        self._over = asyncio.Event()
        self._played: Played | None = None

    async def tools(self) -> list[Tool]:
        """A verified tool for each. The first failure in their order is raised, once all have ended: the same every time."""
        tasks: list[asyncio.Task[Tool]] = []
        for node in self._wanted:
            before = tuple(tasks) if changes_state(self._question) else ()
            tasks.append(asyncio.create_task(self._tool(node, before)))
        done = await asyncio.gather(*tasks, return_exceptions=True)
        for result in done:
            if isinstance(result, BaseException):
                raise result
        return [result for result in done if isinstance(result, Tool)]

    def replay_of(self, row: Environment) -> Played | None:
        """The replay of a row that makes the calls of the trial to the same tools; None for another."""
        tried = None if self._played is None else self._played.environment
        if self._played is None or tried is None or gold_calls(tried) != gold_calls(row):
            return None
        same = (tried.modules, tried.tools, tried.world) == (row.modules, row.tools, row.world)
        return replace(self._played, environment=row) if same else None

    async def _tool(self, node: Node, before: Sequence[Awaitable[Tool]]) -> Tool:
        async def verify(tool: Tool) -> Tool:
            if node.id in self._awaited:
                self._first[node.id] = tool
                await self._tried(node)
            return self._settled.pop(node.id, None) or await self._alone(tool, before)

        try:
            return await synthesised(self._work, self._question, node, verify)
        finally:
            self._leave(node)

    async def _tried(self, node: Node) -> None:
        """Wait for the first tools of all; whoever comes last tries them."""
        self._awaited.discard(node.id)
        if self._awaited:
            await self._over.wait()
            return
        try:
            if len(self._first) == len(self._wanted):
                await self._try()
        finally:
            self._over.set()

    def _leave(self, node: Node) -> None:
        """Without a tool there is no trial."""
        self._awaited.discard(node.id)
        if not self._awaited:
            self._over.set()

    async def _try(self) -> None:
        environment = assembled(self._question, [self._first[node.id] for node in self._wanted], {})
        try:
            played = await played_gold(environment, self._work.sandbox)
            settled = {name: as_seen(tool, environment, played) for name, tool in self._first.items()}
        except (Unloadable, Failed):
            return
        self._settled, self._played = settled, played

    async def _alone(self, tool: Tool, before: Sequence[Awaitable[Tool]]) -> Tool:
        """With a state, after the calls of the tools before it."""
        try:
            earlier = [await one for one in before]
        except Failed as failure:
            raise AbandonedError from failure
        return await verified(self._work, self._question, tool, earlier)


class AbandonedError(Exception):
    """A sub-question before this one has no tool."""
