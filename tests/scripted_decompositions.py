"""Decompositions, and a teacher that writes and judges them as the test says.

made(step("1", "Who runs the north pier?", "Ada Quist"), step("2", "How old is {1}?", 41, depends_on=["1"]))
teacher(judge_order=faults("2"))
"""

from collections.abc import Callable
from typing import Any

from scripted import ScriptedTeacher

from astra_data.teacher.question_asks import (
    CheckSupport,
    Completeness,
    JudgeSteps,
    StepVerdict,
    StepVerdicts,
    Support,
    Supports,
    ToolNeed,
    ToolNeeds,
    WordedStep,
    WordedSteps,
    WordSteps,
    WrittenQuestion,
    WrittenStep,
)
from astra_data.teacher.typed_answers import kind_of

QUESTION = "How old is whoever runs the north pier?"


def step(name: str, question: str, answer: Any, depends_on: list[str] | None = None, kind: str | None = None) -> WrittenStep:
    values = {"id": name, "question": question, "answer": answer, "depends_on": depends_on or [], "answer_type": kind}
    return WrittenStep.model_validate(values | {"answer_type": kind or kind_of(answer)})


def written(*steps: WrittenStep, question: str = QUESTION, answer: Any = None) -> WrittenQuestion:
    """A question whose answer is that of the last step, unless told otherwise."""
    given = steps[-1].answer if answer is None else answer
    return WrittenQuestion(question=question, steps=list(steps), answer=given, answer_type=kind_of(given))


PIER = (step("1", "Who runs the north pier?", "Ada Quist"), step("2", "How old is {1}?", 41, ["1"]))
"""A chain of two."""


def faults(*ids: str) -> Callable[[JudgeSteps], StepVerdicts]:
    """Verdicts that are good but for these steps."""

    def judge(inputs: JudgeSteps) -> StepVerdicts:
        return StepVerdicts(steps=[StepVerdict(id=one.id, reason="so", ok=one.id not in ids) for one in inputs.steps])

    return judge


def needless(*ids: str) -> Callable[[JudgeSteps], ToolNeeds]:
    """These steps need no tool, all others one."""

    def judge(inputs: JudgeSteps) -> ToolNeeds:
        return ToolNeeds(steps=[ToolNeed(id=one.id, reason="so", needs_tool=one.id not in ids) for one in inputs.steps])

    return judge


def quoting(quote: str | None) -> Callable[[CheckSupport], Supports]:
    return lambda inputs: Supports(steps=[Support(id=one.id, quote=quote) for one in inputs.steps])


def complete(value: bool = True) -> Completeness:
    return Completeness(reason="so", missing=[] if value else ["the year"], complete=value)


def worded(inputs: WordSteps) -> WordedSteps:
    return WordedSteps(steps=[WordedStep(id=one.id, question=f"Call {one.id}, please.") for one in inputs.steps])


def teacher(*steps: WrittenStep, **script: Any) -> ScriptedTeacher:
    """A teacher whose every answer is good, except where the script says otherwise; it writes these steps."""
    usual = {
        "write_question": written(*(steps or PIER)),
        "decompose_question": written(*(steps or PIER)),
        "word_steps": worded,
        "check_support": quoting(None),
        "judge_tool_need": needless(),
        "judge_dependencies": faults(),
        "judge_atomicity": faults(),
        "judge_order": faults(),
        "judge_completeness": complete(),
    }
    return ScriptedTeacher(usual | script)
