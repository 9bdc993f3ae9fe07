"""Which tools and servers are kept: the deterministic filters of [A 20.1], one function per question.

    >>> tool_reason({"name": "get_time", "description": "get time"}, taken=set())
    'tool: description too short - get time'

A reason is stable up to ` - `, where a detail for people may follow.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from astra_data.characters import whole
from astra_data.exact import fault
from astra_data.messages import JsonObject
from astra_data.nesting import MOST_DEPTH, too_deep
from astra_data.rows.canonical import canonical
from astra_data.text.ngrams import SPACELESS_CHARACTER
from astra_data.tools.validate import schema_error

NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
LEAST_DESCRIPTION = 15
"""Characters of a description [A 20.1]."""
LEAST_TOOLS = 3
MOST_SCHEMA_BYTES = 65_536
"""The largest schema seen on a real server is 53 kB; what is larger is a dump of something else."""
MOST_SCHEMAS_BYTES = 16 << 20
"""Of all schemas of a server together: what is beyond is not looked at."""
MOST_DESCRIPTION = 65_536
"""Characters of a description, of a tool or a server. The longest of a real tool has 6,549."""
MOST_ANNOTATION_BYTES = 16_384
LONGEST_SHOWN = 80
"""Characters of a name that a reason tells."""
PSEUDO_TOOLS = {
    "list_resources": {"cursor", "server"},
    "list_resource_templates": {"cursor", "server"},
    "read_resource": {"uri", "server"},
    "list_prompts": {"cursor", "server"},
    "get_prompt": {"name", "arguments", "server"},
    "optional settings": set(),
}
"""Parts of the protocol, or of a crawler's page, dressed as tools: name -> the parameters that they have."""

NAMED_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
SCHEMAS = (
    "items prefixItems additionalItems additionalProperties anyOf allOf oneOf not if then else contains propertyNames "
    "unevaluatedItems unevaluatedProperties contentSchema"
).split()
KEYWORDS = {*NAMED_SCHEMAS, *SCHEMAS} | set(
    (
        "type enum const default title description examples format required minimum maximum exclusiveMinimum "
        "exclusiveMaximum multipleOf minLength maxLength pattern minItems maxItems uniqueItems minContains maxContains "
        "minProperties maxProperties dependentRequired dependencies contentEncoding contentMediaType readOnly writeOnly "
        "deprecated id $id $schema $ref $anchor $dynamicRef $dynamicAnchor $comment $vocabulary nullable example "
        "discriminator xml externalDocs"
    ).split()
)
"""Keywords of JSON Schema's drafts 4 to 2020-12, and those that OpenAPI adds. Names that start with `x-` are notes."""

MOST_BORDERLINE = 30
"""Characters of a description up to which it may say too little, and a judge is asked."""

EMPTY_WORDS = set("a an and the of for to in on with by from this that it is be get set tool function api call use used".split())

SERVER_DUPLICATE = "server: duplicate name"
SERVER_NEAR_DUPLICATE = "server: near duplicate"


UNKEPT = "astra:unkept"
"""Of a tool that cannot be kept exactly: the reason."""


def kept(tool: JsonObject) -> JsonObject:
    """The raw tool; of one that cannot be kept exactly what names and describes it, and why the rest is gone."""
    why = fault(tool)
    if why is None:
        return tool
    named = {name: tool[name] for name in ("name", "description") if isinstance(tool.get(name), str) and not fault(tool[name])}
    return {**named, UNKEPT: why}


PARAMETERS = ("inputSchema", "parameters", "input_schema", "parametersJsonSchema", "parameters_json_schema")
"""Where tools of MCP, of OpenAI, of Anthropic and of Gemini have the schema of their parameters."""
OTHER_SCHEMAS = ("outputSchema", "output_schema", "annotations", "response", "responseJsonSchema", "_meta", "meta")


def parameters_of(tool: JsonObject) -> Any:
    """The schema of a raw tool's parameters; None where it has none."""
    return next((tool[key] for key in PARAMETERS if key in tool), None)


def _unread(tool: JsonObject) -> str | None:
    """The key of what looks like the parameters of a raw tool, and stands where nobody looks for them."""
    if any(key in tool for key in PARAMETERS):
        return None
    return next((key for key, value in tool.items()
                 if key not in OTHER_SCHEMAS and isinstance(value, dict) and isinstance(value.get("properties"), dict)), None)


def tool_reason(tool: JsonObject, *, taken: Collection[str]) -> str | None:
    """Why a raw tool cannot be used, or None; `taken` are the names before it. Its schema is `schema_reason`'s matter."""
    name, description = tool.get("name"), tool.get("description")
    if why := tool.get(UNKEPT) or fault([name, description]):
        return f"tool: cannot be kept - {whole(str(name))[:LONGEST_SHOWN]}: {str(why)[:LONGEST_SHOWN]}"
    if pseudo(tool):
        return f"tool: pseudo-tool - {str(name)[:LONGEST_SHOWN]}"
    if name is None:
        return "tool: invalid name - it has none"
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f"tool: invalid name - {str(name)[:LONGEST_SHOWN]}"
    if name in taken:
        return f"tool: duplicate name - {name}"
    if task_alone(tool):
        return f"tool: runs as a task alone - {name}: its execution.taskSupport is required, and calls here are plain"
    if not isinstance(description, str) or not description.strip():
        return f"tool: no description - {name}"
    if len(description) > MOST_DESCRIPTION:
        return f"tool: description too long - {name}: {len(description)} characters"
    if key := _unread(tool):
        return f"tool: parameters under an unknown key - {name}: {whole(key)[:LONGEST_SHOWN]}, not {PARAMETERS[0]}"
    if weight(description) < LEAST_DESCRIPTION or _words(description) == _words(name):
        return f"tool: description too short - {description.strip()}"
    return None


def task_alone(tool: JsonObject) -> bool:
    """Whether every plain call of it fails."""
    execution = tool.get("execution")
    return isinstance(execution, dict) and execution.get("taskSupport") == "required"


def schema_reason(name: str, parameters: Any) -> str | None:
    """Why a repaired parameter schema cannot be used, or None."""
    if not isinstance(parameters, dict) or parameters.get("type") != "object":
        return f"tool: parameters not an object schema - {name}"
    if not isinstance(parameters["properties"], dict):
        return f"tool: invalid JSON Schema - {name}: properties is not an object"
    size = size_of(parameters)
    if size is None:
        return f"tool: invalid JSON Schema - {name}: it holds {fault(parameters)}"
    if size > MOST_SCHEMA_BYTES:
        return f"tool: schema too large - {name}: {size} bytes"
    if too_deep(parameters):
        return f"tool: invalid JSON Schema - {name}: it is nested more than {MOST_DEPTH} deep"
    if unsupported := next(unsupported_keywords(parameters), None):
        return f"tool: unsupported schema keyword - {name}: {unsupported}"
    if wrong := schema_error(parameters):
        return f"tool: invalid JSON Schema - {name}: {wrong}"
    unknown = [item for item in parameters["required"] if item not in parameters["properties"]]
    return f"tool: required not in properties - {name}: {unknown[0]}" if unknown else None


def size_of(value: Any) -> int | None:
    """Bytes as canonical JSON; None for what cannot be kept."""
    return None if fault(value) else len(canonical(value))


def unsupported_keywords(schema: Any) -> Iterator[str]:
    """The keywords of a schema, and of those inside it, that JSON Schema does not have: what they mean is anybody's guess."""
    if isinstance(schema, list):
        for part in schema:
            yield from unsupported_keywords(part)
    elif isinstance(schema, dict):
        yield from (key for key in schema if key not in KEYWORDS and not key.startswith("x-"))
        for key in SCHEMAS:
            yield from unsupported_keywords(schema.get(key))
        for key in NAMED_SCHEMAS:
            named = schema.get(key)
            yield from unsupported_keywords(list(named.values()) if isinstance(named, dict) else None)


def borderline(name: str, description: str) -> bool:
    """Whether a usable description may still be too ambiguous: it is short, or adds no word of meaning to the tool's name."""
    added = set(_words(description)) - set(_words(name)) - EMPTY_WORDS
    return weight(description) <= MOST_BORDERLINE or not added


def weight(text: str) -> int:
    """The length of a text in characters, where one of a script without spaces counts as two, since it says as much."""
    return len(text.strip()) + len(SPACELESS_CHARACTER.findall(text))


def server_reason(kept: int, offered: int) -> str | None:
    """Why a server cannot be used, or None."""
    if kept >= LEAST_TOOLS:
        return None
    return f"server: fewer than {LEAST_TOOLS} tools - {kept} usable of {offered}"


def pseudo(tool: JsonObject) -> bool:
    """Whether this only looks like a tool."""
    parameters = PSEUDO_TOOLS.get(str(tool.get("name")).lower())
    schema = parameters_of(tool)
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return parameters is not None and set(properties if isinstance(properties, dict) else ()) <= parameters


def _words(text: str) -> list[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return re.findall(r"[^\W_]+", spaced.lower())
