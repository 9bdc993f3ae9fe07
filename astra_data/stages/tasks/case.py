"""A task under scrutiny, and what an examination finds.

    Case(work, server, task, needed_of(server, task.target_tools))
"""

from collections.abc import Sequence
from dataclasses import dataclass

from astra_data.pipeline.stage import Resources
from astra_data.rows import Server, Task
from astra_data.rows.tasks import TaskScore
from astra_data.stages.prompts import tool_card
from astra_data.stages.tasks.config import TasksConfig
from astra_data.stages.tasks.personas import Persona
from astra_data.teacher.asks import ToolCard
from astra_data.teacher.task_asks import Needed
from astra_data.teacher.teacher import Teacher


@dataclass(frozen=True, slots=True)
class Work:
    """What all tasks of a run share."""

    config: TasksConfig
    resources: Resources
    writer: Teacher
    judge: Teacher
    personas: Sequence[Persona]


@dataclass(frozen=True, slots=True)
class Case:
    """A task under scrutiny. `asked` are tool names that its writer has seen, `chain` the tools it had to use, if it had to."""

    work: Work
    server: Server
    task: Task
    needed: list[Needed]
    parent: Task | None = None
    asked: tuple[str, ...] = ()
    chain: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one examination gave: scores, and what is wrong with the task, if anything."""

    scores: list[TaskScore]
    wrong: str | None = None


def target_cards(server: Server, task: Task) -> list[ToolCard]:
    """The target tools in order, each once."""
    known = {tool.name: tool for tool in server.tools}
    return [tool_card(known[name]) for name in dict.fromkeys(task.target_tools)]
