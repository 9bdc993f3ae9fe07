"""What becomes of a decomposition: the scores of the paper, every null and every failure where it belongs."""

from collections.abc import Callable
from typing import Any

import pytest
from scripted import ScriptedTeacher
from scripted_decompositions import PIER, complete, faults, needless, quoting, step, teacher, written

from astra_data.ledger import Unanswered
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.stages.questions import STAGE
from astra_data.teacher.teacher import Abstained

Expand = Callable[..., list[Outcome]]
DOMAIN: dict[str, Any] = {"names": ["piers"], "per_domain": 1, "hops": [1, 9]}
JUDGES = ["judge_tool_need", "judge_dependencies", "judge_atomicity", "judge_order", "judge_completeness"]
FORK = (
    step("1", "Who runs the north pier?", "Ada Quist"),
    step("2", "Who runs the south pier?", "Ben Ruiz"),
    step("5", "How old is {1}?", 41, ["1"]),
    step("9", "How many years after {2} was {1} born?", 12, ["1", "2"]),
)


def outcome(expand: Expand, by: ScriptedTeacher, **config: Any) -> Outcome:
    (one,) = expand(STAGE, {}, teacher=by, domains=DOMAIN, **config)
    return one


def checks(one: Outcome) -> dict[str, float | None]:
    return {check.check: check.value for check in one.row.checks}


def test_a_sound_question_is_kept_with_its_checks(expand: Expand) -> None:
    one = outcome(expand, teacher(*FORK))
    assert isinstance(one, Keep)
    row = one.row
    assert checks(one) == {"graph": 1, "topology": 1, "tool_necessity": 1, "DC": 1, "SA": 1, "SR": 1, "TC": 1}
    assert (row.quality, row.hops, row.scenario, row.source) == (1.0, 2, "parallel_multi_hop", "domains")
    assert [(node.id, node.level, node.depends_on) for node in row.nodes] == [
        ("1", 1, []), ("2", 1, []), ("5", 2, ["1"]), ("9", 2, ["1", "2"])
    ]
    assert row.nodes[3].question == "How many years after Ben Ruiz was Ada Quist born?"
    assert row.models == {"writer": "scripted", "judge": "scripted"}


@pytest.mark.parametrize(
    ("script", "scores"),
    [
        ({"judge_dependencies": faults("5")}, {"DC": 0.75}),
        ({"judge_dependencies": faults("1", "2")}, {"DC": 0.5}),
        ({"judge_atomicity": faults("9")}, {"SA": 0.75}),
        ({"judge_order": faults("5", "9")}, {"SR": 0.5}),
        ({"judge_completeness": complete(False)}, {"TC": 0.0}),
        ({"judge_dependencies": faults("9"), "judge_order": faults("9"), "judge_completeness": complete(False)},
         {"DC": 0.75, "SR": 0.75, "TC": 0.0}),
    ],
)
def test_the_scores_are_means_over_all_nodes_and_quality_is_their_mean(expand: Expand, script: Any, scores: Any) -> None:
    """DC counts the nodes without dependencies as well [A 10; A 17.2, E12]."""
    one = outcome(expand, teacher(*FORK, **script), verify={"threshold": 0})
    expected = {"DC": 1.0, "SA": 1.0, "SR": 1.0, "TC": 1.0} | scores
    assert {name: value for name, value in checks(one).items() if name in expected} == expected
    assert one.row.quality == sum(expected.values()) / 4


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_that_abstains_gives_null_and_the_question_goes_unless_that_is_allowed(expand: Expand, name: str) -> None:
    by = teacher(*FORK, **{name: Abstained("nobody knows")})
    refused, kept = outcome(expand, by), outcome(expand, by, verify={"accept_abstained": True})
    assert isinstance(refused, Reject) and isinstance(kept, Keep)
    open_one = next(check for check in kept.row.checks if check.value is None)
    assert refused.reason == f"question: not verified - {open_one.check}: nobody knows"
    assert kept.row.quality == (1.0 if name == "judge_tool_need" else None)


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_without_an_answer_quarantines_and_gives_no_number(expand: Expand, name: str) -> None:
    one = outcome(expand, teacher(*FORK, **{name: Unanswered("answer: not JSON")}))
    assert isinstance(one, Quarantine)
    assert one.reason.startswith("judge: ") and one.reason.endswith("answer: not JSON")
    assert one.row.quality is None


def test_a_judge_that_always_says_no_gives_zero(expand: Expand) -> None:
    every = faults("1", "2", "5", "9")
    script = {"judge_dependencies": every, "judge_atomicity": every, "judge_order": every, "judge_completeness": complete(False)}
    one = outcome(expand, teacher(*FORK, **script))
    assert isinstance(one, Reject) and one.row.quality == 0.0
    assert one.reason.startswith("question: quality below 0.85 - ")


@pytest.mark.parametrize(("threshold", "kind"), [(0.9375, Keep), (0.94, Reject)])
def test_quality_at_the_threshold_stays(expand: Expand, threshold: float, kind: type) -> None:
    one = outcome(expand, teacher(*FORK, judge_order=faults("9")), verify={"threshold": threshold})
    assert isinstance(one, kind)
    assert isinstance(one, Keep) or one.reason == "question: quality below 0.94 - SR: 9: so"


def test_an_incomplete_question_goes_by_default(expand: Expand) -> None:
    assert isinstance(outcome(expand, teacher(*FORK, judge_completeness=complete(False))), Reject)


def test_steps_without_a_tool_may_only_be_last(expand: Expand) -> None:
    last = outcome(expand, teacher(*FORK, judge_tool_need=needless("9")))
    assert isinstance(last, Keep)
    assert [node.needs_tool for node in last.row.nodes] == [True, True, True, False]
    first = outcome(expand, teacher(*FORK, judge_tool_need=needless("1", "9")))
    assert isinstance(first, Reject) and checks(first)["tool_necessity"] == 0.0
    assert first.reason == "question: a node that others depend on needs no tool - 1"


def test_a_question_for_which_no_tool_is_needed_goes(expand: Expand) -> None:
    one = outcome(expand, teacher(step("1", "Which of 3 and 4 is more?", 4), judge_tool_need=needless("1")))
    assert isinstance(one, Reject) and one.reason == "question: no node needs a tool"


def test_a_judge_is_asked_nothing_of_what_is_no_graph(expand: Expand) -> None:
    by = teacher(step("1", "How old is {2}?", 41, ["2"]), step("2", "Who is {1}?", "Ada Quist", ["1"]))
    one = outcome(expand, by)
    assert isinstance(one, Reject) and one.reason == "question: no valid graph - a circle: 1, 2"
    assert checks(one) == {"graph": 0.0}
    assert [name for name, _ in by.seen] == ["write_question"]


def test_an_unused_dependency_is_taken_out_before_anybody_judges(expand: Expand) -> None:
    by = teacher(PIER[0], step("2", "How long is the south pier, in metres?", 310, ["1"]))
    one = outcome(expand, by)
    assert [(node.id, node.level, node.depends_on) for node in one.row.nodes] == [("1", 1, []), ("2", 1, [])]
    assert checks(one)["topology"] == 0.5
    assert [card.depends_on for card in by.asked("judge_dependencies")[0].steps] == [[], []]


def test_a_dependency_whose_answer_the_words_state_is_used(expand: Expand) -> None:
    one = outcome(expand, teacher(PIER[0], step("2", "How old is Ada Quist?", 41, ["1"])))
    assert one.row.nodes[1].depends_on == ["1"] and checks(one)["topology"] == 1.0


def test_hops_that_were_not_asked_for_are_refused(expand: Expand) -> None:
    by = teacher(PIER[0], step("2", "How long is the south pier?", 310, ["1"]))
    (one,) = expand(STAGE, {}, teacher=by, domains=DOMAIN | {"hops": 2})
    assert isinstance(one, Reject) and one.reason == "question: other hops than asked for - 1"


PASSAGES = ["Ada Quist has run the north pier since 2011.", "Quist, born in 1985, took 1,204 guests out in 2024."]
GUESTS = (PIER[0], step("2", "How many guests did {1} take out in 2024?", 1204, ["1"]))


@pytest.fixture
def known(tmp_path: Any) -> dict[str, Any]:
    """A domain with the passages above."""
    (tmp_path / "piers.jsonl").write_text("\n".join(f'{{"text": "{text}"}}' for text in PASSAGES))
    return DOMAIN | {"names": [{"name": "piers", "knowledge": str(tmp_path / "piers.jsonl")}]}


def test_answers_that_stand_in_the_passages_need_no_judge(expand: Expand, known: Any) -> None:
    by = teacher(*GUESTS)
    (one,) = expand(STAGE, {}, teacher=by, domains=known)
    assert isinstance(one, Keep) and checks(one)["support"] == 1.0
    assert by.asked("check_support") == [] and one.row.knowledge == {"passages": PASSAGES}
    assert by.asked("write_question")[0].passages == PASSAGES


@pytest.mark.parametrize("answer", [120, 204, 2])
def test_a_part_of_a_number_in_the_passages_is_no_answer_from_them(expand: Expand, known: Any, answer: int) -> None:
    (one,) = expand(STAGE, {}, teacher=teacher(PIER[0], step("2", "How many did {1} take?", answer, ["1"])), domains=known)
    assert isinstance(one, Reject) and one.reason == "question: an answer is not in the passages - 2"
    assert checks(one)["support"] == 0.5


@pytest.mark.parametrize(("quote", "kind"), [("Quist, born in 1985", Keep), (None, Reject)])
def test_what_does_not_stand_there_must_be_quoted_from_there(expand: Expand, known: Any, quote: str | None, kind: type) -> None:
    by = teacher(PIER[0], step("2", "How old was {1} in 2024?", 39, ["1"]), check_support=quoting(quote))
    (one,) = expand(STAGE, {}, teacher=by, domains=known)
    assert isinstance(one, kind)
    assert [card.id for card in by.asked("check_support")[0].steps] == ["2"]


def test_a_judge_that_abstains_supports_nothing_even_where_abstentions_are_allowed(expand: Expand, known: Any) -> None:
    by = teacher(PIER[0], step("2", "How old was {1} in 2024?", 39, ["1"]), check_support=Abstained("no"))
    (one,) = expand(STAGE, {}, teacher=by, domains=known, verify={"accept_abstained": True})
    assert isinstance(one, Reject) and one.reason == "question: an answer is not in the passages - 2"


def test_a_main_answer_that_is_no_steps_must_be_in_the_passages_too(expand: Expand, known: Any) -> None:
    by = teacher(write_question=written(*GUESTS, answer="nobody at all"))
    (one,) = expand(STAGE, {}, teacher=by, domains=known)
    assert isinstance(one, Reject) and one.reason == "question: an answer is not in the passages - final_answer"


def test_a_question_in_another_language_than_asked_for_goes(expand: Expand) -> None:
    by = teacher(write_question=written(*PIER, question="Wie alt ist der Mensch, der den nördlichen Steg betreibt?"))
    (one,) = expand(STAGE, {}, teacher=by, domains=DOMAIN)
    assert isinstance(one, Reject) and one.reason == "question: language differs - de, not en"
