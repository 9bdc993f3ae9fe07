"""`trajectories`: one row is a finished rollout of a policy on a task, with its scores."""

from dataclasses import dataclass
from typing import ClassVar

from astra_data.rows.schema import Json


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What became of one tool call. `backend` is `live`, `emulated`, `sandbox` or `none` (no tool was reached)."""

    id: str
    tool: str
    ok: bool
    injected: bool
    backend: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Evidence for a score: a message index (from 0) and the text found there."""

    message: int
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """One axis [A 7.1], in [0, 1].

    `value` is null when there is no number: `status` then says `not_applicable` (nothing to score), `abstained` (the judge
    cannot know) or `failed` (no answer could be had), and `reason` why. `judge` is `checks` or a model's name. `votes` average to
    `value`: one for each thing judged and sample of the judge; `agreement` is the share of the most frequent vote, null for one
    sample.
    """

    axis: str
    value: float | None
    status: str
    reason: str
    evidence: list[Quote]
    judge: str
    votes: list[float]
    agreement: float | None = None


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a check found wrong without any judge: which check, the axis it counts against, the message (from 0), the call if it
    is one's, and why."""

    check: str
    axis: str
    message: int
    call_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the policy consumed. Tokens are as the endpoint counted them; 0 for a policy that is no model."""

    turns: int
    calls: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class BandUse:
    """The distractors of one band that an arena offered, and the calls that went to them."""

    band: str
    offered: int
    calls: int


@dataclass(frozen=True, slots=True)
class ArenaScore:
    """What a rollout in an arena was worth, and why [A 15.3].

    `split`, `hops` and `tools` are the arena's. `calls` are all that count, unknown names, malformed calls and malformed turns
    among them. `credits` has the goal of each call, or null; `f1`, `recall` and `precision` are null without goals. `answered`
    says whether the last message states the answer, null where the arena has none; `declined` whether it rightly says what is
    missing, null where nothing is, or in a language that cannot be judged; `valid` whether all was well-formed.
    """

    environment_id: str
    split: str
    hops: int
    tools: int
    goals: int
    solved: int
    calls: int
    f1: float | None
    recall: float | None
    precision: float | None
    credits: list[str | None]
    unsolved: list[str]
    answered: bool | None
    declined: bool | None
    valid: bool
    malformed_turns: int
    malformed_calls: int
    unknown_calls: int
    distractor_calls: int
    bands: list[BandUse]


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A rollout. `tools` is what the policy was offered, `terminal` why it ended, `reward` the mean of the scored axes; for a
    rollout in an arena it is that of the recipe, and `arena` says what it is made of, `task_id` being the arena's.

    `horizon` is that of the task: how many tasks the user's request joins.
    """

    IDENTITY: ClassVar = ("task_id", "policy", "sampling", "sample")

    id: str
    task_id: str
    server: str
    policy: str
    sampling: Json
    sample: int
    tools: list[Json]
    messages: list[Json]
    terminal: str
    calls: list[CallRecord]
    flaws: list[Flaw]
    scores: list[Score]
    reward: float | None
    usage: Usage
    models: dict[str, str]
    horizon: int = 1
    arena: ArenaScore | None = None
