"""Variants of tasks: what they inherit, what is recorded of them, and that none of them costs the original [A 5]."""

from typing import Any

import pytest
from pydantic import ValidationError
from scripted import ScriptedTeacher
from scripted_tasks import CHAIN, INPUTS, SERVER, teacher, writes

from astra_data.ledger import Unanswered
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, ServerOptions
from astra_data.stages.tasks import STAGE, TasksConfig
from astra_data.stages.tasks.personas import read_personas
from astra_data.teacher.task_asks import AugmentTask, Intent, TaskText
from astra_data.teacher.teacher import Abstained

ALL = {"diverse": 1, "complicate": 1, "persona": 2}
GERMAN = "Melde bitte, dass es hereinregnet, und sag mir danach, wie es um die Meldung steht."


def outcomes(expand: Any, by: ScriptedTeacher, augment: dict[str, Any] | None = None, **config: Any) -> list[Outcome]:
    """Those of the task along the chain: the original first."""
    given = {"augment": ALL if augment is None else augment, "per_server": 0} | config
    return expand(STAGE, INPUTS, teacher=by, **given)  # type: ignore[no-any-return]


def test_the_original_comes_once_and_then_each_variant_with_its_provenance(expand: Any) -> None:
    """Once, not once per response; mode and persona are recorded [A 17.1, T15]."""
    by = teacher()
    found = outcomes(expand, by)
    assert all(isinstance(outcome, Keep) for outcome in found)
    original, *variants = [outcome.row for outcome in found]
    assert (original.parent_id, original.augmentation) == (None, None)
    assert [task.augmentation.mode for task in variants] == ["diverse", "complicate", "persona", "persona"]
    assert len({task.text for task in [original, *variants]}) == 5
    for task in variants:
        assert (task.parent_id, task.chain_id, task.kind) == (original.id, CHAIN.id, "chain")
        assert (task.target_tools, task.server_id) == (original.target_tools, SERVER.id)
        assert task.text.startswith(original.text)
        assert [score.axis for score in task.scores][:2] == ["coverage", "intent"]
        assert len(task.scores) == 5
    assert [task.augmentation.persona_id for task in variants[:2]] == [None, None]
    drawn = [task.augmentation.persona_id for task in variants[2:]]
    assert len(set(drawn)) == 2
    assert None not in drawn


def test_the_teacher_is_told_the_task_its_tools_in_order_and_the_facts(expand: Any) -> None:
    by = teacher()
    options = {"shop": ServerOptions(facts={"text": ["rain"]}, optional={"show_ticket": ["x"], "count_clerks": ["y"]})}
    original, *_ = expand(STAGE, INPUTS, teacher=by, per_server=0, augment={"diverse": 2}, options=options)
    first, second = by.asked("augment_task")
    assert (first.text, [tool.name for tool in first.tools]) == (original.row.text, CHAIN.tools)
    assert (first.facts, first.optional, first.persona) == ({"text": ["rain"]}, {"show_ticket": ["x"]}, None)
    assert (first.seed, second.seed) == ("7/0", "7/1")


def test_nothing_is_varied_by_default(expand: Any) -> None:
    by = teacher()
    assert len(outcomes(expand, by, augment={})) == 1
    assert by.asked("augment_task") == []


@pytest.mark.parametrize(
    ("failing", "kind", "reason"),
    [
        (Abstained("no idea"), Reject, "task: the teacher abstained - no idea"),
        (Unanswered("answer: cut off"), Quarantine, "answer: cut off"),
        (TaskText(text="No."), Reject, "task: text too short or too long - 3 characters"),
        (TaskText(text="Open ticket for the rain, please."), Reject, "task: text names a tool - open_ticket"),
        (TaskText(text=GERMAN), Reject, "task: language differs - de, not en"),
        (TaskText(text="4 8 15 16 23 42; 4 8 15 16"), Reject, "task: language differs - unknown, not en"),
    ],
)
def test_a_variant_that_fails_costs_neither_the_original_nor_the_others(
    expand: Any, failing: Any, kind: type, reason: str
) -> None:
    """The original is not lost with its variants [A 17.1, T15]; the language is checked, not only asked for [T16]."""

    def sometimes(inputs: AugmentTask) -> Any:
        return failing if inputs.mode == "complicate" else TaskText(text=f"{inputs.text} And be quick about it, please.")

    original, diverse, complicate = outcomes(expand, teacher(augment_task=sometimes), augment={"diverse": 1, "complicate": 1})
    assert isinstance(original, Keep)
    assert isinstance(diverse, Keep)
    assert isinstance(complicate, kind)
    assert complicate.reason == reason  # type: ignore[union-attr]


def test_where_the_language_of_the_parent_is_not_known_there_is_nothing_to_compare(expand: Any) -> None:
    by = teacher(
        write_task=writes("SELECT 1; 4 8 15 16 23 42"), augment_task=TaskText(text=GERMAN), check_coverage=Abstained("no")
    )
    original, variant = outcomes(expand, by, augment={"diverse": 1})
    assert isinstance(variant, Keep)
    assert (original.row.language, variant.row.language) == (None, "de")


def test_a_variant_that_wants_something_else_is_rejected(expand: Any) -> None:
    """A judge compares the intent [A 17.1, T16]."""
    by = teacher(check_intent=Intent(reason="it wants a refund", same=False))
    original, variant = outcomes(expand, by, augment={"complicate": 1})
    assert isinstance(original, Keep)
    assert isinstance(variant, Reject)
    assert variant.reason == "task: intent differs - it wants a refund"
    assert [(score.axis, score.value) for score in variant.row.scores] == [("coverage", 1.0), ("intent", 0.0)]
    (ask,) = by.asked("check_intent")
    assert (ask.mode, ask.original, ask.variant) == ("complicate", original.row.text, variant.row.text)


@pytest.mark.parametrize(
    ("given", "kind", "value"), [(Abstained("unsure"), Keep, None), (Unanswered("answer: not JSON"), Quarantine, "none")]
)
def test_an_intent_that_nobody_judged_is_null_or_waits(expand: Any, given: Exception, kind: type, value: Any) -> None:
    _, variant = outcomes(expand, teacher(check_intent=given), augment={"diverse": 1})
    assert isinstance(variant, kind)
    assert {score.axis: score.value for score in variant.row.scores}.get("intent", "none") == value


@pytest.mark.parametrize("lost", ["rejected", "quarantined"])
def test_a_task_that_is_not_kept_is_not_varied(expand: Any, lost: str) -> None:
    by = teacher(judge_task=Unanswered("down")) if lost == "quarantined" else teacher(write_task=writes("Rain."))
    (outcome,) = outcomes(expand, by)
    assert isinstance(outcome, Reject if lost == "rejected" else Quarantine)
    assert by.asked("augment_task") == []


def test_personas_are_drawn_by_seed_and_shown_in_short(expand: Any) -> None:
    """200 characters of the description, 5 skills and 5 hobbies [A 5.2], of a persona that is on record."""
    by = teacher()
    twice = [outcomes(expand, by, augment={"persona": 3}) for _ in range(2)]
    assert twice[0] == twice[1]
    other = expand(STAGE, INPUTS, teacher=by, per_server=0, augment={"persona": 3}, seed=8)
    ids = [[outcome.row.augmentation.persona_id for outcome in found[1:]] for found in (twice[0], other)]
    assert ids[0] != ids[1]
    people = {person.id: person for person in read_personas(None, None)}  # type: ignore[arg-type]
    asked = [ask.persona for ask in by.asked("augment_task")[:3]]
    assert asked == [people[name].card() for name in ids[0]]


def test_more_variants_than_personas_begin_again(expand: Any) -> None:
    found = outcomes(expand, teacher(), augment={"persona": 41})
    drawn = [outcome.row.augmentation.persona_id for outcome in found[1:]]
    assert len(set(drawn[:40])) == 40
    assert drawn[40] == drawn[0]


def test_modes_are_named_one_by_one() -> None:
    """There is no mode that stands for all of them and needs what is not there [A 17.1, T17]."""
    with pytest.raises(ValidationError, match="all"):
        TasksConfig.model_validate({"augment": {"all": 1}})
