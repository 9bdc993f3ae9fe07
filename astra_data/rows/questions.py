"""`questions`: one row is a question with its decomposition into sub-questions, one node each [A 8.1]."""

from dataclasses import dataclass
from typing import ClassVar

from astra_data.rows.schema import Json


@dataclass(frozen=True, slots=True)
class Node:
    """A sub-question. `level` is its hop level, from 1, above those of all it depends on; `depends_on` names direct predecessors.

    What its tool can be rebuilt from is at most one of: `program`, an operation on the tables of the question's `knowledge`;
    `call`, a recorded call `{tool, arguments, content}`. `effect` is what a node that writes leaves behind: the part of the state
    that must then hold.
    """

    id: str
    level: int
    question: str
    answer: Json
    answer_type: str
    depends_on: list[str]
    needs_tool: bool
    program: Json | None = None
    call: Json | None = None
    effect: Json | None = None


@dataclass(frozen=True, slots=True)
class QuestionCheck:
    """One check of a decomposition: `value` in [0, 1], null when no verdict could be had, with the `reason`. `nodes` are those at
    fault; `judge` is `checks` or a model's name."""

    check: str
    value: float | None
    reason: str
    nodes: list[str]
    judge: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question. `source` is `worlds`, `domains`, `given` or `trajectories`; `scenario` one of the four types of [A 8.2].

    `template` names the form that the question was made from, `world` the seed of its world: rows that share one must not be
    split between training and test. `knowledge` is `{"tables": ...}`, `{"passages": [...]}`, `{"calls": [...], "tools": [...],
    "trajectory_id": ...}` or `{}`.
    `answer_type` is `integer`, `number`, `money`, `text`, `date`, `boolean`, `list` or `json`. `quality` is the mean of the four
    scores of [A 10], null if one of them has no verdict; `hops` the number of levels.
    """

    IDENTITY: ClassVar = ("source", "question", "nodes", "knowledge")

    id: str
    source: str
    domain: str
    language: str
    scenario: str
    template: str | None
    world: str | None
    knowledge: Json
    question: str
    answer: Json
    answer_type: str
    nodes: list[Node]
    checks: list[QuestionCheck]
    quality: float | None
    hops: int
    models: dict[str, str]
