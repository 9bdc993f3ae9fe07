"""Every filter of [A 20.1], with its constant."""

from typing import Any

import pytest

from astra_data.tools.filters import (
    KEYWORDS,
    LEAST_DESCRIPTION,
    LEAST_TOOLS,
    MOST_BORDERLINE,
    NAME,
    borderline,
    schema_reason,
    server_reason,
    tool_reason,
    unsupported_keywords,
    weight,
)


def tool(name: str = "read_it", description: str = "Reads the thing.") -> dict[str, Any]:
    return {"name": name, "description": description}


def test_a_server_has_three_tools_at_least() -> None:
    assert LEAST_TOOLS == 3
    assert server_reason(3, 3) is None
    assert server_reason(2, 40) == "server: fewer than 3 tools - 2 usable of 40"


def test_a_server_of_any_size_is_whole() -> None:
    assert server_reason(642, 642) is None


def test_a_description_has_fifteen_characters_at_least() -> None:
    assert LEAST_DESCRIPTION == 15
    assert tool_reason(tool(description="Reads a thing. "), taken=()) == "tool: description too short - Reads a thing."
    assert tool_reason(tool(description="Reads a thing.."), taken=()) is None


def test_a_character_of_a_script_without_spaces_says_as_much_as_two() -> None:
    assert weight("查询指定城市的天气") == 18
    assert tool_reason(tool(description="查询指定城市的天气"), taken=()) is None
    assert tool_reason(tool(description="查询天气"), taken=()) is not None


@pytest.mark.parametrize("description", ["get the current time", "Get_The-Current Time", "getTheCurrentTime"])
def test_a_description_that_equals_the_name_says_nothing(description: str) -> None:
    assert str(tool_reason(tool("get_the_current_time", description), taken=())).startswith("tool: description too short")


def test_a_name_has_the_characters_and_the_length_that_a_model_may_call() -> None:
    assert NAME.pattern == r"[A-Za-z0-9_.-]{1,64}"
    assert tool_reason(tool("a" * 64), taken=()) is None
    for name in ("", "a" * 65, "två", "a b", "a/b", "optional!"):
        assert str(tool_reason(tool(name), taken=())).startswith("tool: invalid name"), name


def test_a_name_stands_once_in_a_server() -> None:
    assert tool_reason(tool(), taken={"read_it"}) == "tool: duplicate name - read_it"


def test_required_parameters_are_described() -> None:
    schema = {"type": "object", "properties": {"a": {}}, "required": ["a", "b"]}
    assert schema_reason("t", schema) == "tool: required not in properties - t: b"


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"optional": True}}},
        {"properties": {"a": {"items": {"kind": "text"}}}},
        {"properties": {"a": {"anyOf": [{"type": "string"}, {"typ": "integer"}]}}},
        {"properties": {}, "$defs": {"x": {"fields": []}}},
    ],
)
def test_a_keyword_that_json_schema_lacks_is_not_supported(schema: dict[str, Any]) -> None:
    reason = schema_reason("t", {"type": "object", "required": []} | schema)
    assert str(reason).startswith("tool: unsupported schema keyword - t: ")


def test_names_of_parameters_notes_and_values_are_no_keywords() -> None:
    properties = {"optional": {"type": "string"}, "kind": {"x-order": 1, "enum": [{"typ": 1}], "default": {"typ": 1}}}
    schema = {"type": "object", "properties": properties, "required": []}
    assert list(unsupported_keywords(schema)) == []
    assert schema_reason("t", schema) is None
    assert {"type", "properties", "nullable", "$ref", "prefixItems"} <= KEYWORDS


@pytest.mark.parametrize(
    ("name", "description", "doubtful"),
    [
        ("git_log", "Shows the commit logs", True),
        ("get_user_posts", "Use this tool to get the posts of the user.", True),
        ("get_user_posts", "Get the posts of the user, newest first.", False),
        ("convert", "x" * MOST_BORDERLINE, True),
        ("convert", "x" * (MOST_BORDERLINE + 1), False),
    ],
)
def test_a_description_is_borderline_if_it_is_short_or_adds_no_word(name: str, description: str, doubtful: bool) -> None:
    assert MOST_BORDERLINE == 30
    assert borderline(name, description) is doubtful
