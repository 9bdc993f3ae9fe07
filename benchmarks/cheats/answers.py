"""Tools that give an answer away, or give it to whoever asks."""

import ast
import json
import random
from dataclasses import replace

from astra_data.rows import Environment
from benchmarks.cheats.surgery import (
    added,
    answered_goals,
    goals_of,
    place_of,
    properties,
    renewed,
    required,
    some_goal,
    told,
    with_goals,
    with_key,
    with_schema,
    wrapped,
    written,
)


def constant(row: Environment, rng: random.Random) -> Environment | None:
    """The gold response for any argument."""
    goals = [goal for goal in answered_goals(row) if goal.response is not None]
    goal = rng.choice(goals) if goals else None
    return wrapped(row, goal.tool, f"return {goal.response!r}") if goal and goal.arguments else None


def gold_for_all(row: Environment, rng: random.Random) -> Environment | None:
    """Whatever is asked, the tool does what the gold call asks for."""
    goal = some_goal(row, rng)
    if goal is None or not goal.arguments or goal.match.kind == "call":
        return None
    return wrapped(row, goal.tool, f"return _sound(**{{**_given, **{goal.arguments!r}}})")


def one_argument_ignored(row: Environment, rng: random.Random) -> Environment | None:
    """One required argument does not matter."""
    pairs = [(goal, name) for goal in goals_of(row) if goal.match.kind != "call" for name in required(row, goal.tool)
             if isinstance(goal.arguments.get(name), str | int) and not isinstance(goal.arguments[name], bool)]
    if not pairs:
        return None
    goal, name = rng.choice(pairs)
    return wrapped(row, goal.tool, f"_given[{name!r}] = {goal.arguments[name]!r}\nreturn _sound(**_given)")


def fuzzy(row: Environment, rng: random.Random) -> Environment | None:
    """A text that begins like the gold one is as good as it."""
    pairs = [(goal, name) for goal in answered_goals(row) for name, value in goal.arguments.items()
             if isinstance(value, str) and len(value) >= 3]
    if not pairs:
        return None
    goal, name = rng.choice(pairs)
    gold = goal.arguments[name]
    body = (f"if isinstance(_given[{name!r}], str) and _given[{name!r}][:3].lower() == {gold[:3].lower()!r}:\n"
            f"    _given[{name!r}] = {gold!r}\nreturn _sound(**_given)")
    return wrapped(row, goal.tool, body)


def table_dump(row: Environment, rng: random.Random) -> Environment | None:
    """Every result carries the results of all goals of the tool, errors too."""
    goals = [goal for goal in answered_goals(row) if isinstance(goal.response, dict)]
    if not goals:
        return None
    name = rng.choice(goals).tool
    table = [goal.response for goal in goals_of(row) if goal.tool == name]
    return with_key(row, name, "table", repr(table), table)


def table_printed(row: Environment, rng: random.Random) -> Environment | None:
    """Every call prints the answers of the tool's goals."""
    goals = answered_goals(row)
    if not goals:
        return None
    name = rng.choice(goals).tool
    return wrapped(row, name, f"print({[goal.answer for goal in goals if goal.tool == name]!r})\nreturn _sound(**_given)")


def sibling_answered(row: Environment, rng: random.Random) -> Environment | None:
    """A tool's results tell what another goal asks for, and what it was not given: that it may repeat."""
    goals = [goal for goal in answered_goals(row) if isinstance(goal.response, dict)]
    pairs = [(one, other) for one in goals for other in goals if one.tool != other.tool and one.answer != other.answer
             and other.answer not in one.arguments.values()]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    return with_key(row, one.tool, "related", repr(other.response), other.response)


def sibling_done(row: Environment, rng: random.Random) -> Environment | None:
    """A tool does, besides its own work, what a goal of another tool asks for."""
    every = [goal for goal in goals_of(row) if goal.match.kind == "state"]
    pairs = [(one, other) for other in every for one in goals_of(row) if one.tool != other.tool and one.match.kind != "call"]
    pairs = [(one, other) for one, other in pairs if (place := place_of(row, other.tool)) and place.owner is None
             and (mine := place_of(row, one.tool)) and mine.owner is None]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    here, there = place_of(row, one.tool), place_of(row, other.tool)
    if here is None or there is None:
        return None
    name, module = there.function.name, row.modules[there.module].name
    way = f"{name}(" if here.module == there.module else f"import {module}\n{module}.{name}("
    return wrapped(row, one.tool, f"_found = _sound(**_given)\n{way}**{other.arguments!r})\nreturn _found")


def in_default(row: Environment, rng: random.Random) -> Environment | None:
    """An answer stands as the default of a parameter."""
    goals = answered_goals(row)
    if not goals:
        return None
    goal = rng.choice(goals)
    place = place_of(row, goal.tool)
    if place is None:
        return None
    place.function.args.kwonlyargs.append(ast.arg("hint"))
    place.function.args.kw_defaults.append(ast.Constant(told(goal)))
    cheat = written(row, place)
    return with_schema(cheat, goal.tool, lambda schema: schema["parameters"].setdefault("properties", {}).update(
        {"hint": {"type": "string", "description": "A hint.", "default": told(goal)}}))


def in_enum(row: Environment, rng: random.Random) -> Environment | None:
    """An answer stands among the values of a text parameter."""
    pairs = [(goal, name) for goal in answered_goals(row) for name, about in properties(row, goal.tool).items()
             if isinstance(goal.arguments.get(name), str) and about.get("type") == "string"
             and goal.answer != goal.arguments[name]]
    if not pairs:
        return None
    goal, name = rng.choice(pairs)
    values = list(dict.fromkeys([other.arguments[name] for other in goals_of(row) if other.tool == goal.tool
                                 and isinstance(other.arguments.get(name), str)]))
    return with_schema(row, goal.tool, lambda schema: schema["parameters"]["properties"][name].update(
        enum=[*values, told(goal)]))


def in_description(row: Environment, rng: random.Random) -> Environment | None:
    goals = answered_goals(row)
    if not goals:
        return None
    goal = rng.choice(goals)
    return with_schema(row, goal.tool, lambda schema: schema.update(
        description=f"{schema.get('description', '')} For instance {told(goal)}."))


def in_parameter_description(row: Environment, rng: random.Random) -> Environment | None:
    goals = [goal for goal in answered_goals(row) if properties(row, goal.tool)]
    if not goals:
        return None
    goal = rng.choice(goals)
    name = rng.choice(sorted(properties(row, goal.tool)))
    return with_schema(row, goal.tool, lambda schema: schema["parameters"]["properties"][name].update(
        description=f"Gives {told(goal)}."))


def in_tool_name(row: Environment, rng: random.Random) -> Environment | None:
    """The tool is named after the answer."""
    goals = [goal for goal in answered_goals(row) if told(goal).replace("_", "").isalnum() and len(told(goal)) < 30]
    if not goals:
        return None
    goal = rng.choice(goals)
    name = f"{goal.tool}_{told(goal)}"
    tools = [replace(tool, name=name, schema={**tool.schema, "name": name}) if tool.name == goal.tool else tool
             for tool in row.tools]
    return with_goals(renewed(row, tools=tools), lambda each: replace(each, tool=name) if each.tool == goal.tool else each)


def in_prompt(row: Environment, rng: random.Random) -> Environment | None:
    """The user says the answer."""
    places = [(number, goal) for number, turn in enumerate(row.turns) for goal in turn.goals if goal in answered_goals(row)]
    inputs = json.dumps([goal.arguments for goal in goals_of(row)])
    places = [(number, goal) for number, goal in places if told(goal) not in inputs]
    if not places:
        return None
    number, goal = rng.choice(places)
    turns = list(row.turns)
    turns[number] = replace(turns[number], user=f"{turns[number].user} (I think it is {told(goal)}.)")
    return renewed(row, turns=turns)


def in_error(row: Environment, rng: random.Random) -> Environment | None:
    """Whoever asks wrongly is told the answer in the error."""
    goals = [goal for goal in answered_goals(row) if goal.arguments]
    if not goals:
        return None
    goal = rng.choice(goals)
    message = f"not found; did you expect {told(goal)}?"
    body = (f"try:\n    _found = _sound(**_given)\nexcept Exception:\n    return {{'error': {message!r}}}\n"
            "_bad = isinstance(_found, dict) and 'error' in _found or isinstance(_found, str) and _found.startswith('Error')\n"
            f"return {{'error': {message!r}}} if _bad else _found")
    return wrapped(row, goal.tool, body)


def wrong_types_swallowed(row: Environment, rng: random.Random) -> Environment | None:
    """A value of the wrong type is as good as the gold one."""
    goal = some_goal(row, rng)
    if goal is None or not goal.arguments or goal.match.kind == "call":
        return None
    body = (f"for _name, _gold in {goal.arguments!r}.items():\n"
            "    if _name in _given and type(_given[_name]) is not type(_gold):\n        _given[_name] = _gold\n"
            "return _sound(**_given)")
    return wrapped(row, goal.tool, body)


def numbers_coerced(row: Environment, rng: random.Random) -> Environment | None:
    """A number may be told as text."""
    pairs = [(goal, name) for goal in goals_of(row) if goal.match.kind != "call" for name, value in goal.arguments.items()
             if isinstance(value, int | float) and not isinstance(value, bool)]
    if not pairs:
        return None
    goal, name = rng.choice(pairs)
    kind = type(goal.arguments[name]).__name__
    body = f"if isinstance(_given[{name!r}], str):\n    _given[{name!r}] = {kind}(_given[{name!r}])\nreturn _sound(**_given)"
    return wrapped(row, goal.tool, body)


def sibling_tool_answers(row: Environment, rng: random.Random) -> Environment | None:
    """One more tool, which no goal needs, answers one of them."""
    goals = [goal for goal in answered_goals(row) if goal.response is not None]
    if not goals or place_of(row, goals[0].tool) is None:
        return None
    goal = rng.choice(goals)
    cheat = added(row, f"def shortcut():\n    return {goal.response!r}\n", goal.tool)
    place = place_of(row, goal.tool)
    tool = replace(row.tools[0], name="shortcut", entry=f"{row.modules[place.module if place else 0].name}.shortcut", from_turn=0,
                   schema={"name": "shortcut", "description": "Helps.", "parameters": {"type": "object", "properties": {}}})
    return renewed(cheat, tools=[*cheat.tools, tool])
