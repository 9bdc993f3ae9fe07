"""A conversation to be scored, and a judge whose judgements the test gives.

axes = scored(conversation((FIND,), (PRICE,)), judge(0.5))
axes["TCU"].value        # 0.5
"""

import asyncio
from typing import Any

from scripted import TEXT, ScriptedTeacher, calls, card, offered, says, schema

from astra_data.messages import JsonObject, Message, calls_of, tool_result, user
from astra_data.rows.trajectories import CallRecord, Score
from astra_data.stages.trajectories.axes import Case, score
from astra_data.teacher.asks import AnswerJudgement, CallJudgement, CallJudgements, Conversation, Judgement, RoundJudgement

TOOLS = offered(card("find", "Finds.", schema({"name": TEXT})), card("price", "Prices.", schema({"item": TEXT})))
FIND: tuple[str, JsonObject] = ("find", {"name": "blue chair"})
PRICE: tuple[str, JsonObject] = ("price", {"item": "result 0"})


def conversation(*rounds: tuple[tuple[str, JsonObject], ...], end: str | None = "It costs 5 coins.") -> list[Message]:
    """A system message, a question, rounds of calls with results `result 0`, `result 1` and so on, and an answer."""
    messages: list[Message] = [{"role": "system", "content": "Help."}, user("What does the blue chair cost?")]
    for wanted in rounds:
        turn = calls(*wanted, start=len(list(calls_of(messages))))
        messages.append(turn)
        messages += [tool_result(call.id, call.name, f"result {call.id[5:]}") for call in calls_of([turn])]
    return messages if end is None else [*messages, says(end)]


def records(messages: list[Message], **changes: CallRecord) -> list[CallRecord]:
    """All calls went well, but for those given by id."""
    return [changes.get(call.id) or CallRecord(call.id, call.name, True, False, "live") for call in calls_of(messages)]


def judge(value: float = 1, **script: Any) -> ScriptedTeacher:
    """A judge that gives every step this value, except where the script says otherwise."""

    def each(inputs: Conversation) -> CallJudgements:
        ids = [call.id for call in calls_of(inputs.messages)]
        return CallJudgements(calls=[CallJudgement(call_id=name, necessary=float(value > 0), reason="so") for name in ids])

    usual = {
        "judge_understanding": Judgement(reason="u", score=value, quote="q"),
        "judge_planning": Judgement(reason="p", score=value),
        "judge_round": RoundJudgement(reason="r", understanding=value, planning=value, quote="q"),
        "judge_calls": each,
        "judge_answer": AnswerJudgement(reason="a", correctness=value, summary=value, quote="q"),
    }
    return ScriptedTeacher(usual | script)


def scored(
    messages: list[Message],
    by: ScriptedTeacher,
    made: list[CallRecord] | None = None,
    *,
    reference: list[str] | None = None,
    samples: int = 1,
) -> dict[str, Score]:
    """Score by axis. Unless told otherwise, the author expected the tools that were called."""
    expected = [call.name for call in calls_of(messages)] if reference is None else reference
    case = Case(messages, records(messages) if made is None else made, TOOLS, expected, by, samples)
    return {one.axis: one for one in asyncio.run(score(case))}
