"""From a raw document to the `Server` row that the other stages use.

    outcome = normalise(document)
    outcome.server              # Server, or None if too few tools are left
    outcome.rejected            # [(Server row with only the tool that was dropped, "tool: no description - x")]

Schemas become OpenAI parameter objects. Only what loses nothing is repaired: an absent `type` where there are properties, absent
`properties`, absent `required`. `$ref` and `$defs` stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from astra_data.characters import whole
from astra_data.messages import JsonObject
from astra_data.nesting import too_deep
from astra_data.rows import Server, new_row
from astra_data.rows.tools import Tool
from astra_data.text.language import language_of
from astra_data.tools.documents import Document
from astra_data.tools.filters import (
    MOST_ANNOTATION_BYTES,
    MOST_DESCRIPTION,
    MOST_SCHEMA_BYTES,
    MOST_SCHEMAS_BYTES,
    PARAMETERS,
    SERVER_DUPLICATE,
    parameters_of,
    schema_reason,
    server_reason,
    size_of,
    tool_reason,
)
from astra_data.tools.older import newer
from astra_data.tools.validate import schema_error

MOST_KEPT_BYTES = 1 << 20
"""Of a schema that a rejected row holds."""
MOST_STORED_BYTES = 128 << 20
"""Of all schemas of a server together that are too large to be used, and stand in rejected rows."""
LONGEST_TEXT = 1_000
"""Characters of a name, a title, a version or a licence."""
MOST_FLAGS = 2_000


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
    """The row of one document. Every raw tool ends up in the row or among the rejected, there without what is too large."""
    document = shortened(document)
    tools: list[Tool] = []
    rejected: list[tuple[Server, str]] = []
    flags = list(document.flags)
    taken: set[str] = set()
    looked_at = stored = 0
    for raw in document.tools:
        usable, other = _bytes_of(raw)
        looked_at, stored = looked_at + usable, stored + other
        beyond = looked_at > MOST_SCHEMAS_BYTES or stored > MOST_STORED_BYTES
        if beyond:
            raw = {key: raw.get(key) for key in ("name", "description")}
        parameters, repaired = repair(parameters_of(raw))
        reason = tool_reason(raw, taken=taken) or _crowded(raw, beyond) or schema_reason(raw["name"], parameters)
        tool, dropped = _tool(raw, parameters)
        if reason:
            rejected.append((row_of(document, [tool], []), reason))
            continue
        taken.add(tool.name)
        tools.append(tool)
        flags += [f"repaired: {tool.name}"] * repaired + [f"no usable {what}: {tool.name}" for what in dropped]
    return settled(document, tools, [*flags, *_undescribed(tools)], rejected)


def shortened(document: Document) -> Document:
    """The document with texts that fit into a row; flagged where something was cut off."""
    longest = dict.fromkeys(("name", "version", "title", "domain", "license"), LONGEST_TEXT) | {"description": MOST_DESCRIPTION}
    given = {name: getattr(document, name) or "" for name in longest}
    cut: dict[str, Any] = {name: given[name][:most] for name, most in longest.items() if len(given[name]) > most}
    more = len(document.flags) - MOST_FLAGS
    flags = [*document.flags[:MOST_FLAGS], *([f"cut off: {more:,} more flags"] if more > 0 else []),
             *(f"cut off: {name}" for name in cut)]
    return replace(document, **cut, flags=flags) if cut or more > 0 else document


def _bytes_of(raw: JsonObject) -> tuple[int, int]:
    """Bytes of the schemas of a raw tool that can be used, and of those that are too large but can be stored."""
    sizes = [size_of(raw[key]) or 0 for key in (*PARAMETERS, "outputSchema", "output_schema") if key in raw]
    usable = sum(size for size in sizes if size <= MOST_SCHEMA_BYTES)
    return usable, sum(size for size in sizes if size <= MOST_KEPT_BYTES) - usable


def _crowded(raw: JsonObject, beyond: bool) -> str | None:
    said = f"the server's come to more than {MOST_SCHEMAS_BYTES >> 20} MiB"
    return f"tool: too many schemas - {raw['name']}: {said}" if beyond else None


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
    """A parameter schema with what is implied written out, and whether more was: its `type`, an object for PHP's empty list, or
    words of today for those of older drafts."""
    if schema is None or schema in ({}, []):
        return {"type": "object", "properties": {}, "required": []}, schema == []
    if not isinstance(schema, dict):
        return schema, False
    renewed = (found := newer(schema)) is not schema
    schema = found
    untyped = "type" not in schema and isinstance(schema.get("properties"), dict)
    if untyped or schema.get("type") == ["object"]:
        schema = schema | {"type": "object"}
    if schema.get("type") == "object":
        implied: JsonObject = {"properties": {}, "required": []}
        schema = schema | {key: value for key, value in implied.items() if schema.get(key) is None}
    return schema, untyped or renewed


def _tool(raw: JsonObject, parameters: Any) -> tuple[Tool, list[str]]:
    """The tool, and what of it was dropped because it is none: an output schema, annotations."""
    output = newer(raw.get("outputSchema", raw.get("output_schema")))
    unusable = output is not None and not _usable(output)
    given = raw.get("annotations") or None
    annotations = given if isinstance(given, dict) else None
    dropped = ["output schema"] * unusable + ["annotations"] * (given is not None and annotations is None)
    if raw.get("title"):
        annotations = {"title": raw["title"]} | (annotations or {})
    description = raw.get("description")
    text = description.strip()[:MOST_DESCRIPTION] if isinstance(description, str) else ""
    kept = _kept(parameters, MOST_KEPT_BYTES)
    shown = _kept(annotations, MOST_ANNOTATION_BYTES)
    name = "" if raw.get("name") is None else str(raw["name"])[:LONGEST_TEXT]
    return Tool(whole(name), whole(text), {} if kept is None else kept, None if unusable else output, shown), dropped


def _usable(output: Any) -> bool:
    size = size_of(output)
    return isinstance(output, dict) and size is not None and size <= MOST_SCHEMA_BYTES and schema_error(output) is None


def _kept(value: Any, most: int) -> Any:
    """The value; None for one that is too large to keep, or that cannot be stored."""
    size = size_of(value)
    return value if size is not None and size <= most and not too_deep(value) else None


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
