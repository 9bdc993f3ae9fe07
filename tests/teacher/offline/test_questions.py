"""Recorded calls in words, and decompositions whose completeness can be read off the answer; of all else no rule knows."""

from typing import Any

import pytest
from scripted import NUMBER, TEXT, card, schema

from astra_data.teacher.offline.questions import completeness, word
from astra_data.teacher.offline.teacher import RULES
from astra_data.teacher.question_asks import QUESTION_ASKS, JudgeSteps, RecordedStep, StepCard, WordSteps
from astra_data.teacher.teacher import Abstained

TOOL = card("get_berth", "Gets the berth of a boat.", schema({"boat": TEXT, "row": NUMBER}))


def steps(*answers: Any, chained: bool = False) -> list[StepCard]:
    """Steps with these answers, each waiting for the one before it or for none."""
    before = [[str(index - 1)] if chained and index else [] for index in range(len(answers))]
    return [
        StepCard(id=str(index), question=f"Question {index}?", answer=answer, depends_on=before[index])
        for index, answer in enumerate(answers)
    ]


def test_a_call_is_worded_from_its_tool_and_its_arguments() -> None:
    step = RecordedStep(id="7", tool=TOOL, arguments={"boat": "Heron", "row": 2}, uses=[], result="B4")
    (said,) = word(WordSteps(request="Where is it?", language="en", steps=[step]), 0).steps
    assert (said.id, said.question) == ("7", 'Get the berth of a boat with boat "Heron", row 2.')


def test_a_call_without_arguments_is_its_tool() -> None:
    step = RecordedStep(id="1", tool=TOOL, arguments={}, uses=[], result="B4")
    assert word(WordSteps(request="", language="en", steps=[step]), 0).steps[0].question == "Get the berth of a boat."


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (41, steps("Ada", 41, chained=True)),
        (["Ada", 41], steps("Ada", 41)),
        ("Found: Ada, who is 41.", steps("Ada", 41)),
        ("It is 41.", steps("BT-417", 41, chained=True)),
        ("There: crew 23, left at dawn.", steps({"crew": 23}, "left at dawn")),
    ],
)
def test_an_answer_that_is_made_of_those_of_the_steps_is_complete(answer: Any, given: list[StepCard]) -> None:
    assert completeness(JudgeSteps(question="What?", answer=answer, steps=given), 0).complete


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (42, steps("Ada", 41, chained=True)),
        (["Ada"], steps("Ada", 41)),
        ("Ada.", steps("Ada", 41)),
        ("Ada is 41, and Ben is 77.", steps("Ada", 41)),
        (41, steps("Ada", 41)),
    ],
)
def test_of_any_other_answer_no_rule_knows(answer: Any, given: list[StepCard]) -> None:
    with pytest.raises(Abstained):
        completeness(JudgeSteps(question="What?", answer=answer, steps=given), 0)


def test_nothing_is_written_and_nothing_else_judged() -> None:
    assert {ask.name for ask in QUESTION_ASKS if ask.name in RULES} == {"word_steps", "judge_completeness"}
