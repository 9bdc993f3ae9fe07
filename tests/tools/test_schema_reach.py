"""A small schema that unfolds to much is refused or bounded, and no reference leads anywhere but into the schema itself."""

import json
from typing import Any

import pytest

from astra_data.tools.validate import argument_error, schema_error

LARGE = {"rows": [{"a": n, "b": [n] * 10} for n in range(300)]}


def doubling(times: int, word: str = "anyOf") -> dict[str, Any]:
    """Definitions of which each names the next one twice."""
    steps = {f"s{n}": {word: [{"$ref": f"#/$defs/s{n + 1}"}, {"$ref": f"#/$defs/s{n + 1}"}]} for n in range(times)}
    return {"$ref": "#/$defs/s0", "$defs": steps | {f"s{times}": {"type": "string"}}}


def nested(times: int, word: str) -> dict[str, Any]:
    """The same part twice in itself, written out once and shared."""
    part: dict[str, Any] = {"type": "string"}
    for _ in range(times):
        part = {word: [part, part]}
    return part


UNFOLDING = {
    **{f"{word} named twice, thirty times": doubling(30, word) for word in ("anyOf", "allOf", "oneOf")},
    "a circle at one place": {"$ref": "#"},
    "a circle of two": {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    "a circle by allOf": {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
    "a circle by an anchor": {"$anchor": "x", "anyOf": [{"$ref": "#x"}]},
    "a circle by a dynamic anchor": {"$dynamicAnchor": "x", "allOf": [{"$dynamicRef": "#x"}]},
    "a file": {"$ref": "file:///etc/passwd"},
    "an address": {"properties": {"a": {"$ref": "http://127.0.0.1:9/schema.json"}}},
    "an address as a base": {"$id": "http://127.0.0.1:9/", "properties": {"a": {"$ref": "other.json"}}},
    "nested too deep": json.loads('{"not":' * 200 + "{}" + "}" * 200),
}


@pytest.mark.parametrize("schema", UNFOLDING.values(), ids=UNFOLDING)
def test_a_schema_that_unfolds_without_bound_or_leads_out_is_refused(schema: dict[str, Any]) -> None:
    assert schema_error(schema)
    assert argument_error(schema, {"a": 7}) is None, "what cannot tell says nothing"


BOUNDED = {
    "twice in itself": nested(8, "anyOf"),
    "a tree of itself": {"$defs": {"t": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/t"}, {"type": "integer"}]}}},
                         "properties": {"rows": {"$ref": "#/$defs/t"}}, "required": ["rows"]},
    "many ways for many parts": {"properties": {"rows": {"type": "array", "items": {"anyOf": [
        {"required": [f"x{n}"], "properties": {"b": {"items": {"enum": list(range(1000, 1400))}}}} for n in range(60)]}}}},
    "a pattern that backtracks": {"properties": {"t": {"type": "string", "pattern": "^(?=(a+)+$).*b$"}}},
}  # fmt: skip


@pytest.mark.parametrize("schema", BOUNDED.values(), ids=BOUNDED)
def test_what_does_not_fit_is_told_whatever_the_schema(schema: dict[str, Any]) -> None:
    assert argument_error(schema, LARGE | {"t": "a" * 40_000})


def test_sound_schemas_with_references_are_used_as_they_are() -> None:
    following = {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}
    node = {"type": "object", "properties": {"next": following}, "required": ["next"]}
    schema = {"$defs": {"node": node}, "properties": {"list": {"$ref": "#/$defs/node"}}}
    assert schema_error(schema) is None
    assert argument_error(schema, {"list": {"next": {"next": None}}}) is None
    assert argument_error(schema, {"list": {"next": {"next": 7}}})
    assert argument_error({"properties": {"n": {"type": "integer"}}}, {"n": "7"}) == 'arguments.n: "7" is not of type "integer"'
