"""An OpenAPI document becomes a server whose tools can be called by anyone who reads their schemas."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from astra_data.errors import DataError
from astra_data.tools.documents import Document, read_documents
from astra_data.tools.normalise import Normalised, normalise
from astra_data.tools.older import modern
from astra_data.tools.openapi import read_openapi
from astra_data.tools.references import MOST_INLINE_BYTES, Schemas
from astra_data.tools.validate import argument_error

SHOP = Path(__file__).parent / "documents" / "shop.yaml"


@pytest.fixture(scope="module")
def shop() -> Document:
    [document] = read_documents(SHOP)
    return document


@pytest.fixture(scope="module")
def normalised(shop: Document) -> Normalised:
    return normalise(shop)


def parameters(found: Normalised, name: str) -> dict[str, Any]:
    assert found.server is not None
    schema: dict[str, Any] = next(tool.parameters for tool in found.server.tools if tool.name == name)
    return schema


def api(**changes: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "Small", "version": "1"}, "paths": {}} | changes


def test_the_server_is_called_by_the_title_and_keeps_version_and_license(shop: Document) -> None:
    assert (shop.name, shop.title, shop.version, shop.license) == ("Corner shop", "Corner shop", "2024-05-01", "MIT")
    assert shop.description == "Products, orders and customers of a small shop."
    assert (shop.source.kind, shop.source.uri, shop.connection) == ("document", "shop.yaml", None)


def test_every_operation_is_a_tool_named_by_its_id_or_by_method_and_path(shop: Document) -> None:
    assert [tool["name"] for tool in shop.tools] == [
        "list_products", "addProduct", "get_products_id", "products_replace", "addCategory", "placeOrders", "fromElsewhere",
    ]
    assert "renamed: list products -> list_products" in shop.flags
    assert "renamed: products/replace -> products_replace" in shop.flags


def test_a_description_holds_the_summary_and_the_text(shop: Document) -> None:
    assert shop.tools[0]["description"] == "List products. Products in stock, a page at a time."
    assert shop.tools[1]["description"] == "Put a new product on sale."


def test_parameters_of_path_and_operation_are_one_object_in_words_of_json_schema(normalised: Normalised) -> None:
    schema = parameters(normalised, "list_products")
    assert schema["properties"] == {
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "Three letters of the currency of all prices."},
        "page": {"type": "integer", "exclusiveMinimum": 0, "examples": [2], "description": "Page from 1."},
        "shelf": {"type": ["string", "null"], "enum": ["front", "back", None]},
    }
    assert schema["required"] == ["shelf"], "and no Authorization, which is not for a caller to give"
    assert argument_error(schema, {"page": 0, "shelf": "front"}) is not None
    assert argument_error(schema, {"page": 1, "shelf": None}) is None


def test_the_properties_of_a_body_stand_beside_the_other_parameters(normalised: Normalised) -> None:
    schema = parameters(normalised, "addProduct")
    assert list(schema["properties"]) == ["currency", "name", "price", "shelf"], "the number is the server's to give"
    assert schema["required"] == ["name", "price"]
    assert schema["properties"]["name"] == {"type": "string", "description": "As on the label."}
    assert "$ref" not in json.dumps(schema)


def test_a_second_parameter_of_a_name_carries_its_place(normalised: Normalised) -> None:
    schema = parameters(normalised, "products_replace")
    assert list(schema["properties"]) == ["id", "name", "price", "shelf", "body_id"]
    assert schema["required"] == ["id"], "the body is optional, so nothing in it is required"
    assert normalised.server is not None
    assert "renamed parameter of products_replace: id -> body_id" in normalised.server.flags


def test_a_schema_that_contains_itself_keeps_its_reference(normalised: Normalised) -> None:
    schema = parameters(normalised, "addCategory")
    assert schema["properties"]["inside"]["items"] == {"$ref": "#/$defs/Category"}
    assert argument_error(schema, {"name": "tea", "inside": [{"name": "green", "inside": []}]}) is None
    assert "inside[0].inside[0]" in str(argument_error(schema, {"name": "tea", "inside": [{"name": "green", "inside": [{}]}]}))


def test_a_body_that_is_no_object_is_one_parameter(normalised: Normalised) -> None:
    schema = parameters(normalised, "placeOrders")
    assert schema["required"] == ["body"]
    assert argument_error(schema, {"body": [{"product": 3}]}) is None
    assert argument_error(schema, {"body": [{"note": "soon"}]}) is not None


def test_a_reference_to_another_file_rejects_the_tool_and_no_other(normalised: Normalised) -> None:
    [(row, reason)] = normalised.rejected
    assert reason.startswith("tool: invalid JSON Schema - fromElsewhere")
    assert [tool.name for tool in row.tools] == ["fromElsewhere"]
    assert normalised.server is not None
    assert len(normalised.server.tools) == 6


def test_what_comes_back_is_kept_where_it_is_an_object(normalised: Normalised) -> None:
    assert normalised.server is not None
    outputs = {tool.name: tool.output_schema for tool in normalised.server.tools}
    assert set(outputs["list_products"]["properties"]["products"]["items"]["properties"]) == {"number", "name", "price", "shelf"}
    assert outputs["addProduct"]["required"] == ["number", "name", "price"]
    assert outputs["placeOrders"] is None
    annotations = normalised.server.tools[0].annotations
    assert annotations == {"method": "get", "path": "/products", "readOnlyHint": True}


def test_json_and_gzip_give_the_same_server(tmp_path: Path, shop: Document) -> None:
    content = json.dumps(api() | json.loads(json.dumps(yaml.safe_load(SHOP.read_text()), default=str)))
    (tmp_path / "shop.json").write_text(content)
    (tmp_path / "shop.yml.gz").write_bytes(gzip.compress(SHOP.read_bytes()))
    for name in ("shop.json", "shop.yml.gz"):
        [document] = read_documents(tmp_path / name)
        assert document.tools == shop.tools


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"swagger": "2.0", "info": {"title": "Old"}}, "field openapi: OpenAPI version '2.0'"),
        (api(info={}), "field info.title: missing"),
        (api(paths=None), "field paths: missing"),
        (api(paths=[]), "field paths: expected an object"),
    ],
)
def test_what_is_wrong_with_a_document_is_named(tmp_path: Path, document: Any, message: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(DataError) as raised:
        list(read_documents(tmp_path / "a.json"))
    assert f"a.json, row 1, {message}" in str(raised.value)


@pytest.mark.parametrize("text", ["a: [", "a: &a [*a]", "\x00"])
def test_broken_yaml_is_a_data_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(DataError, match=r"a\.yaml"):
        list(read_documents(tmp_path / "a.yaml"))


def test_a_long_path_gives_a_name_that_fits_and_is_its_own() -> None:
    paths = {f"/{'very' * 20}/{end}": {"get": {"summary": "Read what is there."}} for end in ("one", "two")}
    names = [tool["name"] for tool in read_openapi(api(paths=paths), "a.json").tools]
    assert len(set(names)) == 2
    assert all(len(name) == 64 for name in names)


def test_schemas_that_double_at_every_step_are_not_written_out() -> None:
    """Thirty schemas of two references each would be 2^30 schemas in full."""
    chain = {f"S{n}": {"type": "object", "properties": {"a": ref(n + 1), "b": ref(n + 1)}} for n in range(30)}
    schemas = Schemas({"components": {"schemas": chain | {"S30": {"type": "string"}}}})
    alone = schemas.alone(ref(0))
    assert alone["$ref"] == "#/$defs/S0"
    assert len(alone["$defs"]) == 31
    assert len(json.dumps(alone)) < MOST_INLINE_BYTES
    assert argument_error(alone, {"a": {"b": 1}}) is not None


def ref(number: int) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/S{number}"}


def test_definitions_of_one_name_in_two_places_stay_apart() -> None:
    loop = {"again": {"$ref": "#/components/schemas/X"}, "other": {"$ref": "#/components/responses/X"}}
    own = {"type": "object", "properties": loop}
    schemas = Schemas({"components": {"schemas": {"X": own}, "responses": {"X": {"type": "integer"}}}})
    alone = schemas.alone({"$ref": "#/components/schemas/X"})
    assert set(alone["$defs"]) == {"X", "X_1"}
    assert argument_error(alone, {"again": {"other": "no"}}) is not None


def test_references_that_only_name_each_other_end() -> None:
    schemas = Schemas({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}})
    assert schemas.named({"$ref": "#/a"}) in ({"$ref": "#/a"}, {"$ref": "#/b"})
    assert "$defs" in schemas.alone({"$ref": "#/a"})


def test_properties_called_like_keywords_are_properties() -> None:
    properties = {"xml": {"type": "string"}, "nullable": {"type": "boolean"}, "example": {"type": "integer"}}
    schema = {"type": "object", "properties": properties}
    assert Schemas({}).alone(schema) == schema
    assert modern({"type": "string", "nullable": True, "xml": {}}) == {"type": ["string", "null"]}
