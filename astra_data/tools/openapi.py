"""An OpenAPI 3 document as a server: every operation is a tool [A 1].

    document = read_openapi(yaml.safe_load(text), "shop.yaml")
    document.name, [tool["name"] for tool in document.tools]        # "Corner shop", ["listProducts", "placeOrder", ...]

A tool is named by its `operationId`, or by method and path. Its parameters are one object: those of path, query, header and
cookie, and the properties of a JSON body beside them; a body that is no object is the parameter `body`.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.messages import JsonObject
from astra_data.rows.canonical import content_id
from astra_data.rows.tools import Source
from astra_data.tools.documents import MOST_TOOLS, Document, bounded
from astra_data.tools.references import Schemas

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
IGNORED_HEADERS = {"accept", "content-type", "authorization"}
"""Header parameters that OpenAPI says to ignore."""

TOGETHER = {
    "oneOf", "anyOf", "not", "if", "patternProperties", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
    "dependencies", "propertyNames",
}
"""What a schema says of its properties together: it cannot be taken apart."""
PLAIN_MORE: tuple[Any, ...] = (None, True, False, {})
MOST_NAME = 64
LONGEST_SHOWN = 80
"""Characters of a name that a flag or an error tells."""


def read_openapi(found: JsonObject, file: str, row: int | None = None) -> Document:
    """The server of a document, without a connection: it can be described and emulated. Raises `DataError` naming the field."""
    version = found.get("openapi")
    if isinstance(version, bool) or not isinstance(version, str | int | float) or not re.match(r"3(\.|$)", str(version)):
        mend = "convert it to OpenAPI 3 first"
        said = repr(version or found.get("swagger"))[:LONGEST_SHOWN]
        raise DataError(f"OpenAPI version {said}", place=Place(file, row, "openapi"), mend=mend)
    info = found.get("info")
    if not isinstance(info, dict) or not isinstance(info.get("title"), str) or not info["title"].strip():
        raise DataError("missing", place=Place(file, row, "info.title"), mend="give the API a title; the server is called by it")
    flags: list[str] = []
    title, terms = info["title"].strip(), info.get("license")
    named = (terms.get("identifier") or terms.get("name")) if isinstance(terms, dict) else None
    release = str(info.get("version") or "")
    schemas = Schemas(found, Place(file, row))
    paths = Place(file, row, "paths")
    operations = islice(_operations(found, schemas, paths, flags), MOST_TOOLS + 1)
    return Document(
        title,
        bounded([_tool(*operation, schemas, flags) for operation in operations], paths),
        Source("document", None, release or None, file),
        version=release,
        title=title,
        description=str(info.get("description") or info.get("summary") or ""),
        license=str(named) if named else None,
        flags=flags,
    )


def _operations(found: JsonObject, schemas: Schemas, place: Place,
                flags: list[str]) -> Iterator[tuple[str, str, JsonObject, list[Any]]]:
    """(method, path, operation, parameters that all operations of the path have), in the document's order."""
    paths = found.get("paths")
    if not isinstance(paths, dict):
        raise DataError("missing" if paths is None else "expected an object", place=place, mend="list the paths")
    for path, given in paths.items():
        item = schemas.named(given)
        if not isinstance(item, dict) or "$ref" in item:
            _flag(flags, f"the path {path}", item)
            continue
        shared = item.get("parameters")
        for method in METHODS:
            operation = item.get(method)
            if operation is not None and not isinstance(operation, dict):
                _flag(flags, f"{method} {path}", operation)
            if isinstance(operation, dict):
                yield method, str(path), operation, shared if isinstance(shared, list) else []


def _flag(flags: list[str], what: str, value: Any, lack: str = "it is no object") -> None:
    """Say what was left out, and why the value could not be taken: `lack`, or a reference to what is not there."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    why = lack if reference is None else f"nothing in the document is {str(reference)[:LONGEST_SHOWN]}"
    flags.append(f"left out {what[:3 * LONGEST_SHOWN]}: {why}")


def _tool(method: str, path: str, operation: JsonObject, shared: list[Any], schemas: Schemas, flags: list[str]) -> JsonObject:
    name = _name(method, path, operation, flags)
    annotations: JsonObject = {"method": method, "path": path, "readOnlyHint": method in ("get", "head")}
    return {
        "name": name,
        "description": _description(operation),
        "inputSchema": _parameters(name, operation, shared, schemas, flags),
        "outputSchema": _output(operation, schemas),
        "annotations": annotations | ({"deprecated": True} if operation.get("deprecated") is True else {}),
    }


def _name(method: str, path: str, operation: JsonObject, flags: list[str]) -> str:
    """The `operationId`, with `_` for what no tool name may hold, which is flagged; else method and path."""
    given = operation.get("operationId")
    if isinstance(given, str) and given.strip():
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", given.strip())
        flags += [f"renamed: {given[:LONGEST_SHOWN]} -> {name[:LONGEST_SHOWN]}"] if name != given else []
        return name
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{method}_{path}").strip("_")
    return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 9]}_{content_id(f'{method} {path}')[:8]}"


def _description(operation: JsonObject) -> str:
    summary, text = (str(operation.get(key) or "").strip() for key in ("summary", "description"))
    if not summary or text.startswith(summary.rstrip(".")):
        return text
    return f"{summary.rstrip('.')}. {text}".strip() if text else summary


def _parameters(name: str, operation: JsonObject, shared: list[Any], schemas: Schemas, flags: list[str]) -> JsonObject:
    """One object schema for everything that a call needs. A second parameter of a name carries its place in front of it."""
    own = operation.get("parameters")
    given = [schemas.named(one) for one in [*shared, *(own if isinstance(own, list) else [])]]
    schemas.count(len(given))
    named = [one for one in given if isinstance(one, dict) and isinstance(one.get("name"), str)]
    for one in given:
        if not (isinstance(one, dict) and isinstance(one.get("name"), str)):
            _flag(flags, f"a parameter of {name}", one, "it has no name")
    placed = {(str(one.get("in")), one["name"]): one for one in named}
    parts = [
        (where, key, _schema_of(one), one.get("required") is True or where == "path")
        for (where, key), one in placed.items()
        if not (where == "header" and key.lower() in IGNORED_HEADERS)
    ]
    properties: JsonObject = {}
    required: list[str] = []
    for where, key, schema, needed in [*parts, *_body(name, operation, schemas, flags)]:
        called = f"{where}_{key}" if key in properties else key
        flags += [f"renamed parameter of {name}: {key} -> {called}"[: 4 * LONGEST_SHOWN]] if called != key else []
        properties[called] = schema
        required += [called] if needed else []
    whole: JsonObject = schemas.alone({"type": "object", "properties": properties, "required": required})
    return whole


def _schema_of(parameter: JsonObject) -> JsonObject:
    """The schema of one parameter, with what the parameter says of itself."""
    schema = parameter.get("schema")
    if schema is None:
        schema = next((one.get("schema") for one in _objects(parameter.get("content"))), None)
    described = parameter.get("description")
    found = schema if isinstance(schema, dict) else {}
    return found | ({"description": described} if isinstance(described, str) and described else {})


def _body(name: str, operation: JsonObject, schemas: Schemas, flags: list[str]) -> Iterator[tuple[str, str, Any, bool]]:
    """(place, name, schema, required) of each property of a JSON body; `readOnly` ones are the server's to write. A body of
    another kind is one parameter, and flagged."""
    if operation.get("requestBody") is None:
        return
    body = schemas.named(operation["requestBody"])
    media = body.get("content") if isinstance(body, dict) else None
    if not isinstance(media, dict) or not media:
        _flag(flags, f"the body of {name}", body, "it says no content")
        return
    schema, needed = _json_schema(media), body.get("required") is True
    if schema is None:
        kind, given = next(iter(media.items()))
        flags.append(f"the body of {name} is {kind}"[: 4 * LONGEST_SHOWN])
        told = given.get("schema") if isinstance(given, dict) else None
        yield "body", "body", told if isinstance(told, dict) and told else {"type": "string"}, needed
        return
    merged = _as_object(schema, schemas, 0)
    if merged is None:
        yield "body", "body", schema, needed
        return
    properties, required = merged
    for key, part in properties.items():
        resolved = schemas.named(part)
        if not (isinstance(resolved, dict) and resolved.get("readOnly") is True):
            yield "body", key, part, needed and key in required


def _as_object(schema: Any, schemas: Schemas, depth: int) -> tuple[JsonObject, set[str]] | None:
    """Properties and required names of an object schema, `allOf` of such taken together; None for any other schema."""
    found = schemas.named(schema)
    if not isinstance(found, dict) or depth > 8 or TOGETHER & found.keys() or found.get("additionalProperties") not in PLAIN_MORE:
        return None
    every, named, needed = found.get("allOf"), found.get("properties"), found.get("required")
    parts = [_as_object(part, schemas, depth + 1) for part in every] if isinstance(every, list) else []
    if None in parts or not (parts or isinstance(named, dict)):
        return None
    must_have = {name for name in needed if isinstance(name, str)} if isinstance(needed, list) else set()
    own = named if isinstance(named, dict) else {}, must_have
    properties: JsonObject = {}
    required: set[str] = set()
    for some, must in [*(part for part in parts if part is not None), own]:
        schemas.count(1 + len(some) + len(must))
        for name, part in some.items():
            other = properties.get(name, part)
            properties[name] = part if other == part else {"allOf": [other, part]}
        required |= must
    return properties, required


def _output(operation: JsonObject, schemas: Schemas) -> Any:
    """The schema of the first successful JSON answer, if that is an object."""
    responses = operation.get("responses")
    for status, given in responses.items() if isinstance(responses, dict) else ():
        answer = schemas.named(given)
        schema = _json_schema(answer.get("content")) if str(status).startswith("2") and isinstance(answer, dict) else None
        if schema is not None:
            alone = schemas.alone(schemas.named(schema))
            return alone if isinstance(alone, dict) and (alone.get("type") == "object" or "properties" in alone) else None
    return None


def _json_schema(content: Any) -> Any:
    """The schema of the JSON, and where there is none that of a form."""
    media = content.items() if isinstance(content, dict) else ()
    spoken = [(kind.partition(";")[0].strip(), one) for kind, one in media if isinstance(one, dict)]
    in_json = [one for kind, one in spoken if kind.endswith(("/json", "+json"))]
    fitting = in_json or [one for kind, one in spoken if "form" in kind]
    return fitting[0].get("schema") if fitting else None


def _objects(value: Any) -> list[JsonObject]:
    return [one for one in value.values() if isinstance(one, dict)] if isinstance(value, dict) else []
