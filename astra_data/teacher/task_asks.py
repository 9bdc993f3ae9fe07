"""The questions about a task that is written: variants of it, several in one, what it states, what it wants, how good it is.

    variant = await teacher.answer(AUGMENT_TASK, AugmentTask(mode="persona", persona=..., text=..., ...))
    ratings = await judge.answer(JUDGE_TASK, JudgeTask(server=..., tools=[...], text=..., target_tools=[...]))
    ratings.scenario_realism        # "highly realistic"

A rating is one of the words of its axis. Case, spacing, and quotes or stops around it are no matter; anything else is no rating.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema

from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import Model, ServerCard, ToolCard

Mode = Literal["diverse", "complicate", "persona"]

SCALES: dict[str, tuple[str, ...]] = {
    "question_quality": ("very poor", "poor", "average", "good", "excellent"),
    "scenario_realism": ("unrealistic", "somewhat unrealistic", "moderately realistic", "realistic", "highly realistic"),
    "tool_use_necessity": ("unnecessary", "barely necessary", "partly necessary", "necessary", "indispensable"),
    "tool_selection_difficulty": ("very easy", "easy", "medium", "hard", "very hard"),
    "tool_selection_uniqueness": ("not unique", "somewhat unique", "moderately unique", "quite unique", "highly unique"),
}
"""Axis -> its words for 1 to 5 [A 5.3]. Those of `tool_use_necessity` are ours, since the paper gives none."""

AROUND = " \t\n\"'`*.,;:!"


def rating(axis: str, word: str) -> float:
    """The number, 1 to 5, of a word that the axis has."""
    return float(SCALES[axis].index(word) + 1)


def _word(axis: str) -> BeforeValidator:
    """Exactly one of the words of an axis, after normalisation."""
    words = SCALES[axis]

    def normalised(value: Any) -> str:
        plain = " ".join(re.split(r"[\s_-]+", value.strip(AROUND).casefold())) if isinstance(value, str) else ""
        if plain not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return plain

    return BeforeValidator(normalised)


def _listed(axis: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(SCALES[axis])})


Quality = Annotated[str, _word("question_quality"), _listed("question_quality")]
Realism = Annotated[str, _word("scenario_realism"), _listed("scenario_realism")]
Necessity = Annotated[str, _word("tool_use_necessity"), _listed("tool_use_necessity")]
Difficulty = Annotated[str, _word("tool_selection_difficulty"), _listed("tool_selection_difficulty")]
Uniqueness = Annotated[str, _word("tool_selection_uniqueness"), _listed("tool_selection_uniqueness")]


class PersonaCard(Model):
    """What a prompt says of a person; empty where nothing is known."""

    age: int | None
    occupation: str
    education: str
    description: str
    skills: list[str]
    hobbies: list[str]


class AugmentTask(Model):
    """Ask for a variant of a task for the same tools in the same order [A 5]. `persona` is there in mode `persona`.

    `facts`, `optional` and `seed` are as in `WriteTask`.
    """

    mode: Mode
    text: str
    server: ServerCard
    tools: list[ToolCard]
    persona: PersonaCard | None
    facts: dict[str, list[Any]]
    optional: dict[str, list[str]]
    seed: str


class JoinTasks(Model):
    """Ask for one request that holds several tasks of one user, in order. `tools` are those they need."""

    server: ServerCard
    tools: list[ToolCard]
    texts: list[str] = Field(min_length=2)


class TaskText(Model):
    """A task in the user's words."""

    text: str = Field(min_length=1)


class Needed(Model):
    """A required parameter whose value only the user can state."""

    tool: str
    parameter: str
    description: str


class CheckCoverage(Model):
    """Ask where a task states a value for each needed parameter."""

    text: str
    tools: list[ToolCard]
    needed: list[Needed] = Field(min_length=1)


class Stated(Model):
    """The words of the task that state a parameter's value, or null."""

    tool: str
    parameter: str
    quote: str | None


class Coverage(Model):
    stated: list[Stated]


class CheckIntent(Model):
    """Ask whether a variant wants what the original wants. A more demanding or differently told request may well."""

    mode: Mode
    original: str
    variant: str
    tools: list[ToolCard]


class Intent(Model):
    reason: str
    same: StrictBool


class ToolLine(Model):
    """A tool as one of many to choose from."""

    name: str
    description: str


class JudgeTask(Model):
    """Ask how good a task is. `tools` are those on offer, `target_tools` the ones its author has in mind."""

    server: ServerCard
    tools: list[ToolLine]
    text: str
    target_tools: list[str]


class PaperRatings(Model):
    """The paper's three axes, each with its reason before it."""

    question_quality_reason: str
    question_quality: Quality
    scenario_realism_reason: str
    scenario_realism: Realism
    tool_use_necessity_reason: str
    tool_use_necessity: Necessity


class ReleasedRatings(Model):
    """The four axes of the released data, each with its reason before it."""

    tool_selection_difficulty_reason: str
    tool_selection_difficulty: Difficulty
    tool_selection_uniqueness_reason: str
    tool_selection_uniqueness: Uniqueness
    question_quality_reason: str
    question_quality: Quality
    scenario_realism_reason: str
    scenario_realism: Realism


def coverage_misfit(inputs: CheckCoverage, answer: Coverage) -> str | None:
    """Every needed parameter has one entry, and a quote is in the text; case and spacing are no matter."""
    wanted = [(item.tool, item.parameter) for item in inputs.needed]
    given = [(item.tool, item.parameter) for item in answer.stated]
    if sorted(given) != sorted(wanted):
        return f"stated must have one entry for each of: {', '.join('.'.join(pair) for pair in wanted)}"
    text = _folded(inputs.text)
    made_up = next((item for item in answer.stated if item.quote is not None and not _quoted(item.quote, text)), None)
    if made_up is None:
        return None
    return f"the quote for {made_up.tool}.{made_up.parameter} is not in the task: copy its words, or give null"


def _quoted(quote: str, text: str) -> bool:
    return bool(quote.strip()) and _folded(quote) in text


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


AUGMENT_TASK = Ask("augment_task", 1, "writer", AugmentTask, TaskText)
JOIN_TASKS = Ask("join_tasks", 1, "writer", JoinTasks, TaskText)
CHECK_COVERAGE = Ask("check_coverage", 1, "judge", CheckCoverage, Coverage, check=coverage_misfit)
CHECK_INTENT = Ask("check_intent", 1, "judge", CheckIntent, Intent)
JUDGE_TASK = Ask("judge_task", 1, "judge", JudgeTask, PaperRatings)
JUDGE_TASK_RELEASED = Ask("judge_task_released", 1, "judge", JudgeTask, ReleasedRatings)

TASK_ASKS = (AUGMENT_TASK, JOIN_TASKS, CHECK_COVERAGE, CHECK_INTENT, JUDGE_TASK, JUDGE_TASK_RELEASED)
