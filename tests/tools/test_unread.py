"""What an OpenAPI document says beyond its plainest form is read, or told by a flag: 3.0, 3.1 and 3.2, in JSON and in YAML."""

import json
from pathlib import Path
from typing import Any

import pytest

from astra_data.tools.documents import Document, read_documents

SAY = "Tells all that is known of one thing of the shop."
SHELF = {"type": "object", "properties": {"row": {"type": "integer"}, "note": {"type": "string"}}}
NAME = {"type": "string"}


def operation(name: str = "getA", **more: Any) -> dict[str, Any]:
    return {"operationId": name, "summary": SAY, "responses": {"200": {"description": "ok"}}, **more}


def api(item: Any, version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    components = {"schemas": {"Shelf": SHELF, "Name": NAME},
                  "parameters": {"Name": {"name": "name", "in": "query", "description": "Its name.", "schema": NAME}}}
    return {"openapi": version, "info": {"title": "Corner shop", "version": "1"}, "paths": {"/a": item}, "components": components,
            **more}


def read(folder: Path, content: Any, name: str = "shop.json") -> Document:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    [document] = read_documents(file)
    return document


def ref(name: str = "Name", **beside: Any) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", **beside}


def parameter(schema: Any) -> dict[str, Any]:
    return {"get": operation(parameters=[{"name": "x", "in": "query", "schema": schema}])}


def body(schema: Any, kind: str = "application/json", required: bool = True) -> dict[str, Any]:
    return {"post": operation(requestBody={"required": required, "content": {kind: {"schema": schema}}})}


@pytest.mark.parametrize(("beside", "schema"), [
    ({}, NAME),
    ({"description": "of the shelf"}, NAME | {"description": "of the shelf"}),
    ({"default": "tea", "title": "T"}, NAME | {"title": "T", "default": "tea"}),
    ({"maxLength": 3}, {"maxLength": 3, "allOf": [NAME]}),
    ({"maxLength": 3, "description": "short"}, {"maxLength": 3, "description": "short", "allOf": [NAME]}),
    ({"allOf": [{"minLength": 1}]}, {"allOf": [NAME, {"minLength": 1}]}),
])
def test_what_stands_beside_a_reference_holds_since_3_1(tmp_path: Path, beside: Any, schema: Any) -> None:
    found = read(tmp_path, api(parameter(ref(**beside))))
    assert found.tools[0]["inputSchema"]["properties"]["x"] == schema
    assert found.flags == []


@pytest.mark.parametrize(("beside", "flags"), [
    ({"description": "of the shelf"}, []),
    ({"maxLength": 3}, ["left out of schemas: what stands beside a $ref, where OpenAPI 3.0 ignores it"]),
    ({"nullable": True}, ["left out of schemas: what stands beside a $ref, where OpenAPI 3.0 ignores it"]),
])
def test_what_stands_beside_a_reference_is_nothing_in_3_0_and_flagged(tmp_path: Path, beside: Any, flags: list[str]) -> None:
    found = read(tmp_path, api(parameter(ref(**beside)), "3.0.3"))
    assert found.tools[0]["inputSchema"]["properties"]["x"] == NAME | {key: beside[key] for key in beside if key == "description"}
    assert found.flags == flags


def test_a_reference_that_contains_itself_keeps_what_stands_beside_it(tmp_path: Path) -> None:
    loop = {"type": "object", "properties": {"inside": {"type": "array", "items": ref("Loop", minProperties=1)}}}
    document = api(body({"type": "array", "items": ref("Loop")}))
    document["components"]["schemas"]["Loop"] = loop
    schema = read(tmp_path, document).tools[0]["inputSchema"]
    assert schema["$defs"]["Loop"]["properties"]["inside"]["items"] == {
        "minProperties": 1, "allOf": [{"$ref": "#/$defs/Loop"}]}


def test_a_body_requires_what_is_required_beside_its_reference(tmp_path: Path) -> None:
    more = {"required": ["row"], "properties": {"note": {"maxLength": 5}, "size": {"type": "integer"}}}
    schema = read(tmp_path, api(body(ref("Shelf", **more)))).tools[0]["inputSchema"]
    assert schema["required"] == ["row"]
    assert schema["properties"] == {"row": {"type": "integer"}, "note": {"allOf": [{"type": "string"}, {"maxLength": 5}]},
                                    "size": {"type": "integer"}}


def test_what_only_the_server_writes_may_be_said_beside_a_reference(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"id": ref(readOnly=True), "note": ref()}}
    for version, names in (("3.1.0", ["note"]), ("3.0.3", ["id", "note"])):
        found = read(tmp_path, api(body(schema), version))
        assert list(found.tools[0]["inputSchema"]["properties"]) == names


def test_an_output_keeps_what_stands_beside_its_reference(tmp_path: Path) -> None:
    answer = {"200": {"description": "ok", "content": {"application/json": {"schema": ref("Shelf", required=["row"])}}}}
    found = read(tmp_path, api({"get": operation() | {"responses": answer}}))
    assert found.tools[0]["outputSchema"] == {"type": "object", "required": ["row"], "allOf": [SHELF]}


def test_a_parameter_may_be_described_anew_beside_its_reference(tmp_path: Path) -> None:
    given = {"$ref": "#/components/parameters/Name", "description": "Whose shelf."}
    for version, said in (("3.1.0", "Whose shelf."), ("3.0.3", "Its name.")):
        found = read(tmp_path, api({"get": operation(parameters=[given])}, version))
        assert found.tools[0]["inputSchema"]["properties"]["name"] == NAME | {"description": said}


@pytest.mark.parametrize("method", ["COPY", "LINK", "purge"])
def test_operations_of_other_methods_are_tools(tmp_path: Path, method: str) -> None:
    item = {"query": operation("askA"), "additionalOperations": {method: operation("copyA")}}
    found = read(tmp_path, api(item, "3.2.0"))
    assert [(tool["name"], tool["annotations"]["method"]) for tool in found.tools] == [("askA", "query"), ("copyA", method)]
    assert found.flags == []


DIRECTION = "it is the API that calls them"
FLAGS: dict[str, tuple[Any, list[str]]] = {
    "parameters that are an object": ({"get": operation(parameters={"a": {"in": "query"}})},
                                      ["left out the parameters of getA: they are no list"]),
    "parameters of the path that are an object": ({"parameters": {"a": 1}, "get": operation()},
                                                  ["left out the parameters of getA: they are no list"]),
    "a method in capitals": ({"GET": operation(), "get": operation()},
                             ["left out GET of the path /a: OpenAPI has no such field"]),
    "other methods that are no object": ({"get": operation(), "additionalOperations": [1]},
                                         ["left out additionalOperations /a: it is no object"]),
    "one of other methods that is none": ({"get": operation(), "additionalOperations": {"COPY": "later"}},
                                          ["left out COPY /a: it is no object"]),
    "callbacks": ({"get": operation(callbacks={"done": {"{$url}": {"post": operation("done")}}})},
                  [f"left out the callbacks of 1 operation: {DIRECTION}"]),
    "servers of a path": ({"servers": [{"url": "https://b.example"}], "get": operation()},
                          ["left out the servers of 1 path or operation: a tool does not say where it is"]),
    "servers of an operation": ({"get": operation(servers=[{"url": "https://b.example"}])},
                                ["left out the servers of 1 path or operation: a tool does not say where it is"]),
    "a discriminator": (parameter({"oneOf": [NAME, {"type": "integer"}], "discriminator": {"propertyName": "kind"}}),
                        ["left out of schemas: discriminator, which JSON Schema does not have"]),
    "nullable without a type": (parameter({"nullable": True, "allOf": [NAME]}),
                                ["left out of schemas: nullable of what has no type, where it says nothing"]),
    "a parameter without a schema": ({"get": operation(parameters=[{"name": "x", "in": "query", "type": "string"}])},
                                     ["left out the schema of x, a parameter of getA: it says none"]),
    "a schema that is none": (parameter(["string"]), ["left out the schema of x, a parameter of getA: it is no object"]),
    "two parameters of one name and place": (
        {"get": operation(parameters=[{"name": "x", "in": "query", "schema": {"type": kind}} for kind in ("string", "integer")])},
        ["left out a parameter of getA: another called x follows it"]),
    "a required property that is not described": (
        body({"type": "object", "properties": {"a": NAME}, "required": ["a", "b"]}),
        ["left out the required b of the body of getA: the body does not describe it"]),
    "a name that is no text": ({"get": operation() | {"operationId": 7}}, ["left out the operationId of get /a: it is no text"]),
    "notes and a schema that takes all": ({"x-note": 1, "summary": "s", "description": "d", "get": operation(
        **{"x-code": []}, tags=["t"], security=[], parameters=[{"name": "x", "in": "query", "schema": True}])}, []),
}


@pytest.mark.parametrize(("item", "flags"), FLAGS.values(), ids=FLAGS)
def test_what_a_tool_cannot_say_is_flagged(tmp_path: Path, item: Any, flags: list[str]) -> None:
    assert read(tmp_path, api(item)).flags == flags


def test_webhooks_are_no_tools_and_flagged(tmp_path: Path) -> None:
    found = read(tmp_path, api({"get": operation()}, webhooks={"sold": {"post": operation("sold")}, "x": {}}))
    assert [tool["name"] for tool in found.tools] == ["getA"]
    assert found.flags == [f"left out 2 webhooks: {DIRECTION}"]


def test_a_path_holds_what_it_refers_to_and_what_it_says_itself(tmp_path: Path) -> None:
    document = api({"$ref": "#/components/pathItems/A", "post": operation("postA"), "summary": "own"})
    document["components"]["pathItems"] = {"A": {"get": operation(), "summary": "theirs"}}
    found = read(tmp_path, document)
    assert [tool["name"] for tool in found.tools] == ["getA", "postA"]
    assert found.flags == ["left out summary of the path /a, in what it refers to: the path says another"]


@pytest.mark.parametrize("where", ["#/x-bodies/1", "#/paths/~1b/post/requestBody"])
def test_a_body_may_be_referred_to_wherever_it_stands(tmp_path: Path, where: str) -> None:
    told = {"required": True, "content": {"application/json": {"schema": SHELF}}}
    document = api({"post": operation(requestBody={"$ref": where})}) | {"x-bodies": [7, told]}
    document["paths"]["/b"] = {"post": operation("postB", requestBody=told)}
    tools = read(tmp_path, document).tools
    assert tools[0]["inputSchema"] == tools[1]["inputSchema"]
    assert list(tools[0]["inputSchema"]["properties"]) == ["row", "note"]


def test_a_body_in_json_of_which_nothing_is_said_may_be_anything(tmp_path: Path) -> None:
    item = {"post": operation(requestBody={"content": {"application/json": {}}})}
    found = read(tmp_path, api(item))
    assert found.tools[0]["inputSchema"]["properties"] == {"body": {}}
    assert found.flags == ["the body of getA is application/json"]


YAML = """
openapi: 3.0.3
info: {title: Corner shop, version: VERSION}
paths:
  /a:
    get:
      operationId: getA
      parameters:
        - {name: on, in: query, description: NO,
           schema: {type: string, enum: [NO, on, 12:30:00, 2024-01-02, 1_000], example: 010}}
      responses: {200: {description: off}}
"""


@pytest.mark.parametrize(("version", "said", "flags"), [
    ("1.10", "1.1", ["info.version is no text: 1.1"]), ("0", "0", ["info.version is no text: 0"]), ("'1.10'", "1.10", []),
    ("1.10.0", "1.10.0", []), ("2024-01-02 03:04:05", "2024-01-02 03:04:05", []), ("", "", []),
])
def test_yaml_is_read_as_openapi_says_it_is_written(tmp_path: Path, version: str, said: str, flags: list[str]) -> None:
    found = read(tmp_path, YAML.replace("VERSION", version), "shop.yaml")
    assert found.tools[0]["inputSchema"]["properties"] == {"on": {
        "type": "string", "enum": ["NO", "on", "12:30:00", "2024-01-02", "1_000"], "examples": [10], "description": "NO"}}
    assert (found.version, found.flags) == (said, flags)
