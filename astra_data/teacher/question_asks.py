"""The questions about questions: write one with its decomposition, decompose one, word recorded steps, judge a decomposition.

    written = await writer.answer(WRITE_QUESTION, WriteQuestion(domain="weather", language="en", ...))
    written.steps[1].question           # "When does the ferry from {1} leave?"

A step refers to the answer of another one as `{id}`, so that what it takes from which step can be read and is not guessed. Steps
are known by their ids alone, never by their positions.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StrictBool

from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import Model, ToolCard
from astra_data.teacher.typed_answers import Kind, NotOfKindError, normal

REFERENCE = re.compile(r"\{([\w.-]+)\}")
MOST_STEPS = 40


def _text_of_number(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_text_of_number), Field(pattern=r"^[\w.-]+$")]
"""A step's name; a whole number will do."""


class WriteQuestion(Model):
    """Ask for a question of `least_hops` to `most_hops` levels with its decomposition [A 8.2]. Where there are passages, all
    answers come from them; else plausible ones are made up. `seed` tells apart the questions of one domain."""

    domain: str
    language: str
    passages: list[str]
    least_hops: int
    most_hops: int
    seed: str


class DecomposeQuestion(Model):
    """Ask for the decomposition of a question [A 8.2]. `answer` is null where it is not known."""

    question: str
    domain: str
    language: str
    passages: list[str]
    answer: Any = None


class WrittenStep(Model):
    """A sub-question that one call of a tool answers; `{id}` in it stands for the answer of that step."""

    id: Id
    question: str = Field(min_length=1)
    depends_on: list[Id]
    answer: Any
    answer_type: Kind


class WrittenSteps(Model):
    """The answer of the main question, and the steps to it."""

    steps: list[WrittenStep] = Field(min_length=1, max_length=MOST_STEPS)
    answer: Any
    answer_type: Kind


class WrittenQuestion(WrittenSteps):
    """A main question, its answer and the steps to it."""

    question: str = Field(min_length=1)


class RecordedStep(Model):
    """A call that was made, what came of it (cut to a length), and the earlier steps whose results its arguments hold."""

    id: Id
    tool: ToolCard
    arguments: dict[str, Any]
    uses: list[Id]
    result: str


class WordSteps(Model):
    """Ask what each recorded call was to find out, in the words of somebody who asks for just that."""

    request: str
    language: str
    steps: list[RecordedStep]


class WordedStep(Model):
    id: Id
    question: str = Field(min_length=1)


class WordedSteps(Model):
    steps: list[WordedStep]


class StepCard(Model):
    """What a judge sees of a step."""

    id: Id
    question: str
    answer: Any
    depends_on: list[Id]


class JudgeSteps(Model):
    """A decomposition under judgement."""

    question: str
    answer: Any
    steps: list[StepCard]


class StepVerdict(Model):
    id: Id
    reason: str
    ok: StrictBool


class StepVerdicts(Model):
    """One verdict for each step."""

    steps: list[StepVerdict]


class ToolNeed(Model):
    id: Id
    reason: str
    needs_tool: StrictBool


class ToolNeeds(Model):
    """One verdict for each step [A 9]."""

    steps: list[ToolNeed]


class Completeness(Model):
    """Whether the steps cover all that the main question asks; what they miss."""

    reason: str
    missing: list[str]
    complete: StrictBool


class CheckSupport(Model):
    """Ask for the words of the passages that an answer stands in or follows from."""

    passages: list[str]
    steps: list[StepCard]


class Support(Model):
    id: Id
    quote: str | None


class Supports(Model):
    steps: list[Support]


def written_misfit(inputs: Any, answer: WrittenSteps) -> str | None:
    """Ids once each, no unknown id in dependencies or references, and answers of their types."""
    ids = [step.id for step in answer.steps]
    if again := next((name for name in ids if ids.count(name) > 1), None):
        return f"two steps have the id {again}: give each its own"
    for step in answer.steps:
        named = [*step.depends_on, *REFERENCE.findall(step.question)]
        if strange := next((name for name in named if name not in ids or name == step.id), None):
            return f"step {step.id} refers to {strange}, which is no other step"
        if wrong := _wrong_answer(step.answer_type, step.answer):
            return f"the answer of step {step.id} is no {step.answer_type}: {wrong}"
    wrong = _wrong_answer(answer.answer_type, answer.answer)
    return f"the answer of the main question is no {answer.answer_type}: {wrong}" if wrong else None


def _wrong_answer(kind: str, value: Any) -> str | None:
    try:
        normal(kind, value)
    except NotOfKindError as error:
        return str(error)
    return None


def each_once(wanted: Iterable[str], given: Sequence[str]) -> str | None:
    """What is wrong unless every id that was asked about is answered for once."""
    wanted = list(wanted)
    return None if sorted(wanted) == sorted(given) else f"steps must have one entry for each of: {', '.join(wanted)}"


def steps_misfit(inputs: Any, answer: Any) -> str | None:
    return each_once([step.id for step in inputs.steps], [step.id for step in answer.steps])


def completeness_misfit(inputs: JudgeSteps, answer: Completeness) -> str | None:
    return "complete is true, and something is missing" if answer.complete and answer.missing else None


def support_misfit(inputs: CheckSupport, answer: Supports) -> str | None:
    """A quote stands in a passage; case and spacing are no matter."""
    text = "\n".join(map(_folded, inputs.passages))
    made_up = next((one for one in answer.steps if one.quote is not None and not _quoted(one.quote, text)), None)
    if made_up:
        return f"the quote for step {made_up.id} stands in no passage: copy its words, or give null"
    return steps_misfit(inputs, answer)


def _quoted(quote: str, text: str) -> bool:
    return bool(quote.strip()) and _folded(quote) in text


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


WRITE_QUESTION = Ask("write_question", 1, "writer", WriteQuestion, WrittenQuestion, check=written_misfit)
DECOMPOSE_QUESTION = Ask("decompose_question", 1, "writer", DecomposeQuestion, WrittenSteps, check=written_misfit)
WORD_STEPS = Ask("word_steps", 1, "writer", WordSteps, WordedSteps, check=steps_misfit)
CHECK_SUPPORT = Ask("check_support", 1, "judge", CheckSupport, Supports, check=support_misfit)
JUDGE_TOOL_NEED = Ask("judge_tool_need", 1, "judge", JudgeSteps, ToolNeeds, check=steps_misfit)
JUDGE_DEPENDENCIES = Ask("judge_dependencies", 1, "judge", JudgeSteps, StepVerdicts, check=steps_misfit)
JUDGE_ATOMICITY = Ask("judge_atomicity", 1, "judge", JudgeSteps, StepVerdicts, check=steps_misfit)
JUDGE_ORDER = Ask("judge_order", 1, "judge", JudgeSteps, StepVerdicts, check=steps_misfit)
JUDGE_COMPLETENESS = Ask("judge_completeness", 1, "judge", JudgeSteps, Completeness, check=completeness_misfit)

QUESTION_ASKS = (
    WRITE_QUESTION, DECOMPOSE_QUESTION, WORD_STEPS, CHECK_SUPPORT, JUDGE_TOOL_NEED, JUDGE_DEPENDENCIES, JUDGE_ATOMICITY,
    JUDGE_ORDER, JUDGE_COMPLETENESS,
)
