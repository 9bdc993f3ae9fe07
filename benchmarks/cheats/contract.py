"""Rows that do not fit together: schemas, goals and recorded results that are not those of the code."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from astra_data.rows import Environment
from benchmarks.cheats.code import defaulted
from benchmarks.cheats.surgery import (
    added,
    answered_goals,
    goals_of,
    place_of,
    properties,
    renewed,
    required,
    some_goal,
    with_goals,
    with_schema,
)


def _changed(row: Environment, rng: random.Random, change: Callable[[dict[str, Any], str], None]) -> Environment | None:
    """One required parameter of a tool's schema is changed."""
    pairs = [(tool.name, name) for tool in row.tools for name in required(row, tool.name) if place_of(row, tool.name)]
    if not pairs:
        return None
    tool, name = rng.choice(pairs)
    return with_schema(row, tool, lambda schema: change(schema["parameters"], name))


def parameter_renamed(row: Environment, rng: random.Random) -> Environment | None:
    def change(parameters: dict[str, Any], name: str) -> None:
        parameters["properties"][f"{name}_x"] = parameters["properties"].pop(name)
        parameters["required"] = [f"{name}_x" if each == name else each for each in parameters["required"]]

    return _changed(row, rng, change)


def parameter_missing(row: Environment, rng: random.Random) -> Environment | None:
    def change(parameters: dict[str, Any], name: str) -> None:
        del parameters["properties"][name]
        parameters["required"].remove(name)

    return _changed(row, rng, change)


def parameter_extra(row: Environment, rng: random.Random) -> Environment | None:
    return _changed(row, rng, lambda parameters, name: parameters["properties"].update(surplus={"type": "string"}))


def required_not_said(row: Environment, rng: random.Random) -> Environment | None:
    return _changed(row, rng, lambda parameters, name: parameters["required"].remove(name))


def default_not_so(row: Environment, rng: random.Random) -> Environment | None:
    """The schema states another default than the code has."""
    pairs = [(tool.name, name) for tool in row.tools for name, about in properties(row, tool.name).items() if "default" in about]
    if not pairs:
        return None
    tool, name = rng.choice(pairs)
    return with_schema(row, tool, lambda schema: schema["parameters"]["properties"][name].update(default="something else"))


def gold_defaults(row: Environment, rng: random.Random) -> Environment | None:
    """All arguments of all gold calls are defaults, in schema and code, so that empty calls reach the goals."""
    cheat = row
    for tool in dict.fromkeys(goal.tool for goal in goals_of(row) if goal.match.kind != "call" and goal.arguments):
        goal = next(goal for goal in goals_of(row) if goal.tool == tool)
        loose = defaulted(cheat, goal)
        if loose is None:
            return None

        def change(schema: dict[str, Any], arguments: Any = goal.arguments) -> None:
            schema["parameters"]["required"] = []
            for name, value in arguments.items():
                schema["parameters"]["properties"][name]["default"] = value

        cheat = with_schema(loose, tool, change)
    return cheat if cheat is not row else None


def dead_tool(row: Environment, rng: random.Random) -> Environment | None:
    """One more tool that nothing needs."""
    goal = some_goal(row, rng)
    place = place_of(row, goal.tool) if goal and goal.match.kind != "call" else None
    if goal is None or place is None:
        return None
    cheat = added(row, "def unused(name):\n    return {'error': 'nothing is known'}\n", goal.tool)
    schema = {"name": "unused", "description": "Looks something up.", "parameters": {
        "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}
    tool = replace(row.tools[0], name="unused", entry=f"{row.modules[place.module].name}.unused", schema=schema, from_turn=0)
    return renewed(cheat, tools=[*cheat.tools, tool])


def name_twice(row: Environment, rng: random.Random) -> Environment | None:
    return renewed(row, tools=[*row.tools, rng.choice(row.tools)])


def schema_named_otherwise(row: Environment, rng: random.Random) -> Environment | None:
    return with_schema(row, rng.choice(row.tools).name, lambda schema: schema.update(name="another_name"))


def goal_twice(row: Environment, rng: random.Random) -> Environment | None:
    turns = [replace(turn, goals=[*turn.goals, turn.goals[0]]) if turn.goals else turn for turn in row.turns]
    return renewed(row, turns=turns) if goals_of(row) else None


def cycle(row: Environment, rng: random.Random) -> Environment | None:
    """A goal comes after one that comes after it."""
    turns = [turn for turn in row.turns if turn.goals]
    if not turns:
        return None
    first, last = turns[0].goals[0].id, turns[0].goals[-1].id
    return with_goals(row, lambda goal: replace(goal, after=sorted({*goal.after, *([last] if goal.id == first else []),
                                                                     *([first] if goal.id == last else [])})))


def goal_of_no_tool(row: Environment, rng: random.Random) -> Environment | None:
    goal = some_goal(row, rng)
    return with_goals(row, lambda each: replace(each, tool="no_such_tool") if each is goal else each) if goal else None


def after_no_goal(row: Environment, rng: random.Random) -> Environment | None:
    goal = some_goal(row, rng)
    return with_goals(row, lambda each: replace(each, after=["no-such-goal"]) if each is goal else each) if goal else None


def answer_not_so(row: Environment, rng: random.Random) -> Environment | None:
    """The answer is not what the gold call returns."""
    goals = answered_goals(row)
    if not goals:
        return None
    goal = rng.choice(goals)
    return with_goals(row, lambda each: replace(each, answer=["other", 1], response=None) if each is goal else each)


def response_not_so(row: Environment, rng: random.Random) -> Environment | None:
    """The response that is recorded is not what the gold call returns."""
    goals = [goal for goal in goals_of(row) if goal.response is not None]
    if not goals:
        return None
    goal = rng.choice(goals)
    return with_goals(row, lambda each: replace(each, response={"was": goal.response}) if each is goal else each)


def final_state_not_so(row: Environment, rng: random.Random) -> Environment | None:
    if not isinstance(row.world.final_state, dict):
        return None
    return renewed(row, world=replace(row.world, final_state={**row.world.final_state, "one_more_part": 1}))


def entry_nowhere(row: Environment, rng: random.Random) -> Environment | None:
    chosen = rng.choice(row.tools)
    return renewed(row, tools=[replace(tool, entry=f"{tool.entry}_gone") if tool is chosen else tool for tool in row.tools])
