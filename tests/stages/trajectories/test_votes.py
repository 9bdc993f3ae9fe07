"""A judge asked several times: the mean of its votes, how far they agree, and quotes that must stand where they are said to."""

from typing import Any

import pytest
from scripted_cases import FIND, PRICE, conversation, judge, scored

from astra_data.ledger import Unanswered
from astra_data.rows.trajectories import Quote, Score
from astra_data.teacher.asks import AnswerJudgement, CallJudgement, CallJudgements, Judgement, RoundJudgement
from astra_data.teacher.teacher import Abstained

TWO = conversation((FIND,), (PRICE,))
FOUR = conversation((FIND,), (PRICE,), (("price", {"item": "b"}),), (("price", {"item": "c"}),))


def necessary(*flags: float) -> CallJudgements:
    return CallJudgements(calls=[CallJudgement(call_id=f"call_{n}", necessary=flag, reason="r") for n, flag in enumerate(flags)])


def votes_of(axis: str, **script: Any) -> Score:
    return scored(FOUR, judge(**script), samples=3)[axis]


def test_a_judge_asked_more_than_once_gives_the_mean_of_its_votes_and_how_far_they_agree() -> None:
    understood = votes_of("QU", judge_understanding=[Judgement(reason=str(vote), score=vote) for vote in (1, 0.5, 1)])
    assert (understood.votes, understood.value, understood.agreement) == ([1, 0.5, 1], pytest.approx(5 / 6), pytest.approx(2 / 3))
    assert understood.reason == "1; 0.5"
    rounds = [RoundJudgement(reason="r", understanding=value, planning=1) for value in (1, 1, 0, 1, 1, 1, 0, 0.5, 1)]
    taken = votes_of("TCU", judge_round=rounds)
    assert taken.votes == [1, 1, 0, 1, 1, 1, 0, 0.5, 1]
    assert (taken.value, taken.agreement) == (pytest.approx(6.5 / 9), pytest.approx((2 / 3 + 1 + 1 / 3) / 3))
    calls = votes_of("TC", judge_calls=[necessary(1, 1, 1, 1), necessary(1, 0, 1, 1), necessary(1, 0, 1, 1)])
    assert calls.votes == [1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1]
    assert (calls.value, calls.agreement) == (pytest.approx(10 / 12), pytest.approx((1 + 2 / 3 + 1 + 1) / 4))
    answers = [AnswerJudgement(reason="a", correctness=1, summary=value) for value in (1, 0, 0.5)]
    answer = votes_of("FA", judge_answer=answers)
    assert (answer.votes, answer.value, answer.agreement) == ([1, 1, 1, 1, 0, 0.5], 0.75, pytest.approx((1 + 1 / 3) / 2))


def test_one_opinion_agrees_with_nobody_and_checks_have_no_votes_to_count() -> None:
    assert {one.agreement for one in scored(FOUR, judge()).values()} == {None}
    assert scored(FOUR, judge(), samples=3)["TCS"].agreement is None


@pytest.mark.parametrize(("last", "status"), [(Unanswered("endpoint: 500"), "failed"), (Abstained("hm"), "abstained")])
def test_one_missing_vote_is_not_made_up_by_the_others(last: Exception, status: str) -> None:
    one = votes_of("QP", judge_planning=[Judgement(reason="p", score=1), Judgement(reason="p", score=1), last])
    assert (one.value, one.status, one.votes) == (None, status, [])


@pytest.mark.parametrize(
    ("quote", "evidence", "reason"),
    [
        ("blue  'chair'", [Quote(1, "blue  'chair'")], "a"),
        ("It costs 5", [Quote(6, "It costs 5")], "a"),
        ("result 0", [Quote(3, "result 0")], "a"),
        ("a red sofa", [], "a (a quote of the judge stands in no message)"),
        ("", [], "a"),
    ],
)
def test_a_quote_is_evidence_where_it_stands_and_nowhere_else(quote: str, evidence: list[Quote], reason: str) -> None:
    given = AnswerJudgement(reason="a", correctness=1, summary=1, quote=quote)
    answer = scored(TWO, judge(judge_answer=given))["FA"]
    assert (answer.evidence, answer.reason, answer.value) == (evidence, reason, 1)


def test_a_judge_of_the_first_message_cannot_quote_what_came_later() -> None:
    given = Judgement(reason="u", score=1, quote="It costs 5 coins.")
    assert scored(TWO, judge(judge_understanding=given))["QU"].evidence == []
