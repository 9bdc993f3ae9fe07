"""An OpenAPI 3 document as a server: every operation is a tool [A 1].

    document = read_openapi(yaml.safe_load(text), "shop.yaml")
    document.name, [tool["name"] for tool in document.tools]        # "Corner shop", ["listProducts", "placeOrder", ...]

A tool is named by its `operationId`, or by method and path. Its parameters are one object: those of path, query, header and
cookie, and the properties of a JSON body beside them; a body that is no object is the parameter `body`. What it does not tell
of what is there is told by flags.
"""

import json
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
from astra_data.tools.routes import with_path
from astra_data.tools.unread import LONGEST_SHOWN, METHODS, MORE_METHODS, left_out, of_document, of_path, parameters, twice

IGNORED_HEADERS = {"accept", "content-type", "authorization"}
"""Header parameters that OpenAPI says to ignore."""

TOGETHER = {
    "oneOf", "anyOf", "not", "if", "patternProperties", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
    "dependencies", "propertyNames",
}
"""What a schema says of its properties together: it cannot be taken apart."""
PLAIN_MORE: tuple[Any, ...] = (None, True, False, {})
ANY_KIND = ("*/*", "application/*")
MOST_NAME = 64
Operation = tuple[str, str, JsonObject, JsonObject]
"""Method, path, the operation, and the path's item."""


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
    release = _version(info, flags)
    schemas = Schemas(found, Place(file, row))
    paths = Place(file, row, "paths")
    operations = bounded(list(islice(_operations(found, schemas, paths, flags), MOST_TOOLS + 1)), paths)
    tools = [_tool(method, path, operation, item, schemas, flags) for method, path, operation, item in operations]
    items = {id(item): item for *_, item in operations}
    of_document(flags, found, items.values(), (operation for _, _, operation, _ in operations))
    flags += schemas.losses()
    return Document(
        title,
        tools,
        Source("document", None, release or None, file),
        version=release,
        title=title,
        description=str(info.get("description") or info.get("summary") or ""),
        license=str(named) if named else None,
        flags=flags,
    )


def _version(info: JsonObject, flags: list[str]) -> str:
    """The version as a text; flagged where it was written as another value, which may not be what was meant: 1.10 is 1.1."""
    version = info.get("version")
    if version is None or isinstance(version, str):
        return version or ""
    flags.append(f"info.version is no text: {json.dumps(version)[:LONGEST_SHOWN]}")
    return json.dumps(version)


def _operations(found: JsonObject, schemas: Schemas, place: Place, flags: list[str]) -> Iterator[Operation]:
    """Every operation in the document's order."""
    paths = found.get("paths")
    if not isinstance(paths, dict):
        raise DataError("missing" if paths is None else "expected an object", place=place, mend="list the paths")
    for path, given in paths.items():
        item = _item(str(path), given, schemas, flags)
        if not isinstance(item, dict) or "$ref" in item:
            if not str(path).startswith("x-"):
                left_out(flags, f"the path {path}", item)
            continue
        of_path(flags, str(path), item)
        more = item.get(MORE_METHODS)
        if more is not None and not isinstance(more, dict):
            left_out(flags, f"{MORE_METHODS} {path}", None)
        named = [*((method, item.get(method)) for method in METHODS), *(more.items() if isinstance(more, dict) else ())]
        for method, operation in named:
            if operation is not None and not isinstance(operation, dict):
                left_out(flags, f"{method} {path}", operation)
            if isinstance(operation, dict):
                yield str(method), str(path), operation, item


def _item(path: str, given: Any, schemas: Schemas, flags: list[str]) -> Any:
    """What is said of a path, there and in what it refers to."""
    item = schemas.named(given)
    if item is given or not isinstance(item, dict):
        return item
    own = {key: value for key, value in given.items() if key != "$ref"}
    for key in own.keys() & item.keys():
        left_out(flags, f"{key} of the path {path}, in what it refers to", None, "the path says another")
    return item | own


def _tool(method: str, path: str, operation: JsonObject, item: JsonObject, schemas: Schemas, flags: list[str]) -> JsonObject:
    name = _name(method, path, operation, flags)
    annotations: JsonObject = {"method": method, "path": path, "readOnlyHint": method in ("get", "head")}
    return {
        "name": name,
        "description": _description(operation),
        "inputSchema": _parameters(name, path, operation, item, schemas, flags),
        "outputSchema": _output(name, operation, schemas, flags),
        "annotations": annotations | ({"deprecated": True} if operation.get("deprecated") is True else {}),
    }


def _name(method: str, path: str, operation: JsonObject, flags: list[str]) -> str:
    """The `operationId`, with `_` for what no tool name may hold, which is flagged; else method and path."""
    given = operation.get("operationId")
    if isinstance(given, str) and given.strip():
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", given.strip())
        flags += [f"renamed: {given[:LONGEST_SHOWN]} -> {name[:LONGEST_SHOWN]}"] if name != given else []
        return name
    if given is not None and not isinstance(given, str):
        left_out(flags, f"the operationId of {method} {path}", None, "it is no text")
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{method}_{path}").strip("_")
    return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - 9]}_{content_id(f'{method} {path}')[:8]}"


def _description(operation: JsonObject) -> str:
    summary, text = (str(operation.get(key) or "").strip() for key in ("summary", "description"))
    if not summary or text.startswith(summary.rstrip(".")):
        return text
    return f"{summary.rstrip('.')}. {text}".strip() if text else summary


def _parameters(
    name: str, path: str, operation: JsonObject, item: JsonObject, schemas: Schemas, flags: list[str],
) -> JsonObject:
    """One object schema for everything that a call needs. A second parameter of a name carries its place in front of it."""
    placed = with_path(path, _placed(name, item, schemas, flags) | _placed(name, operation, schemas, flags), name, flags)
    parts = [
        (where, key, _schema_of(one, name, flags), one.get("required") is True or where == "path")
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
    whole: JsonObject = schemas.alone({"type": "object", "properties": properties, "required": required}, "readOnly")
    return whole


def _placed(name: str, whose: JsonObject, schemas: Schemas, flags: list[str]) -> dict[tuple[str, str], JsonObject]:
    """(place, name) -> parameter, of those that a path or an operation lists."""
    given = [_parameter(one, schemas) for one in parameters(flags, whose.get("parameters"), name)]
    schemas.count(len(given))
    named = [one for one in given if isinstance(one, dict) and isinstance(one.get("name"), str)]
    for one in given:
        if not (isinstance(one, dict) and isinstance(one.get("name"), str)):
            left_out(flags, f"a parameter of {name}", one, "it has no name")
    twice(flags, named, name)
    return {(str(one.get("in")), one["name"]): one for one in named}


def _parameter(given: Any, schemas: Schemas) -> Any:
    """The parameter, or the one that it refers to, which since 3.1 may be described anew."""
    found = schemas.named(given)
    if found is given or not isinstance(found, dict) or not schemas.siblings or "description" not in given:
        return found
    return found | {"description": given["description"]}


def _schema_of(parameter: JsonObject, name: str, flags: list[str]) -> JsonObject:
    """The schema of one parameter, with what the parameter says of itself."""
    schema = parameter.get("schema")
    if schema is None:
        schema = next((one.get("schema") for one in _objects(parameter.get("content"))), None)
    if not isinstance(schema, dict) and schema is not True:
        told = f"the schema of {parameter['name'][:LONGEST_SHOWN]}, a parameter of {name}"
        left_out(flags, told, None, "it says none" if schema is None else "it is no object")
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
        left_out(flags, f"the body of {name}", body, "it says no content")
        return
    schema, needed = _json_schema(media), body.get("required") is True
    if schema is None:
        kind, given = next(iter(media.items()))
        flags.append(f"the body of {name} is {kind}"[: 4 * LONGEST_SHOWN])
        told = given.get("schema") if isinstance(given, dict) else None
        any_text = {} if _in_json(kind) else {"type": "string"}
        yield "body", "body", told if isinstance(told, dict) and told else any_text, needed
        return
    merged = _as_object(schema, schemas, 0)
    if merged is None:
        yield "body", "body", schema, needed
        return
    properties, required = merged
    for key in sorted(required - properties.keys()):
        left_out(flags, f"the required {key[:LONGEST_SHOWN]} of the body of {name}", None, "the body does not describe it")
    for key, part in properties.items():
        said = [part, schemas.named(part)] if schemas.siblings else [schemas.named(part)]
        if not any(isinstance(one, dict) and one.get("readOnly") is True for one in said):
            yield "body", key, part, needed and key in required


def _as_object(schema: Any, schemas: Schemas, depth: int) -> tuple[JsonObject, set[str]] | None:
    """Properties and required names of an object schema, `allOf` of such taken together; None for any other schema."""
    found = schemas.schema(schema)
    if not isinstance(found, dict) or depth > 8 or TOGETHER & found.keys():
        return None
    if any(found.get(key) not in PLAIN_MORE for key in ("additionalProperties", "unevaluatedProperties")):
        return None
    every, named, needed = found.get("allOf"), found.get("properties"), found.get("required")
    parts = [_as_object(part, schemas, depth + 1) for part in every] if isinstance(every, list) else []
    if None in parts or not (parts or isinstance(named, dict)):
        return None
    if isinstance(needed, list) and not all(isinstance(name, str) for name in needed):
        schemas.lose("required")
    if found.get("unevaluatedProperties") is False:
        schemas.lose("unevaluatedProperties")
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


def _output(name: str, operation: JsonObject, schemas: Schemas, flags: list[str]) -> Any:
    """The schema of the first successful JSON answer, if that is an object; of one in any media type, where none is JSON."""
    responses = operation.get("responses")
    for status, given in responses.items() if isinstance(responses, dict) else ():
        answer = schemas.named(given)
        content = answer.get("content") if str(status).startswith("2") and isinstance(answer, dict) else None
        if any("itemSchema" in one for one in _objects(content)):
            left_out(flags, f"the itemSchema of an answer of {name}", None, "a tool answers with one value")
        schema = _json_schema(content, any_kind=True)
        if schema is not None:
            found = schemas.schema(schema)
            alone = schemas.alone(found, "writeOnly")
            if found is not schemas.named(schema) and _is_object(schemas.named(schema)):
                return {"type": "object"} | alone
            return alone if _is_object(alone) else None
    return None


def _is_object(schema: Any) -> bool:
    return isinstance(schema, dict) and (schema.get("type") == "object" or "properties" in schema)


def _json_schema(content: Any, *, any_kind: bool = False) -> Any:
    """The schema of the JSON, and where there is none that of a form, or of what may be of any kind."""
    media = content.items() if isinstance(content, dict) else ()
    spoken = [(kind, one) for kind, one in media if isinstance(one, dict)]
    fitting = [one for kind, one in spoken if _in_json(kind)] or [one for kind, one in spoken if "form" in kind.partition(";")[0]]
    if any_kind and not fitting:
        fitting = [one for kind, one in spoken if kind.partition(";")[0].strip() in ANY_KIND]
    return fitting[0].get("schema") if fitting else None


def _in_json(kind: str) -> bool:
    return kind.partition(";")[0].strip().endswith(("/json", "+json"))


def _objects(value: Any) -> list[JsonObject]:
    return [one for one in value.values() if isinstance(one, dict)] if isinstance(value, dict) else []
