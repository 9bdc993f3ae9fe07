"""Rows that give away what an earlier goal finds out and a later one takes, so that the earlier call is not needed any more."""

import random
import re
from dataclasses import replace

from astra_data.rows import Environment
from astra_data.rows.environments import Goal
from benchmarks.cheats.surgery import answered_goals, goals_of, properties, renewed, told, with_goals, with_schema


def _chosen(row: Environment, rng: random.Random) -> tuple[Goal, Goal, str] | None:
    """A goal whose answer is a text that no user says, a goal after it that takes that, and as which argument."""
    said, goals = "\n".join(turn.user for turn in row.turns).casefold(), goals_of(row)
    found = [
        (goal, later, name) for at, goal in enumerate(goals) if goal in answered_goals(row) and isinstance(goal.answer, str)
        for later in goals[at + 1 :] for name, value in (later.arguments or {}).items()
        if value == goal.answer and goal.answer.casefold() not in said and later.tool != goal.tool
        and not any(value in (each.arguments or {}).values() for each in goals[: at + 1])
    ]
    return rng.choice(found) if found else None


def intermediate_in_description(row: Environment, rng: random.Random) -> Environment | None:
    """The tool that takes it names it as an example."""
    if (chosen := _chosen(row, rng)) is None:
        return None
    goal, later, _ = chosen
    return with_schema(row, later.tool, lambda schema: schema.update(
        description=f"{schema.get('description', '')} Ask it about {told(goal)}."))


def intermediate_in_parameter(row: Environment, rng: random.Random) -> Environment | None:
    """The parameter that takes it names it as an example."""
    if (chosen := _chosen(row, rng)) is None:
        return None
    goal, later, name = chosen
    return with_schema(row, later.tool, lambda schema: schema["parameters"]["properties"][name].update(
        description=f"Such as {told(goal)}."))


def intermediate_in_enum(row: Environment, rng: random.Random) -> Environment | None:
    """The parameter that takes it may take nothing but what the gold calls give."""
    if (chosen := _chosen(row, rng)) is None:
        return None
    _, later, name = chosen
    values = [goal.arguments[name] for goal in goals_of(row) if goal.tool == later.tool and name in goal.arguments]
    return with_schema(row, later.tool, lambda schema: schema["parameters"]["properties"][name].update(
        enum=list(dict.fromkeys(values))))


def intermediate_in_another_enum(row: Environment, rng: random.Random) -> Environment | None:
    """It stands among the values of a parameter of the tool that finds it out."""
    if (chosen := _chosen(row, rng)) is None:
        return None
    goal = chosen[0]
    names = [name for name, about in properties(row, goal.tool).items()
             if about.get("type") == "string" and isinstance(goal.arguments.get(name), str)]
    if not names:
        return None
    name = rng.choice(names)
    used = [each.arguments[name] for each in goals_of(row) if each.tool == goal.tool and name in each.arguments]
    return with_schema(row, goal.tool, lambda schema: schema["parameters"]["properties"][name].update(
        enum=list(dict.fromkeys([*used, goal.answer]))))


def intermediate_in_default(row: Environment, rng: random.Random) -> Environment | None:
    """The schema names it as the default of the parameter that takes it."""
    if (chosen := _chosen(row, rng)) is None:
        return None
    goal, later, name = chosen
    return with_schema(row, later.tool, lambda schema: schema["parameters"]["properties"][name].update(default=goal.answer))


def intermediate_in_name(row: Environment, rng: random.Random) -> Environment | None:
    """The tool that takes it is named after it, in lower case and with underscores."""
    chosen = _chosen(row, rng)
    slug = re.sub(r"\W+", "_", told(chosen[0]).lower()).strip("_") if chosen else ""
    if chosen is None or not slug.isascii() or len(slug) < 3:
        return None
    old, new = chosen[1].tool, f"{chosen[1].tool}_of_{slug}"
    tools = [replace(tool, name=new, schema={**tool.schema, "name": new}) if tool.name == old else tool for tool in row.tools]
    return with_goals(renewed(row, tools=tools), lambda each: replace(each, tool=new) if each.tool == old else each)


def intermediate_in_prompt(row: Environment, rng: random.Random) -> Environment | None:
    """The user says it."""
    if (chosen := _chosen(row, rng)) is None:
        return None
    at = next(number for number, turn in enumerate(row.turns) if chosen[0] in turn.goals)
    turns = list(row.turns)
    turns[at] = replace(turns[at], user=f"{turns[at].user} ({told(chosen[0])}, I believe.)")
    return renewed(row, turns=turns)
