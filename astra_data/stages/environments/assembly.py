"""Tools that answer sub-questions, put together as an environment row.

    environment = assembled(question, [Tool(document, source, [Solved(node, {"order": "O-17"}, "total", 93.5)])], models)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows import Environment, Question, new_row
from astra_data.rows.environments import (
    EnvironmentDifficulty,
    EnvironmentTool,
    EnvironmentTurn,
    Goal,
    Match,
    Module,
    World,
)
from astra_data.rows.questions import Node
from astra_data.teacher.environment_asks import WORLD, ToolDocument
from astra_data.worlds.drafts import WORLD_SOURCE

MATCHES: Mapping[str, Match] = {
    "integer": Match("number"),
    "number": Match("number", tolerance=1e-6),
    "money": Match("number", tolerance=0.005),
    "text": Match("text"),
    "list": Match("set"),
    "date": Match("exact"),
    "boolean": Match("exact"),
    "json": Match("json"),
}
"""How the answer of a sub-question is looked for, by its type."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A sub-question with the call that answers it, where in the result the answer is, and the result once it was seen."""

    node: Node
    arguments: JsonObject
    path: str | None
    response: Any = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool and the sub-questions that it answers: one, or several once it is merged."""

    document: ToolDocument
    source: str
    solved: tuple[Solved, ...]


def assembled(question: Question, tools: Sequence[Tool], models: Mapping[str, str]) -> Environment:
    """The environment of these tools. Goals stand in the order of the sub-questions; tools get names of their own."""
    stateful = changes_state(question)
    named = list(zip(unique_names([tool.document.name for tool in tools]), tools, strict=True))
    goals = {one.node.id: _goal(one, name, stateful) for name, tool in named for one in tool.solved}
    ordered = [_after(goals[node.id], node, goals, stateful) for node in in_order(question.nodes) if node.id in goals]
    state = (question.knowledge or {}).get("tables") if stateful else None
    row: Environment = new_row(
        Environment,
        question_id=question.id,
        source=question.source,
        domain=question.domain,
        language=question.language,
        license=None,
        turns=[EnvironmentTurn(question.question, ordered)],
        tools=[EnvironmentTool(name, _schema(name, tool.document), f"{_module(name)}.{name}") for name, tool in named],
        modules=[*([Module(WORLD, WORLD_SOURCE)] if stateful else []), *(_source(name, tool) for name, tool in named)],
        world=World(state, f"{WORLD}.load" if stateful else None, f"{WORLD}.dump" if stateful else None, [], None),
        answer=question.answer,
        audit=[],
        hackability=None,
        difficulty=EnvironmentDifficulty(question.hops, len(ordered), len(named), 1),
        split_keys=split_keys(question),
        models={**question.models, **models},
    )
    return row


def with_final_state(environment: Environment, state: Any) -> Environment:
    """The same environment with the state that its gold calls leave."""
    world = replace(environment.world, final_state=state)
    values = {name: getattr(environment, name) for name in Environment.__slots__ if name != "id"}
    row: Environment = new_row(Environment, **values | {"world": world})
    return row


def changes_state(question: Question) -> bool:
    """Whether a sub-question leaves an effect, so that the tools share a state."""
    return any(node.effect is not None for node in question.nodes)


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """By level, and as given within one."""
    return sorted(nodes, key=lambda node: node.level)


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, those taken before with the first free number."""
    taken: list[str] = []
    for name in names:
        free, number = name, 2
        while free in taken or (free != name and free in names):
            free, number = f"{name}_{number}", number + 1
        taken.append(free)
    return taken


def split_keys(question: Question) -> list[str]:
    """What must not be on both sides of a split: the world, the template of the question, else the question itself."""
    keys = [f"world:{question.world}"] if question.world else []
    keys += [f"template:{question.template}"] if question.template else []
    return keys or [f"question:{question.id}"]


def _module(name: str) -> str:
    return f"tool_{name}"


def _schema(name: str, document: ToolDocument) -> JsonObject:
    return {"name": name, "description": document.description, "parameters": document.parameters}


def _source(name: str, tool: Tool) -> Module:
    alias = "" if name == tool.document.name else f"\n\n{name} = {tool.document.name}\n"
    return Module(_module(name), tool.source.rstrip("\n") + "\n" + alias)


def _goal(one: Solved, tool: str, stateful: bool) -> Goal:
    node = one.node
    if stateful and node.effect is not None:
        return Goal(node.id, tool, one.arguments, one.response, node.effect, Match("state"), [])
    return Goal(node.id, tool, one.arguments, one.response, node.answer, replace(match_of(node), path=one.path), [])


def match_of(node: Node) -> Match:
    return MATCHES.get(node.answer_type, MATCHES["json"])


def _after(goal: Goal, node: Node, goals: Mapping[str, Goal], stateful: bool) -> Goal:
    """Where calls change a state their order matters; where they only read, a call tells the same at any time."""
    return replace(goal, after=[name for name in node.depends_on if name in goals]) if stateful else goal
