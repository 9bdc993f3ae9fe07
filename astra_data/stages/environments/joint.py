"""The first tools of all sub-questions of a question, run in one episode instead of one each.

    joint = Joint(work, question, ["1", "2"])
    await asyncio.gather(*(joint.synthesised(node) for node in nodes))

A first tool waits until no other sub-question is still on the way to its own. Where the episode fails for one of them, each is
run by itself, and so is every later try.
"""

import asyncio
from collections.abc import Sequence

from astra_data.rows import Question
from astra_data.rows.questions import Node
from astra_data.stages.environments.assembly import Tool
from astra_data.stages.environments.synthesis import Failed, Work, synthesised, verified, verified_together


class Joint:
    """`awaited` are the ids of the sub-questions, in the order of their tools."""

    def __init__(self, work: Work, question: Question, awaited: Sequence[str]) -> None:
        self._work, self._question, self._order = work, question, list(awaited)
        self._awaited = set(awaited)
        self._first: dict[str, Tool] = {}
        self._done: dict[str, Tool] | None = None
        self._all_here, self._turn = asyncio.Event(), asyncio.Lock()

    async def synthesised(self, node: Node) -> Tool:
        """As the function of that name."""
        try:
            return await synthesised(self._work, self._question, node, self._verified)
        finally:
            self._arrived(node.id)

    async def _verified(self, tool: Tool) -> Tool:
        name = tool.solved[0].node.id
        if name not in self._awaited:
            return await verified(self._work, self._question, tool)
        self._first[name] = tool
        self._arrived(name)
        await self._all_here.wait()
        return (await self._together()).get(name) or await verified(self._work, self._question, tool)

    def _arrived(self, name: str) -> None:
        """Nobody has to wait for this one any longer: its first tool is here, or there is none."""
        self._awaited.discard(name)
        if not self._awaited:
            self._all_here.set()

    async def _together(self) -> dict[str, Tool]:
        """The verified tools by sub-question; none where one of them failed, or where there is one alone."""
        async with self._turn:
            if self._done is None:
                names = [name for name in self._order if name in self._first]
                self._done = dict(zip(names, await self._run([self._first[name] for name in names]), strict=False))
            return self._done

    async def _run(self, tools: Sequence[Tool]) -> list[Tool]:
        if len(tools) < 2:
            return []
        try:
            return await verified_together(self._work, self._question, tools)
        except Failed:
            return []
