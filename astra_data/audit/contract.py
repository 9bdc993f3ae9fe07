"""Whether a row fits together, read and not run: names, the order of goals, and schemas against signatures.

    >>> [check.passed for check in structure_check(environment)]
    [True]
"""

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from astra_data.audit.finding import goals_of, not_applicable, only_calls, properties, required, verdict
from astra_data.audit.trees import nodes_of, tree_of
from astra_data.rollout.goals import same
from astra_data.rows.environments import AuditCheck, Environment, EnvironmentTool
from astra_data.tools.validate import argument_error, schema_error

Function = ast.FunctionDef | ast.AsyncFunctionDef


def structure_check(environment: Environment) -> list[AuditCheck]:
    goals = goals_of(environment)
    return [verdict("structure", None, _structure(environment), f"{len(environment.tools)} tools, {len(goals)} goals in order")]


def _structure(environment: Environment) -> Iterator[str]:
    goals, tools = goals_of(environment), {tool.name: tool for tool in environment.tools}
    ids = [goal.id for goal in goals]
    yield from (f"two tools are named {name}" for name, count in Counter(t.name for t in environment.tools).items() if count > 1)
    yield from (f"two goals are named {name}" for name, count in Counter(ids).items() if count > 1)
    yield from () if goals else ("there is no goal",)
    for tool in environment.tools:
        if not isinstance(tool.schema, dict) or tool.schema.get("name") != tool.name:
            yield f"the schema of {tool.name} names another tool"
        elif reason := schema_error(tool.schema.get("parameters") or {}):
            yield f"the schema of {tool.name} is none: {reason}"
    names = {name for module in environment.modules for name in _defined(module.source)}
    yield from (f"{tool.name} has no code at {tool.entry}" for tool in environment.tools
                if names and tool.entry.rpartition(".")[2] not in names)
    for turn, asked in enumerate(environment.turns):
        for goal in asked.goals:
            if goal.tool not in tools or tools[goal.tool].from_turn > turn:
                yield f"goal {goal.id} needs {goal.tool}, which is not on offer in turn {turn}"
            yield from (f"goal {goal.id} comes after {name}, which is no goal" for name in goal.after if name not in ids)
    try:
        TopologicalSorter({goal.id: goal.after for goal in goals}).prepare()
    except CycleError:
        yield "goals come after each other in a circle"


def _defined(source: str) -> Iterator[str]:
    """Every name that a module defines or assigns, methods too."""
    try:
        nodes = nodes_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        if isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)


def needed_check(environment: Environment) -> list[AuditCheck]:
    """A tool that no goal needs is dead weight where tools are made for goals; real interfaces offer more than a task needs."""
    if only_calls(environment):
        return [not_applicable("needed", None, "goals are calls of an interface that offers more than a task needs")]
    called = {goal.tool for goal in goals_of(environment)}
    idle = [f"no goal needs {tool.name}" for tool in environment.tools if tool.name not in called]
    return [verdict("needed", None, idle, "every tool reaches a goal")]


def signature_checks(environment: Environment) -> Iterator[AuditCheck]:
    """One check per tool: parameters named as properties, and required those without a default."""
    for tool in environment.tools:
        place = function_of(environment, tool)
        if place is None:
            yield not_applicable("signature", tool.name, "its code is not written out as a function")
        else:
            yield verdict("signature", tool.name, _differences(tool, *place), "schema and signature agree")


def function_of(environment: Environment, tool: EnvironmentTool) -> tuple[Function, bool] | None:
    """The code of a tool and whether it is a method; the module and class that its entry names come first."""
    path = tool.entry.split(".")
    found: list[tuple[int, Function, bool]] = []
    for module in environment.modules:
        here = 0 if tool.entry.startswith(f"{module.name}.") else 2
        body = tree_of(module.source).body
        names = {path[-1], *(node.value.id for node in body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)
                             and any(isinstance(to, ast.Name) and to.id == path[-1] for to in node.targets))}
        for node in body:
            if isinstance(node, Function) and node.name in names:
                found.append((here + (len(path) > 2), node, False))
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, Function) and inner.name == path[-1]:
                    static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in inner.decorator_list)
                    found.append((here + (len(path) < 3), inner, not static))
    best = min(found, key=lambda each: each[0], default=None)
    return None if best is None else (best[1], best[2])


def _differences(tool: EnvironmentTool, function: Function, method: bool) -> Iterator[str]:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, ast.expr | None] = {each.arg: None for each in plain}
    for name, default in zip(reversed(list(defaults)), reversed(arguments.defaults), strict=False):
        defaults[name] = default
    for extra, default_or_none in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        defaults[extra.arg] = default_or_none
    if method and plain:
        del defaults[plain[0].arg]
    stated, must = properties(tool.schema), set(required(tool.schema))
    if arguments.posonlyargs[method:]:
        yield "takes arguments by place alone"
    if not arguments.kwarg:
        yield from (f"the schema has {name}, the code has not" for name in stated if name not in defaults)
    for name, written in defaults.items():
        if name not in stated:
            yield f"the code has {name}, the schema has not"
        elif (name in must) != (written is None):
            yield f"{name} is {'required' if name in must else 'optional'} in the schema and not so in the code"
        elif written is not None and isinstance(stated[name], dict) and "default" in stated[name]:
            yield from _default(name, written, stated[name]["default"])


def _default(name: str, written: ast.expr, said: Any) -> Iterator[str]:
    try:
        value = ast.literal_eval(written)
    except ValueError:
        return
    value = list(value) if isinstance(value, tuple) else value
    if value is not None and not same(value, said):
        yield f"{name} has another default in the schema than in the code"


def argument_faults(environment: Environment) -> Iterator[str]:
    """Gold calls whose arguments the schema of their tool does not allow."""
    schemas = {tool.name: tool.schema.get("parameters") or {} for tool in environment.tools}
    for goal in goals_of(environment):
        if reason := argument_error(schemas[goal.tool], goal.arguments):
            yield f"the gold call of {goal.id} is not allowed: {reason}"
