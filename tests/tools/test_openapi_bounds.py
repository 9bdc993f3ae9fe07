"""A small OpenAPI document that unfolds to much ends in seconds, as tools or as an error that says what it comes to."""

import time
from typing import Any

import pytest

from astra_data.errors import DataError, Place
from astra_data.tools import references
from astra_data.tools.openapi import read_openapi
from astra_data.tools.references import Schemas

SECONDS = 10.0
"""Of CPU."""


def ref(name: object) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/S{name}"}


def api(schemas: dict[str, Any], tools: int = 1) -> dict[str, Any]:
    """A document of whose tools each has the schema S0 for its body."""
    body = {"content": {"application/json": {"schema": ref(0)}}}
    paths = {f"/p{n}": {"post": {"operationId": f"t{n}", "requestBody": body}} for n in range(tools)}
    return {"openapi": "3.0.3", "info": {"title": "x"}, "paths": paths, "components": {"schemas": schemas}}


def steps(count: int, make: Any) -> dict[str, Any]:
    return {f"S{n}": make(n + 1) for n in range(count)} | {f"S{count}": {"type": "object", "properties": {"a": {}}}}


HOSTILE: dict[str, dict[str, Any]] = {
    "a long chain": api(steps(20_000, ref), 5),
    "a chain round in a circle": api({f"S{n}": ref((n + 1) % 500) for n in range(500)}, 50),
    "a billion laughs": api(steps(40, lambda n: {"type": "object", "properties": {k: ref(n) for k in "abcdefghij"}}), 20),
    "allOf in allOf, ten times each": api(steps(12, lambda n: {"allOf": [ref(n)] * 10})),
    "allOf that holds itself": api({"S0": {"allOf": [ref(0), ref(0)]}}),
    "a wide allOf": api({"S0": {"allOf": [ref(1)] * 20_000}, "S1": {"type": "object", "properties": {"a": {}}}}, 3),
    "lists of lists": api(steps(60, lambda n: {"type": "array", "items": {"anyOf": [ref(n), ref(n)]}})),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_unfolds_ends(case: str) -> None:
    start = time.process_time()
    try:
        tools = read_openapi(HOSTILE[case], "x.json").tools
    except DataError as error:
        assert "values" in error.message and error.mend
    else:
        assert tools
    assert time.process_time() - start < SECONDS


def test_values_are_counted_over_all_tools_of_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "MOST_VALUES", 2_000)
    schema = {"type": "object", "properties": {f"k{n}": {"type": "string"} for n in range(100)}}
    assert read_openapi(api({"S0": schema}), "x.json").tools
    with pytest.raises(DataError, match=r"x\.json: its references unfold to more than 2,000 values"):
        read_openapi(api({"S0": schema}, 50), "x.json")


def test_a_chain_of_references_is_followed_once_around() -> None:
    chain = {f"S{n}": ref((n + 1) % 100) for n in range(100)}
    assert "$ref" in Schemas({"components": {"schemas": chain}}, Place("x")).named(ref(0))
