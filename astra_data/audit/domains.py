"""Other values of the kind that an argument has: from the tables in the modules, the state, and the other gold calls.

    >>> alike("Oslo", [[{"city": "Oslo"}, {"city": "Bergen"}]])
    ['Bergen']
"""

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any

from astra_data.audit.finding import goals_of
from astra_data.audit.trees import tree_of
from astra_data.rows.environments import Environment, Goal

MOST = 40


def tables_of(environment: Environment) -> list[Any]:
    """The data that the row holds: literal lists and objects of its modules, JSON texts in them, and the state."""
    found: list[Any] = [] if environment.world.initial_state is None else [environment.world.initial_state]
    for module in environment.modules:
        found += _literals(tree_of(module.source))
    return found


def _literals(node: ast.AST) -> Iterator[Any]:
    if isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.Constant):
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError):
            value = None
        if isinstance(value, str) and value[:1] in ("[", "{"):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = None
        if isinstance(value, dict | list | tuple):
            yield value
            return
    for child in ast.iter_child_nodes(node):
        yield from _literals(child)


def texts_in(node: Any) -> Iterator[str]:
    """Every text of a table, names of parts too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        yield from (name for name in node if isinstance(name, str))
        for each in node.values():
            yield from texts_in(each)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from texts_in(each)


def beside(value: Any, node: Any) -> Iterator[Any]:
    """The innermost objects and lines of a table that hold the value, and what stands under it where it is a name."""
    if isinstance(node, dict):
        if isinstance(value, str) and value in node:
            yield node[value]
        inner = list(node.values())
    elif isinstance(node, list | tuple):
        inner = list(node)
    else:
        return
    if any(type(each) is type(value) and each == value for each in inner):
        yield node
    for each in inner:
        yield from beside(value, each)


def record_of(key: str, node: Any) -> Iterator[Any]:
    """What a key names: what stands under it, or the only object or line of a list that holds it."""
    if isinstance(node, dict) and key in node:
        yield node[key]
    inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list | tuple) else []
    holding = [each for each in inner if key in (each.values() if isinstance(each, dict) else each
                                                 if isinstance(each, list | tuple) else ())]
    yield from holding if len(holding) == 1 else ()
    for each in inner:
        yield from record_of(key, each)


def alike(value: Any, tables: list[Any]) -> list[Any]:
    """Values that stand where this one does: under the same name in sibling objects, as sibling keys, in the list or column."""
    found: dict[Any, None] = {}
    for table in tables:
        for other in _siblings(value, table):
            if other != value and type(other) is type(value):
                found.setdefault(other)
            if len(found) >= MOST:
                return list(found)
    return list(found)


def _siblings(value: Any, node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if value in node and any(type(name) is type(value) for name in node):
            yield from node
        for each in node.values():
            yield from _siblings(value, each)
        yield from _columns(value, list(node.values()))
    elif isinstance(node, list | tuple):
        if any(each == value and type(each) is type(value) for each in node):
            yield from (each for each in node if isinstance(each, str | int | float))
        yield from _columns(value, node)
        for each in node:
            if isinstance(each, dict | list | tuple):
                yield from _siblings(value, each)


def _columns(value: Any, rows: Any) -> Iterator[Any]:
    """The columns of rows in which the value stands."""
    objects = [row for row in rows if isinstance(row, dict)]
    for name in {name for row in objects for name, each in row.items() if each == value and type(each) is type(value)}:
        yield from (row[name] for row in objects if isinstance(row.get(name), str | int | float))
    lines = [row for row in rows if isinstance(row, list | tuple)]
    for at in {at for row in lines for at, each in enumerate(row) if each == value and type(each) is type(value)}:
        yield from (row[at] for row in lines if at < len(row) and isinstance(row[at], str | int | float))


def domain_of(goal: Goal, environment: Environment, tables: list[Any], schema: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Other values for each argument of a gold call, those that other goals use first."""
    found = {}
    for name, value in goal.arguments.items():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        used = [other.arguments[name] for other in goals_of(environment) if other.tool == goal.tool and name in other.arguments]
        listed = (schema.get(name) or {}).get("enum") or []
        every = [each for each in [*used, *listed, *alike(value, tables)] if type(each) is type(value) and each != value]
        found[name] = list(dict.fromkeys(every))
    return found
