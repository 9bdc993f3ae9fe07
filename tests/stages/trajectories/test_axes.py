"""The seven axes are the paper's formulas [A 7.1], on what had been seen by then; what has no value is null and says why."""

import asyncio
from typing import Any

import pytest
from scripted import ScriptedTeacher, says
from scripted_cases import FIND, PRICE, TOOLS, conversation, judge, records, scored

from astra_data.ledger import Unanswered
from astra_data.messages import MALFORMED, user
from astra_data.rows.trajectories import CallRecord, Quote, Score
from astra_data.stages.trajectories.axes import Case, reward, score
from astra_data.teacher.asks import AnswerJudgement, CallJudgement, CallJudgements, Judgement, RoundJudgement
from astra_data.teacher.teacher import Abstained

AXES = ["QU", "QP", "TCU", "TCP", "TCS", "TC", "FA"]
TWO = conversation((FIND,), (PRICE,))
FOUR = conversation((FIND,), (PRICE,), (("price", {"item": "b"}),), (("price", {"item": "c"}),))


def values(scores: dict[str, Score]) -> dict[str, float | None]:
    return {axis: one.value for axis, one in scores.items()}


def one_round(understanding: float | None, planning: float | None) -> RoundJudgement:
    return RoundJudgement(reason="r", understanding=understanding, planning=planning)


def test_there_are_seven_in_their_order() -> None:
    assert list(scored(TWO, judge())) == AXES


@pytest.mark.parametrize(("given", "expected"), [(1, 1.0), (0.5, 0.5), (0, 0.0)])
def test_understanding_and_planning_are_as_judged(given: float, expected: float) -> None:
    scores = scored(
        TWO,
        judge(
            judge_understanding=Judgement(reason="because", score=given, quote="blue"),
            judge_planning=Judgement(reason="since", score=1 - given),
        ),
    )
    assert (scores["QU"].value, scores["QU"].reason, scores["QU"].judge) == (expected, "because", "scripted")
    assert [(quote.message, quote.text) for quote in scores["QU"].evidence] == [(2, "blue")]
    assert scores["QP"].value == 1 - expected


def test_the_rounds_after_the_first_are_averaged_each_by_itself() -> None:
    rounds = [one_round(1, 0), one_round(0.5, 0.5), one_round(0, 1)]
    teacher = judge(judge_round=rounds)
    scores = scored(FOUR, teacher)
    assert (scores["TCU"].value, scores["TCU"].votes) == (0.5, [1, 0.5, 0])
    assert (scores["TCP"].value, scores["TCP"].votes) == (0.5, [0, 0.5, 1])
    assert len(teacher.asked("judge_round")) == 3
    assert scored(TWO, judge(judge_round=one_round(1, 0)))["TCU"].votes == [1]


def test_parallel_calls_are_one_round() -> None:
    teacher = judge()
    scores = scored(conversation((FIND, PRICE), (("price", {"item": "b"}), ("price", {"item": "c"}))), teacher)
    assert len(teacher.asked("judge_round")) == 1
    assert (scores["TCU"].votes, len(scores["TC"].votes), len(scores["TCS"].votes)) == ([1], 4, 4)


@pytest.mark.parametrize("messages", [conversation(), conversation((FIND,)), conversation((FIND, PRICE))])
def test_without_a_second_round_its_axes_do_not_apply(messages: Any) -> None:
    teacher = judge()
    scores = scored(messages, teacher)
    for axis in ("TCU", "TCP"):
        assert (scores[axis].value, scores[axis].status, scores[axis].judge) == (None, "not_applicable", "checks")
    assert teacher.asked("judge_round") == []


def test_without_a_call_its_axes_do_not_apply() -> None:
    scores = scored(conversation(), judge())
    assert {axis: one.status for axis, one in scores.items() if one.value is None} == dict.fromkeys(AXES[2:6], "not_applicable")
    assert reward(list(scores.values())) == 1


def test_a_judge_sees_no_more_than_the_moment_it_judges() -> None:
    teacher = judge()
    scored(FOUR, teacher)
    lengths = {name: [len(inputs.messages) for inputs in teacher.asked(name)] for name in dict(teacher.seen)}
    assert lengths == {
        "judge_understanding": [2],
        "judge_round": [4, 6, 8],
        "judge_planning": [10],
        "judge_calls": [10],
        "judge_answer": [10],
    }
    assert all(message["role"] != "system" for _, inputs in teacher.seen for message in inputs.messages)


def test_a_judge_is_told_of_failures_only_once_they_are_seen() -> None:
    teacher = judge()
    made = records(FOUR, call_1=CallRecord("call_1", "price", False, False, "live"))
    scored(FOUR, teacher, made)
    assert [inputs.failed for inputs in teacher.asked("judge_round")] == [[], ["call_1"], ["call_1"]]
    assert teacher.asked("judge_understanding")[0].failed == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 1.0),
        ({"call_0": (False, False)}, 0.75),
        ({"call_0": (False, True)}, 1.0),
        ({"call_0": (False, True), "call_1": (False, False)}, 2 / 3),
        ({"call_0": (False, False), "call_1": (False, False), "call_2": (False, False), "call_3": (False, False)}, 0.0),
    ],
)
def test_status_is_the_share_of_good_calls_without_injected_failures(
    changes: dict[str, tuple[bool, bool]], expected: float
) -> None:
    made = records(FOUR, **{name: CallRecord(name, "t", ok, injected, "live") for name, (ok, injected) in changes.items()})
    status = scored(FOUR, judge(0), made)["TCS"]
    assert (status.value, status.judge) == (pytest.approx(expected), "checks")


def test_status_does_not_apply_where_all_failures_were_injected() -> None:
    made = [CallRecord(record.id, record.tool, False, True, "live") for record in records(TWO)]
    assert scored(TWO, judge(), made)["TCS"].status == "not_applicable"


def necessary(*flags: float) -> CallJudgements:
    return CallJudgements(
        calls=[CallJudgement(call_id=f"call_{n}", necessary=flag, reason=f"r{n}") for n, flag in enumerate(flags)]
    )


def test_conciseness_is_the_share_of_necessary_calls() -> None:
    scores = scored(FOUR, judge(judge_calls=necessary(1, 0, 1, 1)))
    assert (scores["TC"].value, scores["TC"].votes, scores["TC"].reason) == (0.75, [1, 0, 1, 1], "r1")


def test_what_a_check_finds_wrong_is_zero_whatever_the_judge_says() -> None:
    messages = conversation((FIND,), (FIND,), (("ghost", {}),), (("find", {MALFORMED: "{"}),))
    messages[5]["content"] = messages[3]["content"]
    made = records(
        messages,
        call_2=CallRecord("call_2", "ghost", False, False, "none"),
        call_3=CallRecord("call_3", "find", False, False, "none"),
    )
    assert scored(messages, judge(judge_calls=necessary(1, 1, 1, 1)), made)["TC"].votes == [1, 0, 0, 0]


def test_no_judge_is_asked_where_checks_find_every_call_wrong() -> None:
    messages, teacher = conversation((("ghost", {}),)), judge()
    score_ = scored(messages, teacher, [CallRecord("call_0", "ghost", False, False, "none")])["TC"]
    assert (score_.value, score_.judge, teacher.asked("judge_calls")) == (0, "checks", [])


def test_a_call_made_again_after_a_failure_is_left_to_the_judge() -> None:
    messages = conversation((FIND,), (FIND,), (FIND,))
    messages[7]["content"] = messages[5]["content"]
    made = records(messages, call_0=CallRecord("call_0", "find", False, False, "live"))
    assert scored(messages, judge(), made)["TC"].votes == [1, 1, 0]


def test_a_judge_that_forgets_a_call_has_not_judged() -> None:
    assert scored(TWO, judge(judge_calls=necessary(1)))["TC"].status == "failed"


@pytest.mark.parametrize(
    ("correctness", "summary", "expected"), [(1, 1, 1), (1, 0, 0.5), (0.5, 1, 0.75), (0, 0.5, 0.25), (0, 0, 0)]
)
def test_the_answer_is_the_mean_of_correctness_and_summary(correctness: float, summary: float, expected: float) -> None:
    given = AnswerJudgement(reason="a", correctness=correctness, summary=summary)
    scores = scored(TWO, judge(judge_answer=given))
    assert (scores["FA"].value, scores["FA"].votes) == (expected, [correctness, summary])


@pytest.mark.parametrize(
    ("end", "wrong"),
    [
        (None, "the conversation does not end with an answer"),
        ("See https://made.up/chair.", "no result holds the URL https://made.up/chair"),
    ],
)
def test_an_answer_that_is_none_or_holds_a_url_from_nowhere_is_worth_nothing(end: str | None, wrong: str) -> None:
    teacher = judge()
    scores = scored(conversation((FIND,), end=end), teacher)
    assert (scores["FA"].value, scores["FA"].reason, scores["FA"].judge) == (0, wrong, "checks")
    assert teacher.asked("judge_answer") == []


def test_every_url_is_looked_for_not_only_the_first() -> None:
    messages = conversation((FIND,), end="See http://a.b/c, then http://a.b/d.")
    messages[1] = user("Is it at http://a.b/c?")
    answer = scored(messages, judge())["FA"]
    assert (answer.reason, answer.evidence) == (
        "no result holds the URL http://a.b/d",
        [Quote(4, "See http://a.b/c, then http://a.b/d.")],
    )
    messages[3]["content"] = "found [here](http://a.b/d)"
    assert scored(messages, judge())["FA"].value == 1


@pytest.mark.parametrize(
    ("seen", "value"),
    [
        ("http://a.b/catalogue", 0),
        ("http://a.b/c.html", 0),
        ("http://a.b/c-2", 0),
        ("http://a.b/c/d?e", 1),
        ("'http://a.b/c'.", 1),
    ],
)
def test_a_url_must_be_there_whole(seen: str, value: float) -> None:
    messages = conversation((FIND,), end="See http://a.b/c/.")
    messages[3]["content"] = seen
    assert scored(messages, judge())["FA"].value == value


def test_the_reward_is_the_mean_of_the_axes_that_apply() -> None:
    given = {
        "judge_understanding": Judgement(reason="", score=0.5),
        "judge_answer": AnswerJudgement(reason="", correctness=1, summary=0),
    }
    scores = scored(conversation((FIND,)), judge(**given))
    assert values(scores) == {"QU": 0.5, "QP": 1, "TCU": None, "TCP": None, "TCS": 1, "TC": 1, "FA": 0.5}
    assert reward(list(scores.values())) == pytest.approx(4 / 5)
    assert reward(list(scores.values()), {"FA": 4, "QU": 0, "TCU": 9}) == pytest.approx((1 + 1 + 1 + 4 * 0.5) / 7)
    assert reward(list(scores.values()), dict.fromkeys(["QU", "QP", "TCS", "TC", "FA"], 0)) is None


def test_a_judge_that_gives_nothing_gives_exactly_zero() -> None:
    failed = [CallRecord(record.id, record.tool, False, False, "live") for record in records(TWO)]
    scores = scored(TWO, judge(0), failed)
    assert values(scores) == dict.fromkeys(AXES, 0.0)
    assert reward(list(scores.values())) == 0


ASKS = {
    "judge_understanding": ["QU"],
    "judge_planning": ["QP"],
    "judge_round": ["TCU", "TCP"],
    "judge_calls": ["TC"],
    "judge_answer": ["FA"],
}


@pytest.mark.parametrize("name", ASKS)
def test_a_judge_that_cannot_be_had_gives_no_score_and_no_reward(name: str) -> None:
    scores = scored(TWO, judge(**{name: Unanswered("endpoint: 500")}))
    assert {axis: (one.value, one.reason) for axis, one in scores.items() if one.status == "failed"} == dict.fromkeys(
        ASKS[name], (None, "endpoint: 500")
    )
    assert reward(list(scores.values())) is None


@pytest.mark.parametrize("name", ASKS)
def test_an_abstention_is_null_and_left_out_of_the_mean(name: str) -> None:
    given = judge(0.5, **{name: Abstained("who knows")})
    scores = scored(TWO, given)
    assert [axis for axis, one in scores.items() if one.status == "abstained"] == ASKS[name]
    rest = [one.value for one in scores.values() if one.value is not None]
    assert reward(list(scores.values())) == pytest.approx(sum(rest) / (7 - len(ASKS[name])))


def test_a_mean_over_rounds_needs_every_round() -> None:
    scores = scored(FOUR, judge(judge_round=[one_round(1, 1), one_round(None, 1), one_round(1, 1)]))
    assert (scores["TCU"].value, scores["TCU"].status, scores["TCP"].value) == (None, "abstained", 1)
    scores = scored(FOUR, judge(judge_round=[one_round(1, 1), Unanswered("endpoint: 500"), one_round(1, 1)]))
    assert (scores["TCU"].status, scores["TCP"].status) == ("failed", "failed")


def test_nothing_to_score_gives_no_reward() -> None:
    case = Case([user("Hello")], [], TOOLS, [], ScriptedTeacher({}))
    scores = asyncio.run(score(case))
    assert [one.axis for one in scores if one.value is not None] == ["FA"]
    assert scores[0].status == "not_applicable"
    everything = Case([user("Hello"), says("Hi.")], [], TOOLS, [], ScriptedTeacher({}))
    assert reward(asyncio.run(score(everything))) is None
