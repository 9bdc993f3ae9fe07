"""Answers that can be read before any call: in names, descriptions, enums, defaults, or in what the user says [A 21.3.5].

An answer that is also an input is no leak: whoever asks which of two towns is larger names both. An input is an argument of a
gold call that the user's text states. What a later gold call takes and an earlier one answers is no input, whoever says it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from astra_data.audit.domains import alike, tables_of
from astra_data.audit.finding import (
    goals_of,
    informative,
    is_answer,
    leaves,
    not_applicable,
    numbers_in,
    properties,
    scalars,
    told_in,
    verdict,
)
from astra_data.audit.probing import Seen
from astra_data.rollout.goals import normalised, same, stands_in, text_of
from astra_data.rows.environments import AuditCheck, Environment, EnvironmentTool, Goal

LISTS = ("enum", "default", "const", "examples", "example")
THOUSANDS = re.compile(r"(?<=\d)[.,'\u00a0\u202f ](?=\d{3}(?!\d))")
PARAMETER = len(("parameters", "properties", "name"))
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known before a goal is reached: `stated` by the user and taken by a gold call, and the numbers in the arguments of
    the calls `before` it and of `every` call. Short numbers that are among them tell nothing, they may stand there by chance."""

    stated: list[Any]
    before: set[int]
    every: set[int]


def leakage_check(environment: Environment, seen: Sequence[Seen]) -> list[AuditCheck]:
    """`seen` are the mutants of gold calls, among them those with a value that a schema lists and that is an answer."""
    goals = [goal for goal in goals_of(environment) if is_answer(goal)]
    if not goals:
        return [not_applicable("leakage", None, "no goal has an answer that could be told")]
    inputs = inputs_of(environment)
    faults = [*_texts(environment, goals, inputs), *_prompts(environment, inputs), *_planted(environment, seen),
              *_defaults(environment, goals, inputs)]
    return [verdict("leakage", None, faults, f"{len(goals)} answers are in no name, text, enum, default or prompt")]


def inputs_of(environment: Environment) -> dict[str, Inputs]:
    """Goal id -> what is known before it is reached."""
    goals, found, said, at = goals_of(environment), dict[str, Inputs](), "", 0
    every = numbers_in([goal.arguments for goal in goals])
    for turn in environment.turns:
        said = f"{said}\n{turn.user}"
        for goal in turn.goals:
            at += 1
            before = [value for each in goals[:at] for value in scalars(each.arguments)]
            later = [value for each in goals[at:] for value in scalars(each.arguments) if not _alike(value, goal.answer)]
            stated = [value for value in (*before, *later) if _says(said, value)]
            found[goal.id] = Inputs(stated, numbers_in(before), every)
    return found


def _alike(one: Any, other: Any) -> bool:
    return normalised(text_of(one)) == normalised(text_of(other))


def _says(said: str, value: Any) -> bool:
    return stands_in(text_of(value), said) or stands_in(text_of(value), THOUSANDS.sub("", said))


def _tells(text: str, answer: Any, stated: Sequence[Any], numbers: set[int]) -> bool:
    """Whether a text tells the answer outside of the inputs that it names. Of short answers only numbers count."""
    if answer is None or isinstance(answer, bool):
        return False
    if not informative(answer) and (not isinstance(answer, int | float) or numbers_in(answer) & numbers):
        return False
    known = list(map(text_of, stated))
    return any(_left(text_of(answer), version, known, answer) for version in {text, THOUSANDS.sub("", text)})


def _left(wanted: str, text: str, known: Sequence[str], answer: Any) -> bool:
    """Whether the answer stands in what is left of a text without what is known."""
    if not told_in(answer, text, known):
        return False
    left = normalised(text)
    for given in sorted({normalised(each) for each in known}, key=len, reverse=True):
        if stands_in(wanted, given):
            left = left.replace(given, " | ")
    return told_in(answer, left, known)


def _texts(environment: Environment, goals: list[Goal], inputs: dict[str, Inputs]) -> Iterator[str]:
    for tool in environment.tools:
        words, names = list(_words(tool.schema)), [_spaced(name) for name in (tool.name, *properties(tool.schema))]
        for goal in goals:
            known = inputs[goal.id]
            if goal.tool != tool.name and not informative(goal.answer):
                continue
            told = [text for text in words if _tells(text, goal.answer, known.stated, known.before)]
            if informative(goal.answer) and len(spelled := _spaced(text_of(goal.answer))) >= 3:
                stated = [_spaced(text_of(value)) for value in known.stated]
                told += [name for name in names if _tells(name, spelled, stated, set())]
            yield from (f"{tool.name} tells the answer of {goal.id}: {text[:80]}" for text in told)


def _spaced(name: str) -> str:
    """A text as names spell it: the words alone."""
    return " ".join(re.findall(r"[^\W_]+", HUMP.sub(" ", name)))


def _words(node: Any, at: str = "") -> Iterator[str]:
    """Names and prose of a schema, with underscores as spaces too."""
    if isinstance(node, dict):
        for name, value in node.items():
            if at == "properties":
                yield name.replace("_", " ")
            if at == "properties" or name not in LISTS:
                yield from _words(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from _words(value, at)
    elif isinstance(node, str) and at != "type":
        yield node
        yield from [node.replace("_", " ")] * ("_" in node)


def _prompts(environment: Environment, inputs: dict[str, Inputs]) -> Iterator[str]:
    said = ""
    for turn in environment.turns:
        said = f"{said}\n{turn.user}"
        yield from (f"the user tells the answer of {goal.id}: {text_of(goal.answer)}" for goal in turn.goals
                    if is_answer(goal) and _tells(said, goal.answer, inputs[goal.id].stated, inputs[goal.id].every))


def _defaults(environment: Environment, goals: list[Goal], inputs: dict[str, Inputs]) -> Iterator[str]:
    """Values that a schema gives anywhere, but for the enums of parameters: those are tried out."""
    for tool in environment.tools:
        for path, values in _given(tool.schema):
            for goal in goals:
                known = inputs[goal.id]
                told = [value for value in values if (informative(goal.answer) or isinstance(value, str))
                        and _tells(text_of(value), goal.answer, known.stated, known.before)]
                if told and not (path[-1] == "enum" and _all_listed(goal.answer, values, environment)):
                    yield f"{tool.name} has the answer of {goal.id} at {'.'.join(path)}"


def _all_listed(answer: Any, values: Sequence[Any], environment: Environment) -> bool:
    """Whether all values are listed that stand in the tables where the answer stands."""
    others = alike(answer, tables_of(environment)) if not isinstance(answer, list | dict) else []
    return bool(others) and all(other in values for other in others)


def _given(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Where a schema has values, and which: themselves and what is inside them."""
    if isinstance(node, dict):
        for name, value in node.items():
            here = (*path, name)
            if name not in LISTS or path[-1:] == ("properties",):
                yield from _given(value, here)
            elif name != "enum" or len(path) != PARAMETER:
                values = value if isinstance(value, list) else [value]
                yield here, [*values, *leaves(values)]
    elif isinstance(node, list):
        for each in node:
            yield from _given(each, path)


def _values(about: Any) -> list[Any]:
    """What a parameter may be, where an enum says so."""
    listed = about.get("enum") if isinstance(about, dict) else None
    return listed if isinstance(listed, list) else []


def answers_listed(environment: Environment, tool: EnvironmentTool) -> Iterator[tuple[str, Any]]:
    """Parameters of a tool with a value that their enum lists, that is an answer, and that is no input."""
    if not any(_values(about) for about in properties(tool.schema).values()):
        return
    inputs = inputs_of(environment)
    answers = {
        normalised(text_of(goal.answer)) for goal in goals_of(environment)
        if is_answer(goal) and not isinstance(goal.answer, bool)
        and not any(same(goal.answer, value) for value in inputs[goal.id].stated)
    }
    for name, about in properties(tool.schema).items():
        yield from ((name, value) for value in _values(about) if normalised(text_of(value)) in answers)


def _planted(environment: Environment, seen: Sequence[Seen]) -> Iterator[str]:
    """A listed value is of the domain if the tool knows it: it is answered, and otherwise than values that are in no table. Then
    all others that it knows are listed, too. A value that is not listed shows how the tool takes what it does not know."""
    schemas = {tool.name: tool.schema for tool in environment.tools}
    for one in (each for each in seen if each.probe.mutant.kind == "listed"):
        name, goal = one.probe.mutant.argument or "", one.probe.goal
        value = one.probe.mutant.arguments[name]
        around = [each for each in seen if each.probe.goal.id == goal.id and each.probe.mutant.argument == name]
        unknown = {_without(each, name) for each in around if each.probe.mutant.kind in ("altered", "unlisted")}
        if not one.answered or _without(one, name) in unknown:
            yield f"{goal.tool} lists {text_of(value)}, which is an answer, for {name} and does not know it"
            continue
        listed = _values(properties(schemas[goal.tool]).get(name))
        missing = [other for each in around if each.probe.mutant.kind == "swapped" and each.answered
                   and _without(each, name) not in unknown and (other := each.probe.mutant.arguments[name]) not in listed]
        if missing:
            yield f"{goal.tool} lists {text_of(value)}, which is an answer, for {name}, and leaves out {text_of(missing[0])}"


def _without(seen: Seen, name: str) -> str:
    """What a call let out, but for the value that it was given."""
    return seen.content.replace(text_of(seen.probe.mutant.arguments[name]), "")
