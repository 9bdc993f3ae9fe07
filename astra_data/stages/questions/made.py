"""A question under way: what was made of an item, and what is known of it without any judge.

    made = Made(question, uses={"1": (), "2": ("1",)}, passages=["..."])
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from astra_data.pipeline.stage import Resources
from astra_data.rows import Question, fields, new_row
from astra_data.rows.questions import QuestionCheck
from astra_data.stages.questions.config import QuestionsConfig, Range
from astra_data.teacher.teacher import Teacher

CHECKS = "checks"
"""Who judges where no model does."""


@dataclass(frozen=True, slots=True)
class Work:
    """What all questions of a run share. There are no teachers where no source asks."""

    config: QuestionsConfig
    resources: Resources
    writer: Teacher | None = None
    judge: Teacher | None = None
    passages: Mapping[str, Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """`uses` names for each node the others whose answers it provably takes, by its program, its recorded arguments or the
    references in its words. `idle` are nodes of which it is plain that nothing comes. `passages` are those that the answers must
    come from, `hops` the levels that were asked for."""

    question: Question
    uses: Mapping[str, Sequence[str]]
    passages: Sequence[str] = ()
    hops: Range | None = None
    idle: Sequence[str] = ()

    def changed(self, **values: Any) -> "Made":
        """With other values in the question, whose id follows them."""
        return replace(self, question=changed(self.question, **values))

    def checked(self, *checks: QuestionCheck) -> "Made":
        return self.changed(checks=[*self.question.checks, *checks])


def changed(question: Question, **values: Any) -> Question:
    """The question with other values, and the id that they have."""
    if values.keys().isdisjoint(Question.IDENTITY):
        return replace(question, **values)
    held = {name: getattr(question, name) for name in fields(Question) if name != "id"}
    row: Question = new_row(Question, **held | values)
    return row
