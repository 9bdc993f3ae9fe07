"""A raw server becomes a row, or is rejected; no raw tool is lost without a reason."""

from typing import Any

import pytest

from astra_data.rows import Server, check, identity, to_dict
from astra_data.rows.tools import Source
from astra_data.tools.documents import Document
from astra_data.tools.filters import MOST_SCHEMA_BYTES
from astra_data.tools.normalise import normalise, normalise_all, repair

OBJECT: dict[str, Any] = {
    "type": "object", "properties": {"a": {"type": "string", "description": "Which one."}}, "required": ["a"]
}


def tool(
    name: str = "get_time", description: Any = "Tells what time it is.", schema: Any = OBJECT, **more: Any
) -> dict[str, Any]:
    return {"name": name, "description": description, "inputSchema": schema} | more


def document(*tools: dict[str, Any], name: str = "clock", good: int = 3) -> Document:
    fine = [tool(f"fine_{index}") for index in range(good)]
    return Document(name, [*fine, *tools], Source("document", None, None, "x.json"))


def test_a_row_passes_its_own_check_and_has_its_content_id() -> None:
    outcome = normalise(document(tool(title="Time", annotations={"readOnlyHint": True}, outputSchema={"type": "object"})))
    assert outcome.server is not None
    row = to_dict(outcome.server)
    check(Server, row, file="tools")
    assert row["id"] == identity(Server, row)
    assert row["tools"][3]["annotations"] == {"title": "Time", "readOnlyHint": True}
    assert outcome.rejected == []


@pytest.mark.parametrize(
    ("schema", "repaired"),
    [
        (None, {"type": "object", "properties": {}, "required": []}),
        ({}, {"type": "object", "properties": {}, "required": []}),
        ({"type": "object"}, {"type": "object", "properties": {}, "required": []}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}, "required": []}),
        ({"type": "object", "properties": None, "x": 1}, {"type": "object", "properties": {}, "required": [], "x": 1}),
        (OBJECT | {"$defs": {"n": {}}}, OBJECT | {"$defs": {"n": {}}}),
        ({"type": "string"}, {"type": "string"}),
        ([], {"type": "object", "properties": {}, "required": []}),
        ({"type": "object", "properties": []}, {"type": "object", "properties": {}, "required": []}),
    ],
)
def test_only_what_is_implied_is_repaired(schema: Any, repaired: Any) -> None:
    assert repair(schema)[0] == repaired


TTL = {"ttl": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}}
NEWER = {"ttl": {"type": "integer", "exclusiveMinimum": 0}}


@pytest.mark.parametrize(("schema", "properties"), [
    ({"properties": TTL}, NEWER),
    ({"properties": TTL, "required": ["ttl"], "$schema": "http://json-schema.org/draft-04/schema#"}, NEWER),
    ({"properties": {"n": {"maximum": 9, "exclusiveMaximum": False}}}, {"n": {"maximum": 9}}),
    ({"properties": {"all": {"type": "array", "items": {"anyOf": [{"properties": TTL}]}}}},
     {"all": {"type": "array", "items": {"anyOf": [{"properties": NEWER}]}}}),
    ({"properties": {"a": {"type": "object", "properties": []}}}, {"a": {"type": "object", "properties": {}}}),
    ([], {}),
    ({"properties": []}, {}),
])
def test_words_of_older_drafts_and_empty_lists_of_php_are_rewritten_and_flagged(schema: Any, properties: Any) -> None:
    given = {"type": "object"} | schema if schema else schema
    found = normalise(document(tool(schema=given, outputSchema={"type": "object", "properties": TTL}))).server
    assert found is not None and "repaired: get_time" in found.flags
    assert (found.tools[3].parameters["properties"], "$schema" in found.tools[3].parameters) == (properties, False)
    assert found.tools[3].output_schema == {"type": "object", "properties": NEWER}


def test_what_is_no_schema_keeps_its_words() -> None:
    sound = {"type": "object", "properties": {"exclusiveMinimum": {"default": TTL, "enum": [TTL]}}, "required": []}
    assert repair(sound) == (sound, False)


@pytest.mark.parametrize("support", ["optional", "forbidden", None])
def test_a_tool_that_may_run_as_a_task_is_kept(support: Any) -> None:
    assert normalise(document(tool(execution={"taskSupport": support}))).rejected == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (tool(name="no spaces please"), "tool: invalid name"),
        (tool(name="x" * 65), "tool: invalid name"),
        ({"description": "Tells what time it is.", "inputSchema": OBJECT}, "tool: invalid name"),
        (tool(name="fine_0"), "tool: duplicate name"),
        (tool(description=None), "tool: no description"),
        (tool(description="  "), "tool: no description"),
        (tool(description="Tells time."), "tool: description too short"),
        (tool(name="getTheCurrentTimeNow", description="get_the_current time now"), "tool: description too short"),
        (tool(schema={"type": "string"}), "tool: parameters not an object schema"),
        (tool(schema=["a"]), "tool: parameters not an object schema"),
        (tool(schema={"a": {"type": "string"}}), "tool: parameters not an object schema"),
        (tool(schema={"type": "object", "properties": {"a": {"type": "any"}}}), "tool: invalid JSON Schema"),
        (tool(schema={"type": "object", "properties": [1]}), "tool: invalid JSON Schema"),
        (tool(execution={"taskSupport": "required"}), "tool: runs as a task alone"),
        (tool(schema=OBJECT | {"required": "a"}), "tool: invalid JSON Schema"),
        (tool(schema=OBJECT | {"properties": {"a": {"$ref": "#/$defs/none"}}}), "tool: invalid JSON Schema"),
        (tool(schema=OBJECT | {"required": ["b"]}), "tool: required not in properties"),
        (tool(schema=OBJECT | {"description": "x" * MOST_SCHEMA_BYTES}), "tool: schema too large"),
        (tool(name="read_resource", schema={"type": "object", "properties": {"uri": {}}}), "tool: pseudo-tool"),
        (tool(name="Optional Settings", schema={}), "tool: pseudo-tool"),
    ],
)
def test_a_bad_tool_is_rejected_with_a_stable_reason_and_the_rest_is_kept(bad: dict[str, Any], reason: str) -> None:
    outcome = normalise(document(bad))
    assert outcome.server is not None
    assert [kept.name for kept in outcome.server.tools] == ["fine_0", "fine_1", "fine_2"]
    [(row, given)] = outcome.rejected
    assert given.partition(" - ")[0] == reason
    assert len(row.tools) == 1
    check(Server, to_dict(row), file="tools")


def test_a_real_tool_that_shares_a_pseudo_name_is_kept() -> None:
    assert normalise(document(tool(name="list_resources", schema=OBJECT))).rejected == []


def test_a_server_with_too_few_tools_is_rejected_with_what_is_left_of_it() -> None:
    outcome = normalise(document(tool(description=""), good=2))
    assert outcome.server is None
    assert [reason for _, reason in outcome.rejected] == [
        "tool: no description - get_time",
        "server: fewer than 3 tools - 2 usable of 3",
    ]
    assert [len(row.tools) for row, _ in outcome.rejected] == [1, 2]


def test_the_second_server_of_a_name_is_rejected() -> None:
    outcomes = list(normalise_all([document(), document(name="other"), document(tool())]))
    assert [outcome.server is not None for outcome in outcomes] == [True, True, False]
    assert outcomes[2].rejected[0][1] == "server: duplicate name - clock"


def test_an_unusable_output_schema_is_dropped_and_flagged() -> None:
    outcome = normalise(document(tool(outputSchema={"type": "any"})))
    assert outcome.server is not None
    assert outcome.server.tools[3].output_schema is None
    assert outcome.server.flags == ["no usable output schema: get_time"]
