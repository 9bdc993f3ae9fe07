"""What the judge is asked about a task, and what its answers, silence and absence do to the row [A 20.5]."""

from typing import Any

import pytest
from scripted import NUMBER, TEXT, ScriptedTeacher, card, schema, server
from scripted_tasks import INPUTS, chain, paper, released, teacher, unstated, writes

from astra_data.ledger import Unanswered
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.stages.tasks import STAGE
from astra_data.stages.tasks.ratings import MOST_OFFERED
from astra_data.stages.tasks.scrutiny import needed_of
from astra_data.teacher.teacher import Abstained

PAPER = ["question_quality", "scenario_realism", "tool_use_necessity"]
RELEASED = ["tool_selection_difficulty", "tool_selection_uniqueness", "question_quality", "scenario_realism"]


def one(expand: Any, by: ScriptedTeacher, **config: Any) -> Outcome:
    """The outcome of the task along the chain."""
    (outcome,) = expand(STAGE, INPUTS, teacher=by, per_server=0, **config)
    return outcome  # type: ignore[no-any-return]


def scores(outcome: Outcome) -> list[tuple[str, float | None, str]]:
    return [(score.axis, score.value, score.reason) for score in outcome.row.scores]


def test_a_task_that_passes_has_every_score_with_its_reason(expand: Any) -> None:
    outcome = one(expand, teacher())
    assert isinstance(outcome, Keep)
    assert scores(outcome) == [
        ("coverage", 1.0, "every value is stated"),
        ("question_quality", 4.0, "about question_quality"),
        ("scenario_realism", 3.0, "about scenario_realism"),
        ("tool_use_necessity", 4.0, "about tool_use_necessity"),
    ]
    assert outcome.row.models == {"writer": "scripted", "judge": "scripted"}


def test_the_released_rubric_has_its_own_four_axes(expand: Any) -> None:
    outcome = one(expand, teacher(), score={"rubric": "released"})
    assert isinstance(outcome, Keep)
    assert [(axis, value) for axis, value, _ in scores(outcome)[1:]] == list(zip(RELEASED, (2.0, 3.0, 4.0, 3.0), strict=True))


@pytest.mark.parametrize(
    ("rubric", "axis", "word", "least"),
    [
        ("paper", "question_quality", "average", 4),
        ("paper", "scenario_realism", "somewhat unrealistic", 3),
        ("paper", "tool_use_necessity", "partly necessary", 4),
        ("released", "tool_selection_difficulty", "very easy", 2),
        ("released", "tool_selection_uniqueness", "somewhat unique", 3),
        ("released", "question_quality", "average", 4),
        ("released", "scenario_realism", "somewhat unrealistic", 3),
    ],
)
def test_one_axis_just_below_its_threshold_is_enough_to_reject(
    expand: Any, rubric: str, axis: str, word: str, least: int
) -> None:
    """The thresholds of [A 20.5], all of which must be reached [A 5.3]; what `teacher()` says lies right on them."""
    by = teacher(judge_task=paper(**{axis: word})) if rubric == "paper" else teacher(judge_task_released=released(**{axis: word}))
    outcome = one(expand, by, score={"rubric": rubric})
    assert isinstance(outcome, Reject)
    assert outcome.reason == f"task: {axis} below {least} - about {axis}"
    assert {name: value for name, value, _ in scores(outcome)}[axis] == least - 1
    assert isinstance(one(expand, by, score={"rubric": rubric, axis: least - 1}), Keep)


def test_a_judge_that_abstains_leaves_null_and_the_recipe_says_whether_that_is_enough(expand: Any) -> None:
    by = teacher(judge_task=Abstained("no opinion"))
    outcome = one(expand, by)
    assert isinstance(outcome, Keep)
    assert scores(outcome)[1:] == [(axis, None, "no opinion") for axis in PAPER]
    outcome = one(expand, by, score={"accept_abstained": False})
    assert isinstance(outcome, Reject)
    assert outcome.reason == "task: no score - no opinion"
    assert scores(outcome)[1:] == [(axis, None, "no opinion") for axis in PAPER]


def test_no_rubric_asks_for_no_rating(expand: Any) -> None:
    by = teacher()
    outcome = one(expand, by, score={"rubric": "none"}, coverage=False)
    assert isinstance(outcome, Keep)
    assert (scores(outcome), outcome.row.models) == ([], {"writer": "scripted"})
    assert [name for name, _ in by.seen] == ["write_task"]


@pytest.mark.parametrize(
    ("ask", "name", "known"),
    [
        ("check_coverage", "coverage", []),
        ("judge_task", "ratings", ["coverage"]),
    ],
)
def test_a_judge_without_an_answer_quarantines_the_task_and_invents_nothing(
    expand: Any, ask: str, name: str, known: list[str]
) -> None:
    outcome = one(expand, teacher(**{ask: Unanswered("answer: not JSON")}))
    assert isinstance(outcome, Quarantine)
    assert outcome.reason == f"judge: {name}: answer: not JSON"
    assert [axis for axis, _, _ in scores(outcome)] == known


def test_a_value_that_is_not_stated_rejects_and_names_it(expand: Any) -> None:
    by = teacher(check_coverage=unstated)
    outcome = one(expand, by)
    assert isinstance(outcome, Reject)
    assert outcome.reason == "task: a value is not stated - open_ticket.text"
    assert scores(outcome) == [("coverage", 0.0, "not stated: open_ticket.text")]
    assert by.asked("judge_task") == [], "nothing is paid for a task that is lost"


def test_where_coverage_is_not_known_it_is_null_and_the_task_goes_on(expand: Any) -> None:
    outcome = one(expand, teacher(check_coverage=Abstained("cannot read it")))
    assert isinstance(outcome, Keep)
    assert scores(outcome)[0] == ("coverage", None, "cannot read it")


def test_the_judge_is_asked_for_what_only_the_user_can_state(expand: Any) -> None:
    """For each required user-supplied parameter the text states a value [A 20.5]; `ticket_id` comes from the first tool."""
    by = teacher()
    one(expand, by)
    (ask,) = by.asked("check_coverage")
    assert [(item.tool, item.parameter) for item in ask.needed] == [("open_ticket", "text")]
    assert [tool.name for tool in ask.tools] == ["open_ticket", "show_ticket"]


def test_what_the_schema_decides_or_an_earlier_tool_supplies_needs_no_user() -> None:
    find = card(
        "find_part",
        "Finds.",
        schema({"word": TEXT, "kind": {"const": "x"}, "limit": NUMBER | {"default": 3}}, page=NUMBER),
        returns=schema({"part_id": TEXT}),
    )
    buy = card("buy_part", "Buys.", schema({"part_id": TEXT, "count": NUMBER}))
    shop = server(find, buy)
    assert [(item.tool, item.parameter) for item in needed_of(shop, ["find_part", "buy_part"])] == [
        ("find_part", "word"),
        ("buy_part", "count"),
    ]
    assert [item.parameter for item in needed_of(shop, ["buy_part", "ghost"])] == ["part_id", "count"]


def test_nothing_is_asked_on_coverage_where_no_value_is_needed(expand: Any) -> None:
    plain = server(card("ring_bell", "Rings the bell."), card("stop_bell", "Stops the bell."))
    inputs = {"tools": [plain], "chains": [chain("ring_bell", "stop_bell", server_id=plain.id)]}
    by = teacher(write_task=writes("Make it ring, and then make it silent."))
    (outcome,) = expand(STAGE, inputs, teacher=by, per_server=0)
    assert isinstance(outcome, Keep)
    assert by.asked("check_coverage") == []


def test_a_judge_sees_the_target_tools_among_at_most_64(expand: Any) -> None:
    many = server(*[card(f"part_{number}_get", f"Gets part {number}.") for number in range(642)])
    names = [tool.name for tool in many.tools]
    by = teacher(write_task=writes("Bring me everything that there is."))
    row = chain(names[600], names[7], server_id=many.id)
    for _ in range(2):
        (outcome,) = expand(STAGE, {"tools": [many], "chains": [row]}, teacher=by, per_server=0)
        assert isinstance(outcome, Keep)
    first, again = by.asked("judge_task")
    assert first == again
    shown = [tool.name for tool in first.tools]
    assert len(shown) == len(set(shown)) == MOST_OFFERED
    assert shown == [name for name in names if name in shown]
    assert first.target_tools == row.tools
    assert set(row.tools) <= set(shown)


def test_checks_come_before_any_judge(expand: Any) -> None:
    by = teacher(write_task=writes("Please open ticket and show ticket for the rain."))
    assert one(expand, by).reason == "task: text names a tool - open_ticket"  # type: ignore[union-attr]
    assert [name for name, _ in by.seen] == ["write_task"]
