"""A task under scrutiny, and what an examination finds.

    Case(work, server, task, needed_of(server, task.target_tools))
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
    """What all tasks of a run share. `alone` holds, by server id, the tools that may not be called, and why."""

    config: TasksConfig
    resources: Resources
    writer: Teacher
    judge: Teacher
    personas: Sequence[Persona]
    alone: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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


def barred_of(work: Work, server_id: str, tools: Iterable[str]) -> str | None:
    """What is wrong with a task that needs one of these tools, if it may not be called."""
    alone = work.alone.get(server_id, {})
    return next((f"may not be called - {tool}: {alone[tool]}" for tool in tools if tool in alone), None)
