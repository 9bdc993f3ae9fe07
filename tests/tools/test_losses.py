"""Nothing of a document disappears without a word: it is read, or flagged, or refused with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from astra_data.errors import DataError
from astra_data.tools.documents import Document, read_documents
from astra_data.tools.filters import UNKEPT, kept
from astra_data.tools.listing import Listing
from astra_data.tools.normalise import MOST_FLAGS, Normalised, normalise

SAY = "Tells all that is known of one thing of the shop."
THING = {"type": "object", "properties": {"thing": {"type": "string", "description": "its name"}}, "required": ["thing"]}


def tools(*more: Any) -> list[Any]:
    return [{"name": f"tell_{number}", "description": SAY, "inputSchema": THING} for number in range(3)] + list(more)


def written(folder: Path, name: str, content: Any) -> Document:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return next(iter(read_documents(file)))


def read(folder: Path, name: str, content: Any) -> Normalised:
    return normalise(written(folder, name, content))


def api(paths: Any, version: Any = "3.0.3", **more: Any) -> Any:
    return {"openapi": version, "info": {"title": "Corner shop", "version": "1"}, "paths": paths, **more}


def operation(name: str, **more: Any) -> Any:
    return {"operationId": name, "summary": SAY, "responses": {"200": {"description": "ok"}}, **more}


@pytest.mark.parametrize("key", ["inputSchema", "input_schema", "parameters", "parametersJsonSchema", "parameters_json_schema"])
def test_parameters_are_read_wherever_a_client_writes_them(tmp_path: Path, key: str) -> None:
    made = read(tmp_path, "tools.json", [{"name": f"tell_{number}", "description": SAY, key: THING} for number in range(3)])
    assert made.server is not None
    assert [tool.parameters["required"] for tool in made.server.tools] == [["thing"]] * 3


@pytest.mark.parametrize("key", ["args_schema", "schema", "params", "inputs"])
def test_parameters_under_a_key_that_nobody_knows_are_not_passed_over(tmp_path: Path, key: str) -> None:
    made = read(tmp_path, "tools.json", tools({"name": "odd", "description": SAY, key: THING}))
    assert made.server is not None and len(made.server.tools) == 3
    assert [reason for _, reason in made.rejected] == [f"tool: parameters under an unknown key - odd: {key}, not inputSchema"]


def test_a_reference_may_lead_into_a_list(tmp_path: Path) -> None:
    shelf = {"get": operation("getShelf", parameters=[{"name": "shelf", "in": "path", "required": True,
                                                       "schema": {"type": "integer", "minimum": 1}}]),
             "delete": operation("clearShelf", parameters=[{"$ref": "#/paths/~1shelf~1%7Bshelf%7D/get/parameters/0"}])}
    found = written(tmp_path, "shop.json", api({"/shelf/{shelf}": shelf}))
    assert [tool["inputSchema"]["properties"] for tool in found.tools] == [{"shelf": {"type": "integer", "minimum": 1}}] * 2
    assert found.flags == []


@pytest.mark.parametrize("step", ["1", "-", "00", "x", "9" * 30])
def test_a_reference_to_no_element_is_flagged(tmp_path: Path, step: str) -> None:
    paths = {"/a": {"get": operation("getA", parameters=[{"$ref": f"#/paths/~1a/get/parameters/{step}"}])}}
    assert written(tmp_path, "shop.json", api(paths)).flags == [
        f"left out a parameter of getA: nothing in the document is #/paths/~1a/get/parameters/{step}"]


@pytest.mark.parametrize(("media", "schema"), [
    ({"text/plain": {"schema": {"type": "string", "maxLength": 9}}}, {"type": "string", "maxLength": 9}),
    ({"application/octet-stream": {}}, {"type": "string"}),
    ({"application/xml": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}},
     {"type": "object", "properties": {"a": {"type": "string"}}}),
])
def test_a_body_that_is_no_json_is_one_parameter_and_flagged(tmp_path: Path, media: Any, schema: Any) -> None:
    put = operation("putNote", requestBody={"required": True, "content": media})
    found = written(tmp_path, "shop.json", api({"/note": {"put": put}}))
    assert found.tools[0]["inputSchema"]["properties"] == {"body": schema}
    assert found.tools[0]["inputSchema"]["required"] == ["body"]
    assert found.flags == [f"the body of putNote is {next(iter(media))}"]


@pytest.mark.parametrize(("paths", "flag"), [
    ({"/a": {"$ref": "other.yaml#/paths/a"}}, "left out the path /a: nothing in the document is other.yaml#/paths/a"),
    ({"/a": [1]}, "left out the path /a: it is no object"),
    ({"/a": {"get": "later"}}, "left out get /a: it is no object"),
    ({"/a": {"get": operation("getA", parameters=[7])}}, "left out a parameter of getA: it has no name"),
    ({"/a": {"get": operation("getA", parameters=[{"in": "query"}])}}, "left out a parameter of getA: it has no name"),
    ({"/a": {"get": operation("getA", requestBody={"$ref": "#/nowhere"})}},
     "left out the body of getA: nothing in the document is #/nowhere"),
    ({"/a": {"get": operation("getA", requestBody=[])}}, "left out the body of getA: it says no content"),
])
def test_what_is_left_out_of_a_document_is_flagged(tmp_path: Path, paths: Any, flag: str) -> None:
    assert written(tmp_path, "shop.json", api(paths)).flags == [flag]


@pytest.mark.parametrize("version", [3.1, 3, "3.1.0", "3.0"])
def test_a_version_may_be_a_number(tmp_path: Path, version: Any) -> None:
    assert written(tmp_path, "shop.json", api({"/a": {"get": operation("getA")}}, version)).name == "Corner shop"


@pytest.mark.parametrize("version", [2.0, "30.1", True, None, {"a": 1}, 31])
def test_another_version_is_refused(tmp_path: Path, version: Any) -> None:
    with pytest.raises(DataError, match="OpenAPI version"):
        written(tmp_path, "shop.json", api({"/a": {"get": operation("getA")}}, version))


LARGE = {"type": "object", "properties": {"n": {"type": "integer", "maximum": "BOUND"}}}
BEYOND = {
    "a large integer": (str(2**256), "an integer beyond 64 bits"),
    "an integer just beyond": ("18446744073709551616", "an integer beyond 64 bits"),
    "an infinite number": ("1e999", "a number that is not finite"),
    "no number": ("NaN", "a number that is not finite"),
}


@pytest.mark.parametrize(("bound", "why"), BEYOND.values(), ids=BEYOND)
def test_one_tool_that_cannot_be_kept_is_refused_and_the_rest_is_made(tmp_path: Path, bound: str, why: str) -> None:
    text = json.dumps({"name": "shop", "tools": tools({"name": "large", "description": SAY, "inputSchema": LARGE})})
    made = read(tmp_path, "shop.json", text.replace('"BOUND"', bound))
    assert made.server is not None and [tool.name for tool in made.server.tools] == ["tell_0", "tell_1", "tell_2"]
    assert [reason for _, reason in made.rejected] == [f"tool: invalid JSON Schema - large: it holds {why}"]


def test_the_same_in_yaml_and_for_half_a_character(tmp_path: Path) -> None:
    lines = [f"- {{name: tell_{n}, description: {SAY}, inputSchema: {json.dumps(THING)}}}" for n in range(3)]
    lines += [f"- {{name: large, description: {SAY}, inputSchema: {{type: object, properties: {{n: {{maximum: {2**70}}}}}}}}}"]
    made = read(tmp_path, "shop.yaml", "\n".join(lines))
    assert made.server is not None and len(made.server.tools) == 3
    assert [reason for _, reason in made.rejected] == [
        "tool: invalid JSON Schema - large: it holds an integer beyond 64 bits"]
    text = json.dumps({"name": "shop", "tools": tools({"name": "half", "description": f"{SAY} \ud800", "inputSchema": THING})})
    made = read(tmp_path, "half.json", text)
    assert made.server is not None and len(made.server.tools) == 3
    assert [reason for _, reason in made.rejected] == ["tool: cannot be kept - half: half of a surrogate pair"]


def test_a_live_tool_that_cannot_be_kept_keeps_its_name_and_its_reason() -> None:
    listing = Listing()
    listing.add({"tools": tools({"name": "large", "description": SAY, "inputSchema": {"maximum": 2**256}})}, None, late=False)
    assert listing.tools[-1] == {"name": "large", "description": SAY, UNKEPT: "an integer beyond 64 bits"}
    json.dumps(listing.tools, allow_nan=False).encode()
    assert kept({"name": "\ud800", "x": 1}) == {UNKEPT: "half of a surrogate pair"}


def body(*schemas: Any, kinds: tuple[str, ...] = ("application/json",)) -> Any:
    return {"requestBody": {"content": {kind: {"schema": schema} for kind, schema in zip(kinds, schemas, strict=True)}}}


@pytest.mark.parametrize("schema", [
    {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
    {"type": "object", "properties": {"a": {"type": "string"}}, "minProperties": 1},
    {"type": "object", "properties": {"a": {}}, "patternProperties": {"^x": {"type": "string"}}},
])
def test_a_body_that_says_more_than_its_properties_stays_whole(tmp_path: Path, schema: Any) -> None:
    found = written(tmp_path, "shop.json", api({"/a": {"post": operation("postA", **body(schema))}}))
    assert found.tools[0]["inputSchema"]["properties"]["body"] == schema


def test_what_two_parts_of_a_body_say_of_one_property_is_kept(tmp_path: Path) -> None:
    parts = [{"type": "object", "properties": {"a": {"type": "string"}}}, {"properties": {"a": {"maxLength": 3}}}]
    found = written(tmp_path, "shop.json", api({"/a": {"post": operation("postA", **body({"allOf": parts}))}}))
    assert found.tools[0]["inputSchema"]["properties"]["a"] == {"allOf": [{"type": "string"}, {"maxLength": 3}]}


def test_of_several_bodies_that_in_json_is_read(tmp_path: Path) -> None:
    schemas = [{"type": "object", "properties": {name: {"type": "string"}}} for name in ("form", "json")]
    post = operation("postA", **body(*schemas, kinds=("multipart/form-data", "application/json")))
    assert list(written(tmp_path, "shop.json", api({"/a": {"post": post}})).tools[0]["inputSchema"]["properties"]) == ["json"]


@pytest.mark.parametrize("odd", ["a text", None, 7, [], {"function": "x"}])
def test_what_is_no_tool_does_not_cost_the_others(tmp_path: Path, odd: Any) -> None:
    made = read(tmp_path, "shop.json", {"name": "shop", "tools": [*tools(), odd]})
    assert made.server is not None and len(made.server.tools) == 3
    assert [reason.partition(" - ")[0] for _, reason in made.rejected] == ["tool: cannot be kept"]


def test_flags_beyond_a_bound_are_counted(tmp_path: Path) -> None:
    paths = {f"/{number}": [] for number in range(MOST_FLAGS + 3)} | {f"/t{n}": {"get": operation(f"t{n}")} for n in range(3)}
    made = read(tmp_path, "shop.json", api(paths))
    assert made.server is not None and len(made.server.flags) == MOST_FLAGS + 1
    assert made.server.flags[-1] == "cut off: 3 more flags"


ROOM = [{"name": "roomId", "in": "path", "required": True, "schema": {"type": "integer"}}]
LOWER = [ROOM[0] | {"name": "roomid"}]
ADDED = "added the parameter roomId of getRoom: its path has it, and nothing declares it"


@pytest.mark.parametrize(("path", "declared", "kind", "flags"), [
    ("/rooms/{roomId}", ROOM, "integer", []),
    ("/rooms/{roomId:[0-9]+}", ROOM, "integer", []),
    ("/rooms/{roomId}", [], "string", [ADDED]),
    ("/rooms/{roomId}/beds?view={roomView}", [], "string", [ADDED]),
    ("/rooms/{roomId}", LOWER, "integer", ["renamed parameter of getRoom: roomid -> roomId"]),
])
def test_what_a_path_has_in_braces_is_a_required_parameter(
    tmp_path: Path, path: str, declared: Any, kind: str, flags: list[str],
) -> None:
    found = written(tmp_path, "shop.json", api({path: {"get": operation("getRoom", parameters=declared)}}))
    schema = {"type": "object", "properties": {"roomId": {"type": kind}}, "required": ["roomId"]}
    assert (found.tools[0]["inputSchema"], found.flags) == (schema, flags)


def test_a_parameter_of_the_query_is_none_of_the_path(tmp_path: Path) -> None:
    query = [ROOM[0] | {"in": "query"}]
    found = written(tmp_path, "shop.json", api({"/rooms/{roomId}": {"get": operation("getRoom", parameters=query)}}))
    assert found.tools[0]["inputSchema"]["required"] == ["roomId", "path_roomId"]


def answer(**media: Any) -> Any:
    return {"responses": {"200": {"description": "ok", "content": media}}}


@pytest.mark.parametrize("kind", ["*/*", "application/*", "*/*; q=1"])
def test_an_answer_of_any_kind_is_read(tmp_path: Path, kind: str) -> None:
    get = operation("getA", **answer(**{kind: {"schema": THING}}))
    assert written(tmp_path, "shop.json", api({"/a": {"get": get}})).tools[0]["outputSchema"] == THING


def test_an_answer_of_many_items_is_flagged(tmp_path: Path) -> None:
    get = operation("getA", **answer(**{"application/jsonl": {"itemSchema": THING}}))
    found = written(tmp_path, "shop.json", api({"/a": {"get": get}}, "3.2.0"))
    assert found.tools[0]["outputSchema"] is None
    assert found.flags == ["left out the itemSchema of an answer of getA: a tool answers with one value"]


INNER = {
    "type": "object", "required": ["id", "key", "name"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "key": {"type": "string", "writeOnly": True},
                   "name": {"type": "string"}},
}


@pytest.mark.parametrize("inner", [INNER, {"$ref": "#/components/schemas/Inner"}, {"$ref": "#/components/schemas/Tree"}])
def test_what_goes_one_way_is_not_required_the_other_way_at_any_depth(tmp_path: Path, inner: Any) -> None:
    tree = INNER | {"properties": INNER["properties"] | {"inside": {"$ref": "#/components/schemas/Tree"}}}  # type: ignore[operator]
    outer = {"type": "object", "properties": {"thing": inner, "all": {"type": "array", "items": inner}}}
    post = operation("postA", **body(outer), **answer(**{"application/json": {"schema": outer}}))
    found = written(tmp_path, "shop.json", api({"/a": {"post": post}}, components={"schemas": {"Inner": INNER, "Tree": tree}}))
    for key, left in (("inputSchema", ["key", "name"]), ("outputSchema", ["id", "name"])):
        schema = found.tools[0][key]
        thing, items = schema["properties"]["thing"], schema["properties"]["all"]["items"]
        if "$ref" in thing:
            thing, items = (schema["$defs"][one["$ref"].rpartition("/")[2]] for one in (thing, items))
        assert (thing["required"], items["required"]) == (left, left)


@pytest.mark.parametrize(("more", "flag"), [
    ({"required": [1, None, "a"]}, "left out of schemas: what is no text among the required names of a body"),
    ({"unevaluatedProperties": False},
     "left out of schemas: unevaluatedProperties: false of a body, whose properties stand beside other parameters"),
])
def test_what_a_body_says_beside_its_properties_is_flagged(tmp_path: Path, more: Any, flag: str) -> None:
    post = operation("postA", **body({"type": "object", "properties": {"a": {"type": "string"}}, **more}))
    found = written(tmp_path, "shop.json", api({"/a": {"post": post}}, "3.1.0"))
    assert (list(found.tools[0]["inputSchema"]["properties"]), found.flags) == (["a"], [flag])


def test_a_reference_to_nothing_is_not_taken_for_a_schema_of_its_name(tmp_path: Path) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    outer = {"type": "object", "properties": {"sound": {"$ref": "#/components/schemas/Node"}, "odd": {"$ref": "#/$defs/Node"}}}
    paths = {"/a": {"post": operation("postA", **body(outer))}} | {f"/{n}": {"get": operation(f"get{n}")} for n in range(3)}
    made = read(tmp_path, "shop.json", api(paths, components={"schemas": {"Node": node}}))
    assert made.server is not None and len(made.server.tools) == 3
    [(row, reason)] = made.rejected
    assert reason.startswith("tool: invalid JSON Schema - postA") and "Node" in reason
    assert row.tools[0].parameters["properties"]["sound"] == {"$ref": "#/$defs/Node_0"}
