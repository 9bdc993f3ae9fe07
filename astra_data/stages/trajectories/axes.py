"""The seven axes of a trajectory, as the paper defines them [A 7.1], each judged on what had been seen by then.

    QU   query understanding                   on the first assistant message
    QP   query planning                        on the whole conversation
    TCU  tool-response understanding           mean over rounds 2..J
    TCP  tool-response-conditioned planning    mean over rounds 2..J
    TCS  tool-call status                      share of calls with a valid response; no judge
    TC   tool conciseness                      share of calls that were necessary
    FA   final answer                          mean of correctness and summary

Checks come before judges. A judge that abstains gives null, one that cannot be had gives `failed`; nothing is imputed. An axis
with nothing to score (no call, no second round) is `not_applicable`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TypeVar

from pydantic import BaseModel

from astra_data.messages import Call, JsonObject, Message, calls_of, results_of
from astra_data.rows.trajectories import CallRecord, Flaw, Quote, Score
from astra_data.stages.trajectories.checks import find
from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import (
    JUDGE_ANSWER,
    JUDGE_CALLS,
    JUDGE_PLANNING,
    JUDGE_ROUND,
    JUDGE_UNDERSTANDING,
    Conversation,
    RoundJudgement,
)
from astra_data.teacher.teacher import Abstained, Teacher, Unanswered

O = TypeVar("O", bound=BaseModel)  # noqa: E741
CHECKS = "checks"
SCORED, NOT_APPLICABLE, ABSTAINED, FAILED = "scored", "not_applicable", "abstained", "failed"


@dataclass(frozen=True)
class Case:
    """What is scored: the conversation, what became of its calls, the tools the task's author expected, and the judge."""

    messages: list[Message]
    records: list[CallRecord]
    tools: list[JsonObject]
    reference: list[str]
    judge: Teacher
    samples: int = 1

    @cached_property
    def flaws(self) -> list[Flaw]:
        """What the checks found, before any judge."""
        return find(self.messages, self.records, self.tools, self.reference)

    @property
    def calls(self) -> list[Call]:
        return list(calls_of(self.messages))

    @property
    def rounds(self) -> list[int]:
        """Message index of each round: an assistant message with one or more calls."""
        return sorted({call.message for call in self.calls})

    async def ask(self, ask: Ask[Conversation, O], until: int | None = None) -> O:
        """Put a question about the messages before index `until`, the system message left out [A 7.1]."""
        seen = [message for message in self.messages[:until] if message["role"] != "system"]
        failed = [record.id for record in self.records if not record.ok and record.id in results_of(seen)]
        inputs = Conversation(tools=self.tools, messages=seen, reference=self.reference, failed=failed)
        return await self.judge.answer(ask, inputs)


async def score(case: Case) -> list[Score]:
    """The seven scores in the order above."""
    rounds = await _rounds(case)
    return [
        await _guarded("QU", case, query_understanding),
        await _guarded("QP", case, query_planning),
        _round_axis("TCU", case, rounds, lambda judgement: judgement.understanding),
        _round_axis("TCP", case, rounds, lambda judgement: judgement.planning),
        call_status(case),
        await _guarded("TC", case, conciseness),
        await _guarded("FA", case, final),
    ]


async def _guarded(axis: str, case: Case, judge: Callable[[Case], Awaitable[Score]]) -> Score:
    try:
        return await judge(case)
    except Abstained as abstained:
        return _none(axis, ABSTAINED, abstained.reason, case.judge.name)
    except Unanswered as failure:
        return _none(axis, FAILED, failure.reason, case.judge.name)


async def query_understanding(case: Case) -> Score:
    first = next((index for index, message in enumerate(case.messages) if message["role"] == "assistant"), None)
    if first is None:
        return _none("QU", NOT_APPLICABLE, "there is no assistant message", CHECKS)
    judgement = await case.ask(JUDGE_UNDERSTANDING, until=first + 1)
    return _value("QU", judgement.score, judgement.reason, [Quote(first, judgement.quote)], case.judge.name)


async def query_planning(case: Case) -> Score:
    judgement = await case.ask(JUDGE_PLANNING)
    return _value("QP", judgement.score, judgement.reason, [], case.judge.name)


async def _rounds(case: Case) -> list[RoundJudgement | Score]:
    """The judgements of rounds 2..J, or for a round without one the score that says why."""
    found: list[RoundJudgement | Score] = []
    for index in case.rounds[1:]:
        try:
            found.append(await case.ask(JUDGE_ROUND, until=index + 1))
        except Abstained as abstained:
            found.append(_none("", ABSTAINED, abstained.reason, case.judge.name))
        except Unanswered as failure:
            found.append(_none("", FAILED, failure.reason, case.judge.name))
    return found


def _round_axis(axis: str, case: Case, rounds: list[RoundJudgement | Score],
                part: Callable[[RoundJudgement], float | None]) -> Score:
    """The mean over rounds; null as soon as one round has no value, since a mean over the rest would be another quantity."""
    if not rounds:
        return _none(axis, NOT_APPLICABLE, "there is no second round", CHECKS)
    values: list[float] = []
    quotes: list[Quote] = []
    for index, judgement in zip(case.rounds[1:], rounds, strict=True):
        if isinstance(judgement, Score):
            return _none(axis, judgement.status, judgement.reason, judgement.judge)
        value = part(judgement)
        if value is None:
            return _none(axis, ABSTAINED, f"a round has no value: {judgement.reason}", case.judge.name)
        values.append(value)
        quotes.append(Quote(index, judgement.quote))
    why = f"the mean of {len(values)} rounds" if len(values) > 1 else "the only round after the first"
    return _value(axis, fmean(values), why, quotes, case.judge.name, values)


def call_status(case: Case) -> Score:
    """Failures that were injected on purpose are left out: they are not the policy's."""
    counted = [record for record in case.records if not record.injected]
    if not counted:
        return _none("TCS", NOT_APPLICABLE, "there is no call", CHECKS)
    values = [float(record.ok) for record in counted]
    failed = [record.tool for record in counted if not record.ok]
    return _value("TCS", fmean(values), f"failed: {', '.join(failed)}" if failed else "all calls succeeded", [], CHECKS, values)


async def conciseness(case: Case) -> Score:
    if not case.calls:
        return _none("TC", NOT_APPLICABLE, "there is no call", CHECKS)
    flaws = [flaw for flaw in case.flaws if flaw.call_id is not None]
    values = {flaw.call_id: 0.0 for flaw in flaws}
    why = "; ".join(flaw.reason for flaw in flaws)
    judge = CHECKS
    if len(values) < len(case.calls):
        judge = case.judge.name
        judged = {item.call_id: item for item in (await case.ask(JUDGE_CALLS)).calls}
        missing = [call.id for call in case.calls if call.id not in values and call.id not in judged]
        if missing:
            raise Unanswered(f"answer: no judgement of a call - {missing[0]}")
        values |= {call.id: float(judged[call.id].necessary) for call in case.calls if call.id not in values}
        why = "; ".join([why, *(item.reason for item in judged.values() if not item.necessary)]).strip("; ")
    ordered = [values[call.id] for call in case.calls]
    evidence = [Quote(flaw.message, flaw.reason) for flaw in flaws]
    return _value("TC", fmean(ordered), why or "every call was necessary", evidence, judge, ordered)


async def final(case: Case) -> Score:
    last = len(case.messages) - 1
    if wrong := next((flaw for flaw in case.flaws if flaw.axis == "FA"), None):
        return _value("FA", 0.0, wrong.reason, [Quote(last, (case.messages[last].get("content") or "")[:200])], CHECKS)
    judgement = await case.ask(JUDGE_ANSWER)
    parts = [judgement.correctness, judgement.summary]
    return _value("FA", fmean(parts), judgement.reason, [Quote(last, judgement.quote)], case.judge.name, parts)


def reward(scores: list[Score]) -> float | None:
    """The mean of the axes that have a value [A 7.1, 21.2]; null while a judge failed or if nothing has a value."""
    values = [score.value for score in scores if score.value is not None]
    if not values or any(score.status == FAILED for score in scores):
        return None
    return fmean(values)


def _value(axis: str, value: float, reason: str, evidence: list[Quote], judge: str, votes: list[float] | None = None) -> Score:
    return Score(axis, float(value), SCORED, reason, evidence, judge, [float(vote) for vote in votes or [value]])


def _none(axis: str, status: str, reason: str, judge: str) -> Score:
    return Score(axis, None, status, reason, [], judge, [])
