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

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import Literal, TypeVar

from pydantic import BaseModel

from astra_data.messages import Call, JsonObject, Message, calls_of, results_of
from astra_data.rows.trajectories import CallRecord, Flaw, Quote, Score
from astra_data.stages.trajectories.checks import find
from astra_data.stages.trajectories.quotes import evidence
from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import (
    JUDGE_ANSWER,
    JUDGE_CALLS,
    JUDGE_PLANNING,
    JUDGE_ROUND,
    JUDGE_UNDERSTANDING,
    AnswerJudgement,
    Conversation,
    Judgement,
    RoundJudgement,
)
from astra_data.teacher.teacher import Abstained, Teacher, Unanswered

O = TypeVar("O", bound=BaseModel)  # noqa: E741
CHECKS = "checks"
Axis = Literal["QU", "QP", "TCU", "TCP", "TCS", "TC", "FA"]
SCORED, NOT_APPLICABLE, ABSTAINED, FAILED = "scored", "not_applicable", "abstained", "failed"


@dataclass(frozen=True)
class Case:
    """What is scored: the conversation, what became of its calls, the tools the task's author expected, and the judge, who is
    asked `samples` times."""

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

    async def ask(self, ask: Ask[Conversation, O], until: int | None = None) -> list[O]:
        """The answers, one per sample, to a question about the messages before index `until`, the system message left out
        [A 7.1]. All or none: raises what any of them raises."""
        seen = [message for message in self.messages[:until] if message["role"] != "system"]
        failed = [record.id for record in self.records if not record.ok and record.id in results_of(seen)]
        inputs = Conversation(tools=self.tools, messages=seen, reference=self.reference, failed=failed)
        return [await self.judge.answer(ask, inputs, sample=sample) for sample in range(self.samples)]


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
    judgements = await case.ask(JUDGE_UNDERSTANDING, until=first + 1)
    quotes = [(first, judgement.quote) for judgement in judgements]
    return _judged("QU", case, [[judgement.score for judgement in judgements]], _reasons(judgements), quotes, first + 1)


async def query_planning(case: Case) -> Score:
    judgements = await case.ask(JUDGE_PLANNING)
    quotes = [(0, judgement.quote) for judgement in judgements]
    return _judged("QP", case, [[judgement.score for judgement in judgements]], _reasons(judgements), quotes)


async def _rounds(case: Case) -> list[list[RoundJudgement] | Score]:
    """The judgements of rounds 2..J, or for a round without one the score that says why."""
    found: list[list[RoundJudgement] | Score] = []
    for index in case.rounds[1:]:
        try:
            found.append(await case.ask(JUDGE_ROUND, until=index + 1))
        except Abstained as abstained:
            found.append(_none("", ABSTAINED, abstained.reason, case.judge.name))
        except Unanswered as failure:
            found.append(_none("", FAILED, failure.reason, case.judge.name))
    return found


def _round_axis(axis: str, case: Case, rounds: list[list[RoundJudgement] | Score],
                part: Callable[[RoundJudgement], float | None]) -> Score:
    """The mean over rounds; null as soon as one round has no value, since a mean over the rest would be another quantity."""
    if not rounds:
        return _none(axis, NOT_APPLICABLE, "there is no second round", CHECKS)
    votes: list[list[float]] = []
    quotes: list[tuple[int, str]] = []
    for index, judgements in zip(case.rounds[1:], rounds, strict=True):
        if isinstance(judgements, Score):
            return _none(axis, judgements.status, judgements.reason, judgements.judge)
        given = [value for judgement in judgements if (value := part(judgement)) is not None]
        if len(given) < len(judgements):
            return _none(axis, ABSTAINED, f"a round has no value: {_reasons(judgements)}", case.judge.name)
        votes.append(given)
        quotes += [(index, judgement.quote) for judgement in judgements]
    why = f"the mean of {len(votes)} rounds" if len(votes) > 1 else "the only round after the first"
    return _judged(axis, case, votes, why, quotes)


def call_status(case: Case) -> Score:
    """Failures that were injected on purpose are left out: they are not the policy's."""
    counted = [record for record in case.records if not record.injected]
    if not counted:
        return _none("TCS", NOT_APPLICABLE, "there is no call", CHECKS)
    values = [float(record.ok) for record in counted]
    failed = [record.tool for record in counted if not record.ok]
    return _checked("TCS", values, f"failed: {', '.join(failed)}" if failed else "all calls succeeded", [])


async def conciseness(case: Case) -> Score:
    if not case.calls:
        return _none("TC", NOT_APPLICABLE, "there is no call", CHECKS)
    flaws = [flaw for flaw in case.flaws if flaw.call_id is not None]
    flawed = {(flaw.message, flaw.call_id) for flaw in flaws}
    left = [call.id for call in case.calls if (call.message, call.id) not in flawed]
    reasons, spots = [flaw.reason for flaw in flaws], [Quote(flaw.message, flaw.reason) for flaw in flaws]
    if not left:
        return _checked("TC", [0.0] * len(case.calls), "; ".join(reasons), spots)
    judged = [{item.call_id: item for item in answer.calls} for answer in await case.ask(JUDGE_CALLS)]
    if missing := [name for name in left for items in judged if name not in items]:
        raise Unanswered(f"answer: no judgement of a call - {missing[0]}")
    votes = [[0.0 if (call.message, call.id) in flawed else items[call.id].necessary for items in judged] for call in case.calls]
    reasons += [item.reason for items in judged for item in items.values() if not item.necessary]
    score = _judged("TC", case, votes, "; ".join(dict.fromkeys(reasons)) or "every call was necessary", [])
    return replace(score, evidence=spots)


async def final(case: Case) -> Score:
    last = len(case.messages) - 1
    if wrong := next((flaw for flaw in case.flaws if flaw.axis == "FA"), None):
        return _checked("FA", [0.0], wrong.reason, [Quote(last, (case.messages[last].get("content") or "")[:200])])
    judgements = await case.ask(JUDGE_ANSWER)
    votes = [[one.correctness for one in judgements], [one.summary for one in judgements]]
    return _judged("FA", case, votes, _reasons(judgements), [(last, one.quote) for one in judgements])


def reward(scores: list[Score], weights: Mapping[Axis, float] | None = None) -> float | None:
    """The mean of the axes that have a value [A 7.1, 21.2], weighted where `weights` names other than 1; null while a judge
    failed or if nothing that counts has a value."""
    given = {str(axis): weight for axis, weight in (weights or {}).items()}
    counted = [(score.value, given.get(score.axis, 1.0)) for score in scores if score.value is not None]
    if not any(weight for _, weight in counted) or any(score.status == FAILED for score in scores):
        return None
    return fmean([value for value, _ in counted], [weight for _, weight in counted])


def _reasons(judgements: Sequence[Judgement | RoundJudgement | AnswerJudgement]) -> str:
    return "; ".join(dict.fromkeys(judgement.reason for judgement in judgements))


def _judged(axis: str, case: Case, votes: list[list[float]], reason: str, quotes: list[tuple[int, str]],
            until: int | None = None) -> Score:
    """The mean of all votes; `votes` holds, for each thing judged, one per sample. The agreement is the mean over the things of
    the share of their most frequent vote."""
    found, note = evidence(case.messages, quotes, len(case.messages) if until is None else until)
    flat = [float(vote) for group in votes for vote in group]
    agreement = fmean(max(map(group.count, group)) / len(group) for group in votes) if case.samples > 1 else None
    why = f"{reason} ({note})" if note else reason
    return Score(axis, fmean(flat), SCORED, why, found, case.judge.name, flat, agreement)


def _checked(axis: str, values: list[float], reason: str, quotes: list[Quote]) -> Score:
    return Score(axis, fmean(values), SCORED, reason, quotes, CHECKS, values, None)


def _none(axis: str, status: str, reason: str, judge: str) -> Score:
    return Score(axis, None, status, reason, [], judge, [], None)
