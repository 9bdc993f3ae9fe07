"""JSON that code goes into has the shape that it goes by, or the row is none of its kind; all other JSON may be anything."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from any_rows import JSON
from hypothesis import given, settings
from sample_environments import shop, wallet
from small_arenas import arena_of
from small_training import row as conversation_row

from astra_data.hub.writer import Writer, read_rows
from astra_data.rows import ROW_TYPES, Arena, Environment, Question, Server, SftRow, identity, to_dict
from astra_data.rows.fit import Unfit
from astra_data.rows.shapes import LOOKS, shape_error

Row = dict[str, Any]


def put(row: Row, path: str, value: Any) -> Row:
    """The row with another value at a place such as `tools.0.function`."""
    row = copy.deepcopy(row)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at: Any = row
    for step in steps:
        at = at[step]
    at[last] = value
    return row


SOUND: dict[type, Callable[[], Row]] = {
    SftRow: lambda: conversation_row(1), Environment: lambda: to_dict(wallet()), Arena: lambda: to_dict(arena_of(shop())),
}
WRONG = [
    (SftRow, "messages.0", 7, "messages[0].role: expected a text"),
    (SftRow, "messages.0.content", ["x"], "messages[0].content: expected a text"),
    (SftRow, "messages.0.content", None, "messages[0].content: expected a text"),
    (SftRow, "messages.0.role", None, "messages[0].role: expected a text"),
    (SftRow, "messages.1.tool_calls", "x", "messages[1].tool_calls: expected a list"),
    (SftRow, "messages.1.tool_calls.0", None, "messages[1].tool_calls[0].function: expected an object"),
    (SftRow, "messages.1.tool_calls.0.id", 7, "messages[1].tool_calls[0]: its id and name are texts"),
    (SftRow, "messages.1.tool_calls.0.function.name", [], "messages[1].tool_calls[0]: its id and name are texts"),
    (SftRow, "messages.1.tool_calls.0.function.arguments", "{}",
     "messages[1].tool_calls[0].function.arguments: expected an object"),
    (SftRow, "messages.2.tool_call_id", None, "messages[2].tool_call_id: expected a text"),
    (SftRow, "tools.0", "x", "tools[0].function: expected an object"),
    (SftRow, "tools.0.function", [], "tools[0].function: expected an object"),
    (SftRow, "tools.0.function.name", None, "tools[0].function.name: expected a text"),
    (SftRow, "tools.0.function.description", {}, "tools[0].function.description: expected a text"),
    (SftRow, "tools.0.function.parameters", [], "tools[0].function.parameters: expected an object"),
    (SftRow, "tools.0.function.parameters.properties", [], "tools[0].function.parameters.properties: expected an object"),
    (SftRow, "tools.0.function.parameters.required", [7], "tools[0].function.parameters.required[0]: expected a text"),
    (Environment, "tools.0.schema", None, "tools[0].schema: expected an object"),
    (Environment, "turns.0.goals.0.arguments", [], "turns[0].goals[0].arguments: expected an object"),
    (Arena, "prompt.0", {}, "prompt[0].role: expected a text"),
    (Arena, "tools.0.function.name", 7, "tools[0].function.name: expected a text"),
]


@pytest.mark.parametrize(("row_type", "path", "value", "said"), WRONG)
def test_what_has_another_shape_is_named_and_told_when_it_is_read(
    row_type: Any, path: str, value: Any, said: str, tmp_path: Path
) -> None:
    assert shape_error(row_type, SOUND[row_type]()) is None
    row = put(SOUND[row_type](), path, value)
    assert shape_error(row_type, row) == said
    with Writer(tmp_path / "data", row_type) as writer:
        writer.write(row | {"id": identity(row_type, row)})
    told: list[Unfit] = []
    files = [tmp_path / "data" / name for name in writer.close().files]
    assert list(read_rows(files, row_type, told.append)) == []
    assert [unfit.why for unfit in told] == [f"no row of this kind - {said}"]


PLACED: list[tuple[type, str, Callable[[Any], Any]]] = [
    (SftRow, "messages", lambda value: [value]), (SftRow, "tools", lambda value: [value]),
    (SftRow, "tools", lambda value: [{"function": value}]), (Environment, "tools", lambda value: [{"schema": value}]),
    (Environment, "turns", lambda value: [{"goals": [{"arguments": value, "match": {"kind": "exact"}}]}]),
    (SftRow, "messages", lambda value: [{"role": "assistant", "tool_calls": value}]),
    (Question, "knowledge", lambda value: value), (Server, "connection", lambda value: value),
    (Server, "tools", lambda value: [{"parameters": value, "output_schema": value, "annotations": value}]),
]


@pytest.mark.parametrize(("row_type", "column", "placed"), PLACED)
@settings(max_examples=40, deadline=None)
@given(strange=JSON)
def test_no_json_is_too_strange_to_be_looked_at(row_type: type, column: str, placed: Callable[[Any], Any], strange: Any) -> None:
    said = LOOKS[row_type][column](placed(strange))
    assert said is None or ": expected " in said or said.endswith("are texts")


def test_kinds_without_such_json_are_not_looked_at() -> None:
    assert {name for name, kind in ROW_TYPES.items() if kind not in LOOKS} == {"chains", "tasks"}
