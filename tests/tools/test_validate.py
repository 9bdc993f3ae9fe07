"""Arguments are checked against the schema as the server declares it, in the words of one validator."""

from typing import Any

import pytest

from astra_data.tools.validate import argument_error, schema_error

OBJECT = {
    "type": "object",
    "properties": {"value": {"type": "number"}, "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}}},
    "required": ["value"],
    "additionalProperties": False,
    "$defs": {"tag": {"enum": ["a", "b"]}},
}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"value": 3}, None),
        ({"value": 3, "tags": ["a"]}, None),
        ({"value": "3"}, 'arguments.value: "3" is not of type "number"'),
        ({}, 'arguments: "value" is a required property'),
        ({"value": "3", "tags": ["a", "c", "d"]}, 'arguments.tags[1]: "c" is not one of "a" or "b"'),
        ([], 'arguments: [] is not of type "object"'),
    ],
)
def test_the_first_error_in_path_order_is_named(arguments: Any, error: str | None) -> None:
    assert argument_error(OBJECT, arguments) == error


def test_indexes_are_ordered_as_numbers() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "array", "items": {"type": "integer"}}}}
    wrong = [0] * 12
    wrong[2] = wrong[10] = "x"  # type: ignore[call-overload]
    assert argument_error(schema, {"n": wrong}) == 'arguments.n[2]: "x" is not of type "integer"'


@pytest.mark.parametrize(
    ("schema", "usable"),
    [
        ({"type": "object"}, True),
        ({"type": "any"}, False),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}, True),
        ({"$schema": "https://example.org/unknown", "type": "object"}, True),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": True}, True),
        ({"type": "array", "items": [{"type": "string"}]}, True),
        ({"$ref": "https://example.org/x.json"}, False),
        ({"$ref": "#/$defs/none"}, False),
        ({"type": "string", "pattern": "["}, False),
    ],
)
def test_any_draft_is_a_schema_if_it_can_be_used_offline(schema: Any, usable: bool) -> None:
    assert (schema_error(schema) is None) is usable


def test_a_schema_that_cannot_be_used_finds_no_fault() -> None:
    assert argument_error({"type": "any"}, {"a": 1}) is None
