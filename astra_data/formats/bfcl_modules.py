"""The modules and tools of a bfcl-eval entry: its classes as they are, one instance of each, and their state as JSON.

    modules(files, entry)[-1].source        # the module `scenario`: an instance of each class, load, dump
    tools(files, entry)[0].entry            # 'scenario.GorillaFileSystem.cat'

A result that is no JSON is told as text, as bfcl-eval does. The state is what its own checker compares: the public attributes of
every instance. A directory's way back to its parent is left out, as it is in the equality of directories.
"""

import ast
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeGuard

from astra_data.bounded import python_text
from astra_data.errors import DataError, Place
from astra_data.formats.bfcl_source import PACKAGE, BfclFiles, Call, Entry, PythonClass
from astra_data.messages import JsonObject
from astra_data.rows.environments import EnvironmentTool, Module
from astra_data.tools.validate import argument_error

GLUE, LONG = "scenario", "long_context"
LONG_CATEGORY = "multi_turn_long_context"
TYPES = {"dict": "object", "float": "number", "list": "array", "tuple": "array", "int": "integer", "str": "string",
         "bool": "boolean", "String": "string"}
ANY = ("any", "Any")
NAMES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object",
                          type(None): "null"}
NO_DEFAULT = "None"
"""What documents write where the signature has a default of None, which is no value to pass."""
SCENARIO = '''"""One instance of each class, and their states as JSON."""

import functools
import json

{imports}


class _Tools:
    """The methods of an instance. A result that JSON cannot hold is told as text."""

    def __init__(self, instance):
        self._instance = instance

    def __getattr__(self, name):
        method = getattr(self._instance, name)

        @functools.wraps(method)
        def telling(**arguments):
            result = method(**arguments)
            try:
                json.dumps(result, allow_nan=False)
            except (TypeError, ValueError):
                return str(result)
            return result

        return telling


{instances}


def load(state):
    """Bring the instances into the state that the scenario begins with."""
{loads}


def dump():
    """The public attributes of every instance."""
    return {{{states}}}


def _plain(value):
    if isinstance(value, dict):
        return {{str(name): _plain(part) for name, part in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted(map(_plain, value), key=repr)
    if hasattr(value, "__dict__"):
        return {{name: _plain(part) for name, part in vars(value).items() if not name.startswith("_") and name != "parent"}}
    return value if value is None or isinstance(value, (str, int, float, bool)) else repr(value)
'''


def modules(files: BfclFiles, entry: Entry) -> list[Module]:
    """What the tools run: the module of long texts (only in the category that reads it with its texts), the classes, the glue."""
    classes = [files.classes[name] for name in entry.classes]
    sources = {each.module: _own_imports(each.source) for each in classes}
    names = sorted({name for each in classes for name in _long_names(each.source)})
    is_long = entry.category == LONG_CATEGORY
    long = files.long_context if is_long else "".join(f"{name} = None\n" for name in names)
    first = [Module(LONG, long)] if names else []
    return [*first, *(Module(name, source) for name, source in sources.items()), Module(GLUE, _glue(classes, is_long))]


def tools(files: BfclFiles, entry: Entry) -> list[EnvironmentTool]:
    """All tools of the classes, those that are excluded too, in the order of classes and documents. Their schemas admit the calls
    of the ground truth: where an argument is of another type than the document says, the schema has both."""
    found: dict[str, EnvironmentTool] = {}
    for name in entry.classes:
        for document in files.documents[name]:
            tool = document["name"]
            if tool in found:
                raise DataError(f"two tools of the name {tool}", place=Place(entry.id), mend="names are unique in an entry")
            calls = [call for turn in entry.calls for call in turn if call.tool == tool]
            parameters = admitting(fixed(document["parameters"]), calls)
            schema = {"name": tool, "description": document["description"], "parameters": parameters}
            found[tool] = EnvironmentTool(tool, schema, f"{GLUE}.{name}.{tool}", entry.first_turn(tool))
    return list(found.values())


def fixed(schema: Any) -> Any:
    """A schema of bfcl-eval as JSON Schema, all the way down: Python's names of types become those of JSON."""
    if not isinstance(schema, dict):
        return schema
    done: JsonObject = {}
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            done[key] = {name: fixed(part) for name, part in value.items()}
        elif key in ("items", "additionalProperties"):
            done[key] = fixed(value)
        elif key == "type" and value not in ANY:
            done[key] = TYPES.get(value, value) if isinstance(value, str) else value
        elif key != "type" and (key, value) != ("default", NO_DEFAULT):
            done[key] = value
    return done | {"items": {}} if done.get("type") == "array" and "items" not in done else done


def admitting(parameters: JsonObject, calls: Sequence[Call]) -> JsonObject:
    """The schema, with further types for the arguments that it would refuse."""
    properties = dict(parameters.get("properties", {}))
    for name, value in ((name, value) for call in calls for name, value in call.arguments.items()):
        known = properties.get(name, {})
        if "type" in known and argument_error({"properties": {name: known}}, {name: value}):
            properties[name] = known | {"type": [known["type"], NAMES[type(value)]]}
    return parameters | {"properties": properties}


def _glue(classes: list[PythonClass], is_long: bool) -> str:
    stateful = [each.name for each in classes if each.stateful]
    loads = [f"    {name}._instance._load_scenario(state[{name!r}], long_context={is_long})" for name in stateful]
    return SCENARIO.format(
        imports="\n".join(f"from {each.module} import {each.name} as _{each.name}" for each in classes),
        instances="\n".join(f"{each.name} = _Tools(_{each.name}())" for each in classes),
        loads="\n".join(loads) or "    return",
        states=", ".join(f"{name!r}: _plain({name}._instance)" for name in stateful),
    )


@cache
def _own_imports(source: str) -> str:
    """The source with imports from bfcl-eval turned into those of the modules beside it, and without imports it never uses."""
    tree = python_text.parsed(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    lines = source.splitlines(keepends=True)
    for node in reversed(tree.body):
        if isinstance(node, ast.Import) and not any(alias.name.partition(".")[0] in used for alias in node.names):
            lines[node.lineno - 1 : node.end_lineno] = []
        elif _is_of_package(node):
            names = ", ".join(alias.name for alias in node.names)
            lines[node.lineno - 1 : node.end_lineno] = [f"from {str(node.module).rpartition('.')[2]} import {names}\n"]
    return "".join(lines)


@cache
def _long_names(source: str) -> tuple[str, ...]:
    """The names that a source takes from the module of long texts."""
    return tuple(alias.name for node in python_text.parsed(source).body if _is_of_package(node) for alias in node.names)


def _is_of_package(node: ast.stmt) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}.")
