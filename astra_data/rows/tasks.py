"""`tasks`: one row is what a user asks of one server."""

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class TaskScore:
    """One judged axis of a task; `value` is null when the judge abstained, and `reason` then says why.

    `coverage` and `intent` are 0 or 1, the axes of a rubric 1 to 5.
    """

    axis: str
    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How a task was made from its parent: `mode` is `diverse`, `complicate` or `persona`."""

    mode: str
    persona_id: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """A task. `kind` is `chain` (its natural solution follows the chain), `server` (free use of the server's tools) or `chained`
    (several tasks of one server in one request: `sub_tasks`, in order, and `horizon` of them).

    `parent_id` is the task that an augmented one was made from; it has the parent's kind and target tools.
    """

    IDENTITY: ClassVar = ("server_id", "text", "target_tools")

    id: str
    server_id: str
    server: str
    chain_id: str | None
    kind: str
    parent_id: str | None
    augmentation: Augmentation | None
    text: str
    language: str | None
    target_tools: list[str]
    scores: list[TaskScore]
    models: dict[str, str]
    sub_tasks: list[str] = field(default_factory=list)
    horizon: int = 1
