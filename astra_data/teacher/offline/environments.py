"""Tools from what a sub-question says of itself: a program over the tables of a world, or a call that was recorded.

    write_code(WriteCode(case=<a recorded call of order_total>, ...), 0).source      # a function that answers the recorded calls

What a program stands for is drafted by `worlds`. A recorded tool answers the calls that were recorded and has a structured error
for all others. Tools of one name are one intent.
"""

import json
import keyword
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from astra_data.exact import shallow
from astra_data.messages import JsonObject
from astra_data.teacher.environment_asks import (
    Arguments,
    Cluster,
    Clusters,
    ClusterTools,
    Code,
    MergedTool,
    MergeTool,
    NodeCase,
    ScaleTool,
    ToolDocument,
    WriteCall,
    WriteCode,
    WriteTool,
)
from astra_data.teacher.teacher import Abstained
from astra_data.worlds.domains import DOMAINS
from astra_data.worlds.drafts import ToolDraft, draft

TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
SOURCE = '''"""Answers as they were recorded."""

import json

RECORDED = json.loads({recorded!r})


def {name}({signature}):
    given = {{{pairs}}}
    key = json.dumps({{name: value for name, value in given.items() if value is not None}}, sort_keys=True)
    if key not in RECORDED:
        return {{"error": {{"type": "unknown", "message": "nothing is known for these arguments"}}}}
    return RECORDED[key]
'''


def write_tool(inputs: WriteTool, sample: int) -> ToolDocument:
    if tool := _drafted(inputs.case):
        return ToolDocument(name=tool.name, description=tool.description, parameters=tool.parameters)
    call = _call(inputs.case)
    name = re.sub(r"\W+", "_", call["tool"], flags=re.ASCII).strip("_").lower()
    return ToolDocument(name=name, description=f"{call['tool']}, as it was seen to answer.",
                        parameters=_parameters([call["arguments"]]))


def scale_tool(inputs: ScaleTool, sample: int) -> ToolDocument:
    """A drafted tool is as rich as it gets, and of a recorded one nothing is known that it could do beside."""
    return inputs.document


def write_call(inputs: WriteCall, sample: int) -> Arguments:
    drafted = _drafted(inputs.case)
    return Arguments(arguments=drafted.arguments if drafted else _call(inputs.case)["arguments"])


def write_code(inputs: WriteCode, sample: int) -> Code:
    if tool := _drafted(inputs.case):
        return Code(source=tool.source, answer_path=tool.path)
    call = _call(inputs.case)
    content = shallow(call["content"], call["content"])
    return Code(source=_source(inputs.document.name, inputs.document.parameters, [(call["arguments"], content)]),
                answer_path=_path_of(inputs.case.answer, content))


def cluster_tools(inputs: ClusterTools, sample: int) -> Clusters:
    by_name: dict[str, list[str]] = defaultdict(list)
    for member in inputs.members:
        by_name[member.tool.name].append(member.id)
    return Clusters(clusters=[Cluster(intent=name, ids=ids) for name, ids in by_name.items()])


def merge_tool(inputs: MergeTool, sample: int) -> MergedTool:
    """One record of all calls; where both are the same code already, that code."""
    every = [*inputs.members, inputs.member]
    if inputs.source == inputs.member_source:
        return MergedTool(description=inputs.base.description, parameters=inputs.base.parameters, source=inputs.source,
                          arguments=inputs.member.arguments, answer_path=inputs.member.answer_path)
    if any(member.call is None for member in every):
        raise Abstained("no rule merges code that differs")
    recorded = [(member.arguments, shallow(member.call["content"], member.call["content"])) for member in every]
    parameters = _parameters([arguments for arguments, _ in recorded])
    return MergedTool(description=inputs.base.description, parameters=parameters,
                      source=_source(inputs.base.name, parameters, recorded), arguments=inputs.member.arguments,
                      answer_path=inputs.member.answer_path)


def _drafted(case: NodeCase) -> ToolDraft | None:
    """The tool of a program, if the sub-question has one."""
    if case.program is None:
        return None
    domain = DOMAINS.get(case.domain)
    if domain is None:
        raise Abstained(f"no world is called {case.domain!r}")
    answers = {pair.id: pair.answer for pair in case.dependencies}
    known = case.knowledge
    try:
        return draft(case.program, domain, known["tables"], answers, style=known["style"], shared=known["writes"])
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Abstained("its program is none of this world") from error


def _call(case: NodeCase) -> JsonObject:
    """The recorded call of a sub-question, of arguments that Python can name."""
    if not isinstance(case.call, dict):
        raise Abstained("nothing is recorded that a tool could be made of")
    odd = [name for name in case.call["arguments"] if not name.isidentifier() or keyword.iskeyword(name)]
    if odd:
        raise Abstained(f"the parameter {odd[0]!r} is no Python name")
    return case.call


def _parameters(calls: Sequence[JsonObject]) -> JsonObject:
    """The schema that all these arguments fit: what every call gives is required."""
    names = list(dict.fromkeys(name for arguments in calls for name in arguments))
    properties = {name: _property([arguments[name] for arguments in calls if name in arguments]) for name in names}
    return {"type": "object", "properties": properties, "additionalProperties": False,
            "required": [name for name in names if all(name in arguments for arguments in calls)]}


def _property(values: Sequence[Any]) -> JsonObject:
    kinds = sorted({TYPES.get(type(value), "null") for value in values})
    return {"type": kinds[0] if len(kinds) == 1 else kinds}


def _source(name: str, parameters: Mapping[str, Any], recorded: Sequence[tuple[JsonObject, Any]]) -> str:
    required = parameters["required"]
    names = required + [other for other in parameters["properties"] if other not in required]
    answers = {_key(arguments): content for arguments, content in recorded}
    if any(answers[_key(arguments)] != content for arguments, content in recorded):
        raise Abstained("the same call was answered in two ways")
    return SOURCE.format(
        recorded=json.dumps(answers), name=name, pairs=", ".join(f"{one!r}: {one}" for one in names),
        signature=", ".join(one if one in required else f"{one}=None" for one in names),
    )


def _key(arguments: JsonObject) -> str:
    return json.dumps({name: value for name, value in arguments.items() if value is not None}, sort_keys=True)


def _path_of(answer: Any, content: Any) -> str | None:
    """Where in a recorded result the answer stands; null if it is the result, or a part of its text."""
    return next((".".join(path) for path, value in _places(content, ()) if path and _equal(value, answer)), None)


def _places(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from _places(part, (*path, str(step)))


def _equal(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)
