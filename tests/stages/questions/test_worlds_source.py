"""Questions about worlds need nobody: their scores are shown, and a row that was tampered with is found out."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from scripted import ScriptedTeacher

from astra_data.pipeline.stage import Keep, Outcome, Resources
from astra_data.rows import Question
from astra_data.stages.questions import STAGE
from astra_data.stages.questions.config import QuestionsConfig
from astra_data.stages.questions.made import Made, Work, changed
from astra_data.stages.questions.proofs import proofs
from astra_data.stages.questions.verification import verify
from astra_data.stages.questions.worlds import uses_of
from astra_data.worlds import DOMAINS, SCENARIOS, Wanted, compose

Expand = Callable[..., list[Outcome]]
NOBODY: Any = None


def made(scenario: str = "parallel_multi_hop", hops: int = 3, **wanted: Any) -> Made:
    question = compose(Wanted("shop", "en", scenario, hops, **wanted), "7/tests")
    return Made(question, uses_of(question))


def verified(one: Made) -> Outcome:
    resources = Resources(7, NOBODY, NOBODY, {}, (), {}, NOBODY)
    return asyncio.run(verify(one, Work(QuestionsConfig(), resources)))


def test_every_domain_and_scenario_is_there_and_all_are_sound(expand: Expand) -> None:
    by = ScriptedTeacher({})
    outcomes = expand(STAGE, {}, teacher=by, worlds={"count": 56, "languages": ["de", "en"], "hops": [2, 5], "stateful": 0.5})
    assert by.seen == []
    assert all(isinstance(one, Keep) for one in outcomes)
    rows: list[Question] = [one.row for one in outcomes]
    assert Counter((row.domain, row.scenario) for row in rows) == dict.fromkeys(
        [(domain, scenario) for domain in DOMAINS for scenario in SCENARIOS], 2
    )
    assert {row.language for row in rows} == {"de", "en"}
    assert {row.quality for row in rows} == {1.0}
    assert {row.hops for row in rows if "multi" in row.scenario} <= {2, 3, 4, 5}
    assert any(node.effect for row in rows for node in row.nodes)
    assert all(check.judge == "checks" for row in rows for check in row.checks)


def test_the_seed_decides(expand: Expand) -> None:
    config = {"worlds": {"count": 6}}
    first, again, other = (expand(STAGE, {}, seed=seed, **config) for seed in (7, 7, 8))
    assert first == again
    assert {one.row.id for one in first} & {one.row.id for one in other} == set()


def test_more_questions_leave_those_before_as_they_are(expand: Expand) -> None:
    few, many = (expand(STAGE, {}, worlds={"count": count}) for count in (3, 6))
    assert many[:3] == few


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_programs_show_all_four_scores(scenario: str) -> None:
    one = made(scenario, 3 if "multi" in scenario else 1)
    assert [(check.check, check.value) for check in proofs(one)] == [("DC", 1.0), ("SA", 1.0), ("SR", 1.0), ("TC", 1.0)]


def test_writes_are_run_in_their_order() -> None:
    one = made("multi_hop", 4, writes=True)
    assert {check.check: check.value for check in proofs(one)}["TC"] == 1.0


def tampered(one: Made, index: int, **values: Any) -> Made:
    nodes = list(one.question.nodes)
    nodes[index] = replace(nodes[index], **values)
    return replace(one, question=changed(one.question, nodes=nodes))


def scores(outcome: Outcome) -> dict[str, float | None]:
    return {check.check: check.value for check in outcome.row.checks}


def test_an_answer_that_its_program_does_not_give_is_found() -> None:
    outcome = verified(tampered(made(), 0, answer="SUP-000"))
    assert not isinstance(outcome, Keep)
    assert scores(outcome)["TC"] == 0.0
    assert next(check for check in outcome.row.checks if check.check == "TC").nodes == ["1"]


def test_another_final_answer_is_found() -> None:
    one = made()
    outcome = verified(replace(one, question=changed(one.question, answer=12345)))
    assert not isinstance(outcome, Keep) and scores(outcome)["TC"] == 0.0


def test_a_program_that_cannot_be_run_is_a_fault_and_no_crash() -> None:
    one = made()
    broken = {"op": "lookup", "table": "nowhere", "column": "x", "arguments": {"key": {"value": 1}}}
    outcome = verified(replace(tampered(one, 0, program=broken)))
    assert not isinstance(outcome, Keep) and scores(outcome)["TC"] == 0.0


def test_a_false_dependency_is_taken_out() -> None:
    one = made()
    nodes = one.question.nodes
    needed, last = nodes[-1].depends_on, len(nodes) - 1
    unneeded = next(node.id for node in nodes if node.id not in needed and node.level == 1)
    outcome = verified(tampered(one, last, depends_on=[*needed, unneeded]))
    assert isinstance(outcome, Keep) and outcome.row.nodes == nodes
    assert scores(outcome)["topology"] == last / len(nodes)


def test_a_node_that_leads_nowhere_lowers_sequential_rationality() -> None:
    one = made()
    outcome = verified(replace(one, idle=["1"]))
    assert scores(outcome)["SR"] == 1 - 1 / len(one.question.nodes)


def test_a_form_that_no_world_has_is_rejected_and_the_rest_goes_on(expand: Expand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("astra_data.worlds.compose"), "ATTEMPTS", 0)
    outcomes = expand(STAGE, {}, worlds={"count": 2})
    assert [one.reason.partition(" - ")[0] for one in outcomes if not isinstance(one, Keep)] == ["question: no world has one"] * 2
