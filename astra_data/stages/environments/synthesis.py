"""One sub-question becomes a tool: document, scaling, call, code, and the verdict of the sandbox [A 11].

    tool = await synthesised(work, question, node, verify=partial(verified, work, question))

Every failure goes back into the next attempt word for word, and the number of asks is bounded before the first is sent.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from astra_data.audit import Bench
from astra_data.ledger import Unanswered
from astra_data.rollout.goals import reaches, text_of
from astra_data.rollout.replay import Played, gold_calls, parameters_of, replay
from astra_data.rollout.running import Unloadable, failure_of
from astra_data.rows import Environment, Question
from astra_data.rows.questions import Node
from astra_data.sandbox import Outcome, Sandbox
from astra_data.stages.environments.assembly import Solved, Tool, assembled
from astra_data.stages.environments.config import EnvironmentsConfig
from astra_data.stages.opinions import UNREADABLE
from astra_data.teacher.ask import Ask, I, O
from astra_data.teacher.environment_asks import (
    SCALE_TOOL,
    WRITE_CALL,
    WRITE_CODE,
    WRITE_TOOL,
    NodeCase,
    Pair,
    ScaleTool,
    WriteCall,
    WriteCode,
    WriteTool,
)
from astra_data.teacher.teacher import Teacher
from astra_data.tools.result import ToolBackendDown

QUOTED = 500
"""Characters of a result or a printout that a complaint quotes."""


@dataclass(frozen=True, slots=True)
class Work:
    """What all questions of a run share."""

    config: EnvironmentsConfig
    writer: Teacher
    sandbox: Sandbox
    bench: Bench


Verify = Callable[[Tool], Awaitable[Tool]]
"""Gives a tool with what its calls came to. Raises `Failed`."""


class Failed(Exception):  # noqa: N818 - an outcome
    """A sub-question has no verified tool. `answered` is false where the last attempt failed for want of a usable answer."""

    def __init__(self, reason: str, answered: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.answered = reason, answered


class Asks:
    """Asks the writer, and not more often than allowed. What no rule or model can use is `Failed`; no answer is `Unanswered`."""

    def __init__(self, writer: Teacher, most: int) -> None:
        self._writer, self.left = writer, most

    async def answer(self, ask: Ask[I, O], inputs: I, sample: int) -> O:
        if not self.left:
            raise AssertionError("the bound on asks counts every ask")
        self.left -= 1
        try:
            return await self._writer.answer(ask, inputs, sample=sample)
        except Unanswered as failure:
            if not failure.reason.startswith(UNREADABLE):
                raise
            raise Failed(f"{ask.name}: {failure.reason}", answered=False) from failure


async def synthesised(work: Work, question: Question, node: Node, verify: Verify) -> Tool:
    """The verified tool of a sub-question. Raises `Failed`, `Unanswered`, `Abstained`."""
    case, asks = case_of(question, node), Asks(work.writer, work.config.most_asks)
    failed = Failed("")
    for number in range(work.config.rounds):
        try:
            return await _round(work, node, case, asks, verify, number, failed.reason)
        except Failed as failure:
            failed = failure
    raise failed


async def _round(work: Work, node: Node, case: NodeCase, asks: Asks, verify: Verify, number: int, problem: str) -> Tool:
    written = await asks.answer(WRITE_TOOL, WriteTool(case=case, problem=problem), number)
    document = await asks.answer(SCALE_TOOL, ScaleTool(case=case, document=written), number)
    call = await asks.answer(WRITE_CALL, WriteCall(case=case, document=document), number)
    previous, failed = "", Failed("")
    for attempt in range(work.config.tries):
        inputs = WriteCode(case=case, document=document, arguments=call.arguments, previous=previous, problem=failed.reason)
        try:
            code = await asks.answer(WRITE_CODE, inputs, number * work.config.tries + attempt)
            previous = code.source
            return await verify(Tool(document, code.source, (Solved(node, call.arguments, code.answer_path),)))
        except Failed as failure:
            failed = failure
    raise failed


def case_of(question: Question, node: Node) -> NodeCase:
    """What the asks about a sub-question see of it."""
    known = {other.id: other for other in question.nodes}
    return NodeCase(
        domain=question.domain, language=question.language, question=node.question, answer=node.answer,
        answer_type=node.answer_type, knowledge=question.knowledge, program=node.program, call=node.call, effect=node.effect,
        dependencies=[Pair(id=name, question=known[name].question, answer=known[name].answer) for name in node.depends_on],
    )


async def verified(work: Work, question: Question, tool: Tool, before: Sequence[Tool] = ()) -> Tool:
    """The tool with the results of its gold calls, every one of which reaches its goal; `before` are those whose calls come first
    where there is a state. Raises `Failed` with what was seen."""
    environment = assembled(question, [*before, tool], {})
    try:
        played = await played_gold(environment, work.sandbox)
    except Unloadable as broken:
        raise Failed(f"verification: the code does not load - {_seen(broken.outcome)}") from broken
    return as_seen(tool, environment, played)


def as_seen(tool: Tool, environment: Environment, played: Played) -> Tool:
    """A tool with the results of its gold calls in a replay. Raises `Failed` if one of them does not reach its goal."""
    by_goal = dict(zip(_goal_order(environment), range(len(played.made)), strict=True))
    return replace(tool, solved=tuple(_checked(environment, played, one, by_goal[one.node.id]) for one in tool.solved))


async def played_gold(environment: Environment, sandbox: Sandbox) -> Played:
    """The replay of an environment's gold calls. Raises `Unloadable`, `Unanswered`."""
    try:
        return await asyncio.to_thread(replay, environment, gold_calls(environment), sandbox)
    except ToolBackendDown as down:
        raise Unanswered(str(down)) from down


def _goal_order(environment: Environment) -> list[str]:
    """The goals in the order in which `gold_calls` has their calls; those before a goal stand before it already."""
    return [goal.id for turn in environment.turns for goal in turn.goals]


def _checked(environment: Environment, played: Played, one: Solved, number: int) -> Solved:
    goal = next(goal for goal in environment.turns[0].goals if goal.id == one.node.id)
    made, result = played.made[number], played.results[number]
    if result.outcome is None:
        raise Failed(f"verification: the call does not fit the schema - {result.content}")
    if not reaches(goal, made, parameters_of(environment).get(goal.tool)):
        wanted = json.dumps(goal.answer, ensure_ascii=False)
        place = "the state must then hold" if goal.match.kind == "state" else f"the answer at {one.path or 'the result'} must be"
        raise Failed(f"verification: {place} {wanted} - {_seen(result.outcome)}")
    return replace(one, response=made.response)


def _seen(outcome: Outcome) -> str:
    """What running it showed, for whoever mends it."""
    came = f"it returned {text_of(outcome.value)[:QUOTED]}" if outcome.ok else _ended(outcome)
    return f"{came}; it printed {outcome.stdout[:QUOTED]!r}" if outcome.stdout else came


def _ended(outcome: Outcome) -> str:
    if outcome.kind == "error":
        return f"{failure_of(outcome)} ({outcome.where})"
    return f"{failure_of(outcome)}: {outcome.error_type} {outcome.message}"
