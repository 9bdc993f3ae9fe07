"""What JSON columns hold where code goes into them: messages, tools, schemas and arguments. All other JSON may be anything.

    shape_error(SftRow, row)            # None, or 'messages[2].role: expected a text'

Row types say nothing of what is in their JSON. What we make is checked where it is made; what others made, here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from astra_data.rows.arenas import Arena
from astra_data.rows.environments import MATCHES, Environment
from astra_data.rows.questions import Question
from astra_data.rows.schema import Row
from astra_data.rows.sft import SftRow
from astra_data.rows.tools import Server
from astra_data.rows.trajectories import Trajectory

Look = Callable[[Any], str | None]
"""A value -> what is wrong with it, as `.field: what`, or None."""

OBJECT, TEXT = ": expected an object", ": expected a text"


def shape_error(row_type: type, row: Row) -> str | None:
    """The first JSON value of a row that is not what it has to be, and why. Columns that are null are passed over."""
    for name, look in LOOKS.get(row_type, {}).items():
        value = row[name]
        if value is not None and (wrong := look(value)):
            return name + wrong
    return _codeless(row) if row_type is Arena else None


def _codeless(row: Row) -> str | None:
    """Of an arena whose columns are in shape, the first tool on offer whose code is nowhere, or code of no tool on offer."""
    offered = [tool["function"]["name"] for tool in row["tools"] or ()]
    coded = [entry["name"] for entry in row["entries"] or ()]
    return next((f"entries[{index}].name: no tool on offer" for index, name in enumerate(coded) if name not in offered), None) \
        or next((f"tools[{index}]: no entry has its code" for index, name in enumerate(offered) if name not in coded), None)


def _each(look: Look) -> Look:
    """For a list, every element."""

    def each(values: Any) -> str | None:
        if type(values) is not list:
            return ": expected a list"
        for index, value in enumerate(values):
            if wrong := look(value):
                return f"[{index}]{wrong}"
        return None

    return each


def _object(value: Any) -> str | None:
    return None if type(value) is dict else OBJECT


def _text(value: Any) -> str | None:
    return None if type(value) is str else TEXT


def _objects(*names: str) -> Look:
    """For a struct of the row type, fields that are an object or null."""

    def look(value: Any) -> str | None:
        return next((f".{name}{OBJECT}" for name in names if type(value[name]) not in (dict, type(None))), None)

    return look


_names = _each(_text)


def _parameters(schema: Any) -> str | None:
    if type(schema) is not dict:
        return f".parameters{OBJECT}"
    if type(schema.get("properties", {})) is not dict:
        return f".parameters.properties{OBJECT}"
    return f".parameters.required{wrong}" if "required" in schema and (wrong := _names(schema["required"])) else None


def _function(value: Any) -> str | None:
    if type(value) is not dict:
        return OBJECT
    if type(value.get("name")) is not str:
        return f".name{TEXT}"
    if type(value.get("description", "")) not in (str, type(None)):
        return f".description{TEXT}"
    return _parameters(value["parameters"]) if "parameters" in value else None


def _openai(tool: Any) -> str | None:
    wrong = _function(tool.get("function")) if type(tool) is dict else OBJECT
    return wrong and f".function{wrong}"


def _call(value: Any) -> str | None:
    function = value.get("function") if type(value) is dict else None
    if type(function) is not dict:
        return f".function{OBJECT}"
    if type(value.get("id")) is not str or type(function.get("name")) is not str:
        return ": its id and name are texts"
    return None if type(function.get("arguments")) is dict else f".function.arguments{OBJECT}"


_calls = _each(_call)


def _message(value: Any) -> str | None:
    if type(value) is not dict or type(value.get("role")) is not str:
        return f".role{TEXT}"
    spoken = value["role"] == "assistant"
    if type(value.get("content")) is not str and not (spoken and value.get("content") is None):
        return f".content{TEXT}"
    if value["role"] == "tool" and type(value.get("tool_call_id")) is not str:
        return f".tool_call_id{TEXT}"
    if spoken and type(value.get("reasoning_content", "")) not in (str, type(None)):
        return f".reasoning_content{TEXT}"
    return f".tool_calls{wrong}" if value.get("tool_calls") and (wrong := _calls(value["tool_calls"])) else None


def _offered(tool: Any) -> str | None:
    wrong = _function(tool["schema"])
    if wrong is None and "name" in tool and tool["name"] != tool["schema"]["name"]:
        wrong = ".name: is not that of the tool"
    return wrong and f".schema{wrong}"


def _served(tool: Any) -> str | None:
    return _parameters(tool["parameters"]) or _declared(tool)


_declared = _objects("output_schema", "annotations")


def _goal(goal: Any) -> str | None:
    kind, arguments = goal["match"]["kind"], goal["arguments"]
    if type(arguments) not in (dict, type(None)):
        return f".arguments{OBJECT}"
    if kind not in MATCHES:
        return f".match.kind: expected one of {', '.join(MATCHES)}"
    return ".arguments: a match of kind call needs them" if kind == "call" and arguments is None else None


_goals = _each(_goal)


def _turn(turn: Any) -> str | None:
    wrong = _goals(turn["goals"])
    return wrong and f".goals{wrong}"


LOOKS: Mapping[type, Mapping[str, Look]] = {
    Server: {"connection": _object, "tools": _each(_served)},
    Trajectory: {"messages": _each(_message), "tools": _each(_openai)},
    SftRow: {"messages": _each(_message), "tools": _each(_openai)},
    Question: {"knowledge": _object, "nodes": _each(_objects("program", "call", "effect"))},
    Environment: {"tools": _each(_offered), "turns": _each(_turn)},
    Arena: {"prompt": _each(_message), "tools": _each(_openai), "turns": _each(_turn)},
}
"""Row type -> column -> what its values are looked at for."""
