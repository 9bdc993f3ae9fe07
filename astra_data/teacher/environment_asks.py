"""The questions by which a sub-question becomes an executable tool [A 11], and tools of one intent become one [A 12].

    document = await writer.answer(WRITE_TOOL, WriteTool(case=..., problem=""))
    code = await writer.answer(WRITE_CODE, WriteCode(case=..., document=document, arguments={"order": "O-17"}, ...))

What can be told from an answer alone is checked here, and goes back to the model word for word; what only running it can tell
comes with the next ask, as `problem`. A call is arguments as JSON, held against the schema: there is no call that is nothing.
"""

import ast
import keyword
import re
from typing import Any

from pydantic import Field

from astra_data.bounded import python_text
from astra_data.teacher.ask import Ask
from astra_data.teacher.asks import Model
from astra_data.tools.validate import argument_error, schema_error

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
WORLD = "world"
"""The module with the state of a stateful environment: `TABLES`, which tools read and change."""


class Pair(Model):
    """A sub-question with its answer. Prompts show no `id`; programs refer to it."""

    id: str
    question: str
    answer: Any


class NodeCase(Model):
    """A sub-question whose tool is wanted. `dependencies` are those it builds on. `program`, `call` and `effect` are as in
    `Node`; prompts show no model the first two, from which rules answer."""

    domain: str
    language: str
    question: str
    answer: Any
    answer_type: str
    dependencies: list[Pair]
    knowledge: Any
    program: Any = None
    call: Any = None
    effect: Any = None


class ToolDocument(Model):
    """A tool as its users see it; `parameters` is the JSON Schema of an object."""

    name: str
    description: str = Field(min_length=1)
    parameters: dict[str, Any]


class WriteTool(Model):
    """Ask for the document of a tool that answers questions of this kind. `problem` is what became of the last attempt."""

    case: NodeCase
    problem: str = ""


class ScaleTool(Model):
    """Ask for the same tool with further optional parameters, as a real one would have."""

    case: NodeCase
    document: ToolDocument


class WriteCall(Model):
    """Ask for the arguments by which the tool answers the question."""

    case: NodeCase
    document: ToolDocument


class Arguments(Model):
    arguments: dict[str, Any]


class WriteCode(Model):
    """Ask for the tool's code. `previous` is the code of the last attempt and `problem` what running it showed."""

    case: NodeCase
    document: ToolDocument
    arguments: dict[str, Any]
    previous: str = ""
    problem: str = ""


class Code(Model):
    """Python source with a function of the tool's name; `answer_path` is the dotted place of the answer in the result, null if
    that is the answer."""

    source: str
    answer_path: str | None


class Member(Model):
    """One of the sub-questions that a tool answers. `tool` names the tool that does so now."""

    id: str
    question: str
    answer: Any
    tool: ToolDocument
    arguments: dict[str, Any]
    answer_path: str | None
    call: Any = None


class ClusterTools(Model):
    """Ask which sub-questions want the same work on other values."""

    members: list[Member]


class Cluster(Model):
    intent: str
    ids: list[str] = Field(min_length=1)


class Clusters(Model):
    clusters: list[Cluster]


class MergeTool(Model):
    """Ask for a tool that does what `base` does and answers the question of `member` too. `members` are those it must still
    answer by the same arguments. `previous` and `problem` are as in `WriteCode`."""

    base: ToolDocument
    source: str
    members: list[Member]
    member: Member
    member_source: str
    knowledge: Any
    previous: str = ""
    problem: str = ""


class MergedTool(Model):
    """The tool, extended, with the arguments and the place of the answer for the new member."""

    description: str = Field(min_length=1)
    parameters: dict[str, Any]
    source: str
    arguments: dict[str, Any]
    answer_path: str | None


def document_misfit(document: ToolDocument) -> str | None:
    """What keeps the document from being one of a Python function."""
    if not NAME.fullmatch(document.name) or keyword.iskeyword(document.name) or document.name == WORLD:
        return "name: must be a Python name of small letters, digits and underscores"
    return parameters_misfit(document.parameters)


def parameters_misfit(parameters: dict[str, Any]) -> str | None:
    if wrong := schema_error(parameters):
        return f"parameters: no JSON Schema - {wrong}"
    properties, required = parameters.get("properties", {}), parameters.get("required", [])
    if parameters.get("type") != "object" or not isinstance(properties, dict):
        return 'parameters: must be {"type": "object", "properties": {...}, "required": [...]}'
    odd = [name for name in properties if not name.isidentifier() or keyword.iskeyword(name)]
    if odd:
        return f"parameters: {odd[0]!r} is no Python name"
    unknown = [name for name in required if name not in properties]
    return f"parameters: {unknown[0]!r} is required and not among the properties" if unknown else None


def scaled_misfit(inputs: ScaleTool, answer: ToolDocument) -> str | None:
    """A scaled tool takes every call that the tool took before."""
    old, new = inputs.document.parameters, answer.parameters
    if answer.name != inputs.document.name:
        return f"name: must stay {inputs.document.name}"
    if wrong := document_misfit(answer):
        return wrong
    changed = [name for name, schema in old.get("properties", {}).items() if _type(new, name) != _type_of(schema)]
    if changed:
        return f"parameters: {changed[0]!r} must stay, with its type"
    if set(new.get("required", [])) != set(old.get("required", [])):
        return "parameters: what is required must stay as it was, and new parameters are optional"
    return None


def _type(parameters: dict[str, Any], name: str) -> Any:
    return _type_of(parameters.get("properties", {}).get(name))


def _type_of(schema: Any) -> Any:
    return schema.get("type", "any") if isinstance(schema, dict) else None


def code_misfit(source: str, name: str, parameters: dict[str, Any]) -> str | None:
    """What keeps the source from being that of the tool: syntax, or a signature unlike its schema. It is not run."""
    try:
        tree = python_text.parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"source: {type(error).__name__}: {error}"
    found = next((part for part in tree.body if isinstance(part, ast.FunctionDef) and part.name == name), None)
    if found is None:
        return f"source: no function {name} at the top level"
    taken = found.args
    if taken.vararg or taken.kwarg or taken.posonlyargs:
        return f"source: {name} must name each parameter, without * and **"
    given = [argument.arg for argument in (*taken.args, *taken.kwonlyargs)]
    if sorted(given) != sorted(parameters.get("properties", {})):
        return f"source: {name} takes ({', '.join(given)}), its schema has ({', '.join(parameters.get('properties', {}))})"
    bare = taken.args[: len(taken.args) - len(taken.defaults)]
    bare += [argument for argument, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if default is None]
    if {argument.arg for argument in bare} != set(parameters.get("required", [])):
        return f"source: {name} must have a default for each optional parameter, and for no required one"
    return None


def clusters_misfit(inputs: ClusterTools, answer: Clusters) -> str | None:
    """Every sub-question is in exactly one cluster [A 12]."""
    given = sorted(name for cluster in answer.clusters for name in cluster.ids)
    wanted = sorted(member.id for member in inputs.members)
    return None if given == wanted else f"clusters: each of {', '.join(wanted)} must be in exactly one cluster"


def merged_misfit(inputs: MergeTool, answer: MergedTool) -> str | None:
    """The merged schema covers the arguments of all members, and the source has its signature."""
    if wrong := parameters_misfit(answer.parameters):
        return wrong
    for member in inputs.members:
        if wrong := argument_error(answer.parameters, member.arguments):
            return f"parameters: the call for {member.question!r} does not fit any more - {wrong}"
    return argument_error(answer.parameters, answer.arguments) or code_misfit(answer.source, inputs.base.name, answer.parameters)


def _call_misfit(inputs: WriteCall, answer: Arguments) -> str | None:
    return argument_error(inputs.document.parameters, answer.arguments)


WRITE_TOOL = Ask("write_tool", 1, "writer", WriteTool, ToolDocument, check=lambda _, answer: document_misfit(answer))
SCALE_TOOL = Ask("scale_tool", 1, "writer", ScaleTool, ToolDocument, check=scaled_misfit)
WRITE_CALL = Ask("write_call", 1, "writer", WriteCall, Arguments, check=_call_misfit)
WRITE_CODE = Ask("write_code", 1, "writer", WriteCode, Code,
                 check=lambda inputs, answer: code_misfit(answer.source, inputs.document.name, inputs.document.parameters))
CLUSTER_TOOLS = Ask("cluster_tools", 1, "writer", ClusterTools, Clusters, check=clusters_misfit)
MERGE_TOOL = Ask("merge_tool", 1, "writer", MergeTool, MergedTool, check=merged_misfit)

ENVIRONMENT_ASKS = (WRITE_TOOL, SCALE_TOOL, WRITE_CALL, WRITE_CODE, CLUSTER_TOOLS, MERGE_TOOL)
