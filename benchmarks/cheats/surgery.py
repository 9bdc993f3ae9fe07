"""The source of an environment's tools, taken apart and put together again.

    wrapped(environment, "get_order", "return {**_sound(**_given), 'note': 7}")

gives the environment whose `get_order` has that body. `_sound` is what the tool was, `_given` the arguments it got by name. Works
on functions and on methods, in whichever module of the row they stand.
"""

import ast
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from astra_data.rows import Environment, new_row
from astra_data.rows.environments import EnvironmentTool, Goal, Module

Function = ast.FunctionDef
ASKED = """try:
    _found = _sound(**_given)
except Exception:
    _found = {'error': 'refused'}
_bad = isinstance(_found, str) and _found.startswith('Error')
if isinstance(_found, dict):
    _bad = 'error' in _found or _found.get('success') is False
"""
"""Code that asks what the tool was, and says whether that refuses the call."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tool's code stands. `owner` is null for functions, and the class for methods."""

    module: int
    tree: ast.Module
    owner: ast.ClassDef | None
    function: Function


def renewed(environment: Environment, **changes: Any) -> Environment:
    """The environment with these changes, its id computed anew and without an audit."""
    changed = replace(environment, **{"audit": [], "hackability": None, **changes})
    values = {field.name: getattr(changed, field.name) for field in fields(changed) if field.name != "id"}
    row: Environment = new_row(Environment, **values)
    return row


def goals_of(environment: Environment) -> list[Goal]:
    return [goal for turn in environment.turns for goal in turn.goals]


def tool_of(environment: Environment, name: str) -> EnvironmentTool:
    return next(tool for tool in environment.tools if tool.name == name)


def place_of(environment: Environment, name: str) -> Place | None:
    """The code of a tool, or None where it takes `*args` or is not found."""
    path = tool_of(environment, name).entry.split(".")
    order = sorted(range(len(environment.modules)), key=lambda index: environment.modules[index].name not in path)
    trees = {index: ast.parse(environment.modules[index].source) for index in order}
    for methods in (False, True):
        for index, tree in trees.items():
            for owner in [node for node in tree.body if isinstance(node, ast.ClassDef)] if methods else [None]:
                for node in reversed((owner or tree).body):
                    names = {path[-1], *_aliases(tree, path[-1])}
                    if isinstance(node, Function) and node.name in names and not (node.args.vararg or node.args.kwarg):
                        return Place(index, tree, owner, node)
    return None


def _aliases(tree: ast.Module, name: str) -> list[str]:
    """Names of functions that `name` is assigned to be."""
    return [node.value.id for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
            and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)]


def parameters_of(place: Place) -> list[ast.arg]:
    """The parameters that callers give: all but `self`."""
    every = [*place.function.args.posonlyargs, *place.function.args.args, *place.function.args.kwonlyargs]
    return every[1:] if place.owner is not None else every


def written(environment: Environment, place: Place) -> Environment:
    """The environment with the changed tree of the place as the source of its module."""
    modules = list(environment.modules)
    modules[place.module] = Module(modules[place.module].name, ast.unparse(ast.fix_missing_locations(place.tree)) + "\n")
    return renewed(environment, modules=modules)


def wrapped(environment: Environment, name: str, body: str) -> Environment | None:
    """The environment whose tool has this body; what it was is at hand there as `_sound`. None where the tool is not found."""
    place = place_of(environment, name)
    if place is None:
        return None
    function, parameters = place.function, parameters_of(place)
    own = [ast.arg(each.arg) for each in parameters]
    inner = ast.arguments(posonlyargs=[], args=own, kwonlyargs=[], kw_defaults=[], defaults=[])
    sound = ast.FunctionDef(name="_sound", args=inner, body=function.body, decorator_list=[], type_params=[])
    given = f"_given = {{{', '.join(f'{each.arg!r}: {each.arg}' for each in parameters)}}}"
    function.body = [sound, *ast.parse(given).body, *ast.parse(body).body]
    return written(environment, place)


def added(environment: Environment, source: str, at: str) -> Environment:
    """The environment with more source at the end of the module that holds the tool `at`."""
    place = place_of(environment, at)
    index = place.module if place else 0
    modules = list(environment.modules)
    modules[index] = Module(modules[index].name, f"{modules[index].source.rstrip()}\n\n\n{source}")
    return renewed(environment, modules=modules)


def with_schema(environment: Environment, name: str, change: Callable[[dict[str, Any]], None]) -> Environment:
    """The environment whose tool has the schema that `change` makes of a copy."""
    def changed(tool: EnvironmentTool) -> EnvironmentTool:
        schema = json.loads(json.dumps(tool.schema))
        change(schema)
        return replace(tool, schema=schema)

    return renewed(environment, tools=[changed(tool) if tool.name == name else tool for tool in environment.tools])


def with_goals(environment: Environment, change: Callable[[Goal], Goal]) -> Environment:
    """The environment with every goal as `change` makes it."""
    return renewed(environment, turns=[replace(turn, goals=[change(goal) for goal in turn.goals]) for turn in environment.turns])


def with_key(environment: Environment, name: str, key: str, code: str, value: Any) -> Environment | None:
    """The environment whose tool adds `key`, computed by `code`, to its results that are objects, as its goals' responses say.

    None where a goal compares the whole response, or no response is an object.
    """
    mine = [goal for goal in goals_of(environment) if goal.tool == name]
    if not mine or not all(isinstance(goal.response, dict) for goal in mine):
        return None
    if any(goal.match.path is None and goal.match.kind in ("exact", "json", "set", "number") for goal in mine):
        return None
    cheat = wrapped(environment, name, f"_found = _sound(**_given)\nreturn {{**_found, {key!r}: {code}}}\n")

    def told(goal: Goal) -> Goal:
        return replace(goal, response={**goal.response, key: value}) if goal.tool == name else goal

    return with_goals(cheat, told) if cheat else None


def answered_goals(environment: Environment) -> list[Goal]:
    """The goals that a response reaches by its answer."""
    return [goal for goal in goals_of(environment) if goal.match.kind not in ("call", "state") and goal.answer is not None]


def some_goal(environment: Environment, rng: random.Random) -> Goal | None:
    """One of the goals that an answer or a state reaches, a goal of kind `call` where there is none."""
    every = goals_of(environment)
    return rng.choice([goal for goal in every if goal.match.kind != "call"] or every) if every else None


def told(goal: Goal) -> str:
    """The answer as a person would write it."""
    return goal.answer if isinstance(goal.answer, str) else json.dumps(goal.answer, ensure_ascii=False)


def properties(environment: Environment, name: str) -> dict[str, Any]:
    parameters = tool_of(environment, name).schema.get("parameters") or {}
    return dict(parameters.get("properties") or {})


def required(environment: Environment, name: str) -> list[str]:
    parameters = tool_of(environment, name).schema.get("parameters") or {}
    return list(parameters.get("required") or [])
