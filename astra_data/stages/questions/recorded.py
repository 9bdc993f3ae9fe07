"""Source (d): accepted trajectories, whose calls become the nodes and whose observations become the answers.

The user's text is the question, the assistant's last message the answer. Which node depends on which is read off the values that
went from a result into an argument (`flows`); the writer only words what each call was for. Failures that were injected on
purpose are left out; a trajectory with any other failed call is rejected, and so is one whose values have no source.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from astra_data.messages import JsonObject, Message, final_answer
from astra_data.pipeline.stage import Item, Reject
from astra_data.rollout.goals import parsed, same
from astra_data.rows import Question, Trajectory, new_row
from astra_data.rows.questions import Node
from astra_data.stages.questions import graph
from astra_data.stages.questions.flows import NoSourceError, Recorded, flows
from astra_data.stages.questions.given import UNDETERMINED
from astra_data.stages.questions.made import Made, Work
from astra_data.stages.trajectories.checks import made_calls
from astra_data.teacher.asks import ToolCard
from astra_data.teacher.offline.lexicon import Stage, stage_of, tokens
from astra_data.teacher.question_asks import WORD_STEPS, RecordedStep, WordSteps
from astra_data.teacher.teacher import Abstained
from astra_data.teacher.typed_answers import kind_of
from astra_data.text.language import language_of

SHOWN = 2_000
"""Characters of a result that the writer sees."""


class NotDecomposableError(ValueError):
    """Why a trajectory cannot be taken apart, as `kind - detail`."""


def items(trajectories: Any) -> Iterator[Item]:
    for trajectory in trajectories:
        yield Item(trajectory.id, trajectory)


async def make(trajectory: Trajectory, work: Work) -> Made | Reject:
    """The decomposition that a trajectory shows. Raises `Unanswered`."""
    assert work.writer is not None
    try:
        request, answer = _request(trajectory.messages), final_answer(trajectory.messages)
        calls = recorded(trajectory)
        uses = flows(calls, request)
    except NotDecomposableError as wrong:
        return Reject(f"trajectory: {wrong}")
    except NoSourceError as wrong:
        return Reject(f"trajectory: a value has no single source - {wrong}")
    if answer is None:
        return Reject("trajectory: no final answer")
    language = language_of(request) or UNDETERMINED
    try:
        worded = await work.writer.answer(WORD_STEPS, _asked(calls, uses, request, language))
    except Abstained as abstained:
        return Reject(f"trajectory: the teacher abstained - {abstained.reason}")
    words = {step.id: step.question for step in worded.steps}
    question = _row(trajectory, calls, uses, words, request, answer, language, work.writer.name)
    return Made(question, uses, idle=_idle(calls, uses, request, answer))


def _request(messages: Sequence[Message]) -> str:
    said = [message["content"] for message in messages if message["role"] == "user"]
    if len(said) != 1:
        raise NotDecomposableError(f"not one request - the user spoke {len(said)} times")
    return str(said[0])


def recorded(trajectory: Trajectory) -> list[Recorded]:
    """The calls, each once. Raises `NotDecomposableError` where one failed, has no result, or has two."""
    documents = {tool["function"]["name"]: tool["function"] for tool in trajectory.tools}
    found: list[Recorded] = []
    for made in made_calls(trajectory.messages, trajectory.calls):
        call, record = made.call, made.record
        if record is not None and record.injected:
            continue
        if record is None or made.result is None or not record.ok or call.name not in documents:
            raise NotDecomposableError(f"a call failed - {call.name}")
        content = str(trajectory.messages[made.result]["content"])
        again = next((one for one in found if (one.name, one.arguments) == (call.name, call.arguments)), None)
        if again is None:
            found.append(Recorded(str(len(found) + 1), call.name, call.arguments, content, parsed(content), documents[call.name],
                                  call.message, made.result))
        elif not same(again.response, parsed(content)):
            raise NotDecomposableError(f"the same call has two results - {call.name}")
    if not found:
        raise NotDecomposableError("no call")
    return found


def _asked(calls: Sequence[Recorded], uses: dict[str, list[str]], request: str, language: str) -> WordSteps:
    steps = [
        RecordedStep(id=call.id, tool=_card(call.tool), arguments=call.arguments, uses=uses[call.id], result=call.content[:SHOWN])
        for call in calls
    ]
    return WordSteps(request=request, language=language, steps=steps)


def _card(function: JsonObject) -> ToolCard:
    parameters = function.get("parameters") or {}
    return ToolCard(name=function["name"], description=function.get("description") or "", parameters=parameters)


def _row(trajectory: Trajectory, calls: Sequence[Recorded], uses: dict[str, list[str]], words: dict[str, str], request: str,
         answer: str, language: str, writer: str) -> Question:
    levels = graph.levels_of(uses) or {}
    nodes = [
        Node(call.id, levels[call.id], words[call.id], call.response, kind_of(call.response), uses[call.id], True,
             call=told(call))
        for call in calls
    ]
    used = {call.name for call in calls}
    tools = [tool["function"] for tool in trajectory.tools if tool["function"]["name"] in used]
    row: Question = new_row(
        Question, source="trajectories", domain=trajectory.server, language=language, scenario=graph.scenario_of(nodes),
        template=None, world=trajectory.task_id,
        knowledge={"trajectory_id": trajectory.id, "calls": [told(call) for call in calls], "tools": tools},
        question=request, answer=answer, answer_type="text", nodes=nodes, checks=[], quality=None, hops=max(levels.values()),
        models={**trajectory.models, "writer": writer},
    )
    return row


def told(call: Recorded) -> JsonObject:
    """The call as a row holds it."""
    return {"tool": call.name, "arguments": call.arguments, "content": call.content}


def _idle(calls: Sequence[Recorded], uses: dict[str, list[str]], request: str, answer: str) -> list[str]:
    """Calls that only looked, whose results no later call takes anything from, and of which nothing new stands in the answer."""
    taken = {name for names in uses.values() for name in names}
    return [
        call.id for call in calls
        if call.id not in taken and stage_of(call.name) is Stage.READ
        and (new := tokens(call.content) - tokens(request)) and not new & tokens(answer)
    ]
