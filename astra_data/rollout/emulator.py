"""Servers that are only documented, answered by a model [A 21.1].

    emulator = Emulator(teacher, server_card, tool_cards, read_only=frozenset({"get_order"}))
    toolbox = EmulatedToolbox(emulator, Failures(Injection(), "7/emulator/3f2a..."))
    result = await toolbox.call("get_order", {"id": 7})

The output schema of a tool is its own, or inferred once and then frozen. Each rollout has a world of its own that its calls
build up; the same call in the same world has the same result. The emulator sees the documentation, the calls and the world, and
nothing of the conversation. Every answer is an ask, so a recorded rollout replays without the model.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from astra_data.ledger import Unanswered
from astra_data.messages import JsonObject
from astra_data.rollout.failures import Failures
from astra_data.rollout.world import World
from astra_data.rows.canonical import digest
from astra_data.teacher.asks import ServerCard, ToolCard
from astra_data.teacher.stand_ins import (
    EMULATE_CALL,
    EMULATE_OUTPUT_SCHEMA,
    EmulateCall,
    Emulated,
    EmulateOutputSchema,
    LoggedCall,
    object_schema,
)
from astra_data.teacher.teacher import Teacher
from astra_data.tools.result import ToolResult

EMULATED = "emulated"


class Emulator:
    """One documented server and the model that answers for it, shared by all rollouts. It holds no state but frozen schemas."""

    def __init__(self, teacher: Teacher, server: ServerCard, tools: Sequence[ToolCard],
                 read_only: frozenset[str] = frozenset()) -> None:
        self._teacher, self._server, self._read_only = teacher, server, read_only
        self._tools = {tool.name: tool for tool in tools}
        self._frozen: dict[str, ToolCard] = {}
        self._freezing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def name(self) -> str:
        """The model's."""
        return self._teacher.name

    async def frozen(self, name: str) -> ToolCard:
        """The tool with the output schema that its results are held against. Raises `Abstained`, `Unanswered`."""
        async with self._freezing[name]:
            if name not in self._frozen:
                self._frozen[name] = await self._freeze(self._tools[name])
            return self._frozen[name]

    async def answer(self, name: str, arguments: JsonObject, world: World, log: list[LoggedCall]) -> Emulated:
        """What the tool answers now. Raises `Abstained`, `Unanswered`."""
        tool = await self.frozen(name)
        inputs = EmulateCall(server=self._server, tool=tool, read_only=name in self._read_only, arguments=arguments,
                             world=world.values, log=log)
        return await self._teacher.answer(EMULATE_CALL, inputs)

    async def _freeze(self, tool: ToolCard) -> ToolCard:
        own = object_schema(tool.output_schema)
        if own is None:
            bare = tool.model_copy(update={"output_schema": None})
            asked = EmulateOutputSchema(server=self._server, tool=bare)
            own = (await self._teacher.answer(EMULATE_OUTPUT_SCHEMA, asked)).output_schema
        return tool.model_copy(update={"output_schema": own})


@dataclass(slots=True)
class EmulatedToolbox:
    """The tools of one documented server for one rollout. A failure made on purpose never reaches the emulator."""

    emulator: Emulator
    failures: Failures
    world: World = field(default_factory=World)
    log: list[LoggedCall] = field(default_factory=list)
    _known: dict[str, Emulated] = field(default_factory=dict)

    async def call(self, name: str, arguments: JsonObject) -> ToolResult:
        """See `Toolbox.call`. Arguments must have passed the tool's schema. Raises `Abstained` where the emulator cannot know."""
        if injected := self.failures.draw(name, arguments):
            return injected
        key = digest([name, arguments, self.world.digest])
        if key not in self._known:
            try:
                self._known[key] = await self.emulator.answer(name, arguments, self.world, list(self.log))
            except Unanswered as failure:
                raise Unanswered(f"emulator: {failure.reason}", sent=False) from failure
        answer = self._known[key]
        self.world = self.world.updated(answer.updates)
        self.log.append(LoggedCall(tool=name, arguments=arguments, result=answer.result, error=answer.error))
        return _result(answer)


def _result(answer: Emulated) -> ToolResult:
    if answer.error is not None:
        return ToolResult(answer.error, is_error=True, backend=EMULATED)
    return ToolResult(orjson.dumps(answer.result).decode(), is_error=False, backend=EMULATED)
