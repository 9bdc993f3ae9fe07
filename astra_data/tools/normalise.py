"""From a raw document to the `Server` row that the other stages use.

    outcome = normalise(document)
    outcome.server              # Server, or None if too few tools are left
    outcome.rejected            # [(Server row with only the tool that was dropped, "tool: no description - x")]

Schemas become OpenAI parameter objects. Only what loses nothing is repaired: an absent `type` where there are properties, absent
`properties`, absent `required`. `$ref` and `$defs` stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows import Server, new_row
from astra_data.rows.tools import Tool
from astra_data.text.language import language_of
from astra_data.tools.documents import Document
from astra_data.tools.filters import SERVER_DUPLICATE, schema_reason, server_reason, tool_reason
from astra_data.tools.validate import schema_error


@dataclass(frozen=True, slots=True)
class Normalised:
    """The row of a server, and what was dropped on the way, each with its reason."""

    server: Server | None
    rejected: list[tuple[Server, str]]


def normalise_all(documents: Iterable[Document]) -> Iterator[Normalised]:
    """`normalise` for each document in order; of two servers with one name the first is kept."""
    names: set[str] = set()
    for document in documents:
        outcome = normalise(document)
        if outcome.server and document.name in names:
            duplicate = (outcome.server, f"{SERVER_DUPLICATE} - {document.name}")
            yield Normalised(None, [*outcome.rejected, duplicate])
            continue
        names.update([document.name] if outcome.server else [])
        yield outcome


def normalise(document: Document) -> Normalised:
    """The row of one document. Every raw tool ends up in the row or among the rejected."""
    tools: list[Tool] = []
    rejected: list[tuple[Server, str]] = []
    flags = list(document.flags)
    taken: set[str] = set()
    for raw in document.tools:
        parameters, repaired = repair(raw.get("inputSchema", raw.get("parameters")))
        reason = tool_reason(raw, taken=taken) or schema_reason(raw["name"], parameters)
        tool, dropped = _tool(raw, parameters)
        if reason:
            rejected.append((row_of(document, [tool], []), reason))
            continue
        taken.add(tool.name)
        tools.append(tool)
        flags += [f"repaired: {tool.name}"] * repaired + [f"no usable output schema: {tool.name}"] * dropped
    return settled(document, tools, [*flags, *_undescribed(tools)], rejected)


def settled(
    document: Document,
    tools: list[Tool],
    flags: list[str],
    rejected: list[tuple[Server, str]],
    models: Mapping[str, str] | None = None,
) -> Normalised:
    """The server of the tools that are left, or its rejection where too few are."""
    server = row_of(document, tools, flags, language=_language(document, tools), models=models)
    if reason := server_reason(len(tools), len(document.tools)):
        return Normalised(None, [*rejected, (server, reason)])
    return Normalised(server, rejected)


def repair(schema: Any) -> tuple[Any, bool]:
    """A parameter schema with what is implied written out, and whether its `type` had to be added."""
    if schema is None or schema == {}:
        return {"type": "object", "properties": {}, "required": []}, False
    if not isinstance(schema, dict):
        return schema, False
    untyped = "type" not in schema and isinstance(schema.get("properties"), dict)
    if untyped or schema.get("type") == ["object"]:
        schema = schema | {"type": "object"}
    if schema.get("type") == "object":
        implied: JsonObject = {"properties": {}, "required": []}
        schema = schema | {key: value for key, value in implied.items() if schema.get(key) is None}
    return schema, untyped


def _tool(raw: JsonObject, parameters: Any) -> tuple[Tool, bool]:
    """The tool, and whether an output schema was dropped because it is none."""
    output = raw.get("outputSchema", raw.get("output_schema"))
    unusable = output is not None and (not isinstance(output, dict) or schema_error(output) is not None)
    annotations = raw.get("annotations") or None
    if raw.get("title"):
        annotations = {"title": raw["title"]} | (annotations if isinstance(annotations, dict) else {})
    description = raw.get("description")
    text = description.strip() if isinstance(description, str) else ""
    return Tool(str(raw.get("name", "")), text, parameters, None if unusable else output, annotations), unusable


def row_of(
    document: Document,
    tools: list[Tool],
    flags: list[str],
    *,
    language: str | None = None,
    models: Mapping[str, str] | None = None,
) -> Server:
    """A row of the document with these tools."""
    row: Server = new_row(
        Server,
        name=document.name,
        version=document.version,
        title=document.title or document.name,
        description=document.description.strip(),
        domain=document.domain,
        language=language,
        license=document.license,
        source=document.source,
        connection=document.connection,
        tools=tools,
        flags=flags,
        models=dict(models or {}),
    )
    return row


def _language(document: Document, tools: Sequence[Tool]) -> str | None:
    """The language of what the server and its tools say of themselves."""
    return language_of("\n".join([document.description, *(tool.description for tool in tools)]))


def _undescribed(tools: Sequence[Tool]) -> list[str]:
    """A flag that counts the parameters without description, if there are any."""
    parameters = [one for tool in tools for one in tool.parameters["properties"].values()]
    bare = sum(not (isinstance(one, dict) and str(one.get("description") or "").strip()) for one in parameters)
    return [f"parameters without description: {bare} of {len(parameters)}"] if bare else []
