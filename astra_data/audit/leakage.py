"""Answers that can be read before any call: in names, descriptions, enums, defaults, or in what the user says [A 21.3.5].

An answer that is also an input of a gold call is no leak: whoever asks which of two towns is larger names both. Calls that come
after a goal do not count for it: they take what it found out.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from astra_data.audit.finding import goals_of, informative, is_answer, not_applicable, properties, stated, verdict
from astra_data.audit.probing import Seen
from astra_data.messages import JsonObject
from astra_data.rollout.goals import normalised, same, text_of
from astra_data.rows.environments import AuditCheck, Environment, EnvironmentTool, Goal

Inputs = dict[str, list[JsonObject]]
LISTS = ("enum", "default", "const", "examples", "example")


def leakage_check(environment: Environment, listed: Sequence[Seen], altered: Sequence[Seen]) -> list[AuditCheck]:
    """`listed` are gold calls with a value of the schema that is an answer in place of an argument."""
    goals = [goal for goal in goals_of(environment) if is_answer(goal)]
    if not goals:
        return [not_applicable("leakage", None, "no goal has an answer that could be told")]
    inputs = inputs_of(environment)
    faults = [*_texts(environment, goals, inputs), *_prompts(environment, inputs), *_planted(listed, altered),
              *_defaults(environment, goals, inputs)]
    return [verdict("leakage", None, faults, f"{len(goals)} answers are in no name, text, enum, default or prompt")]


def inputs_of(environment: Environment) -> Inputs:
    """Goal id -> the arguments of all gold calls that do not come after it."""
    goals, found = goals_of(environment), Inputs()
    for goal in goals:
        later = {goal.id}
        for _ in goals:
            later |= {each.id for each in goals if later & set(each.after)}
        found[goal.id] = [each.arguments for each in goals if each.id == goal.id or each.id not in later]
    return found


def _texts(environment: Environment, goals: list[Goal], inputs: Inputs) -> Iterator[str]:
    for tool in environment.tools:
        words = list(_words(tool.schema))
        for goal in goals:
            if goal.tool != tool.name and not informative(goal.answer):
                continue
            yield from (f"{tool.name} tells the answer of {goal.id}: {text[:80]}" for text in words
                        if stated(goal.answer, text, inputs[goal.id]))


def _words(node: Any, at: str = "") -> Iterator[str]:
    """Names and prose of a schema, with underscores as spaces too."""
    if isinstance(node, dict):
        for name, value in node.items():
            if at == "properties":
                yield name.replace("_", " ")
            if name not in LISTS:
                yield from _words(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from _words(value, at)
    elif isinstance(node, str) and at != "type":
        yield node
        yield from [node.replace("_", " ")] * ("_" in node)


def _prompts(environment: Environment, inputs: Inputs) -> Iterator[str]:
    said = ""
    for turn in environment.turns:
        said = f"{said}\n{turn.user}"
        yield from (f"the user tells the answer of {goal.id}: {text_of(goal.answer)}" for goal in turn.goals
                    if is_answer(goal) and stated(goal.answer, said, inputs[goal.id]))


def _defaults(environment: Environment, goals: list[Goal], inputs: Inputs) -> Iterator[str]:
    for tool in environment.tools:
        for name, about in properties(tool.schema).items():
            for value in _values(about, "default", "const", "examples", "example"):
                yield from (f"{tool.name} has the answer of {goal.id} at {name}" for goal in goals
                            if informative(goal.answer) and stated(goal.answer, text_of(value), inputs[goal.id]))


def _values(about: Any, *names: str) -> Iterator[Any]:
    for name in names if isinstance(about, dict) else ():
        if name in about:
            yield from about[name] if isinstance(about[name], list) else [about[name]]


def answers_listed(environment: Environment, tool: EnvironmentTool) -> Iterator[tuple[str, Any]]:
    """Parameters of a tool with a value that their enum lists, that is an answer, and that is no input."""
    inputs = inputs_of(environment)
    answers = {
        normalised(text_of(goal.answer)) for goal in goals_of(environment)
        if is_answer(goal) and not isinstance(goal.answer, bool)
        and not any(same(goal.answer, value) for given in inputs[goal.id] for value in given.values())
    }
    for name, about in properties(tool.schema).items():
        yield from ((name, value) for value in _values(about, "enum") if normalised(text_of(value)) in answers)


def _planted(listed: Sequence[Seen], altered: Sequence[Seen]) -> Iterator[str]:
    """A listed value is of the domain if the tool knows it: it is answered, and otherwise than values that are in no table."""
    for seen in listed:
        name, goal = seen.probe.mutant.argument, seen.probe.goal
        value = text_of(seen.probe.mutant.arguments[name or ""])
        others = {each.content.replace(text_of(each.probe.mutant.arguments[name or ""]), "") for each in altered
                  if each.probe.goal.id == goal.id and each.probe.mutant.argument == name}
        if not seen.answered or seen.content.replace(value, "") in others:
            yield f"{goal.tool} lists {value}, which is an answer, for {name} and does not know it"
