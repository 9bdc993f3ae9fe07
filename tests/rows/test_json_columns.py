"""What goes wrong with JSON columns elsewhere stays right here: no foreign keys, no strings read as JSON, keys in their order."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from any_rows import LOOKS_LIKE_JSON

from astra_data.hub.writer import Writer, read_rows
from astra_data.messages import assistant, tool_call, tool_result, user
from astra_data.pipeline.spool import typed_columns
from astra_data.rows import SftRow, Trajectory, digest, new_row, to_dict
from astra_data.rows.schema import fields, is_typed
from astra_data.rows.sft import Difficulty


def row(messages: list[Any], tools: list[Any] | None = None) -> dict[str, Any]:
    one = new_row(SftRow, trajectory_id=digest([messages, tools]), server="s", messages=messages, tools=tools or [], reward=1.0,
                  difficulty=Difficulty(1, 2, 1, 1), models={"policy": "offline"})
    return to_dict(one)


def tool(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


@pytest.fixture
def stored(tmp_path: Path) -> Any:
    """Write rows; give the ways in which they are read back."""

    def write(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        from datasets import load_dataset

        with Writer(tmp_path / "data", SftRow) as writer:
            for one in rows:
                writer.write(one)
        assert writer.written is not None
        files = [tmp_path / "data" / name for name in writer.written.files]
        paths = [str(path) for path in files]
        return {
            "read_rows": list(read_rows(files, SftRow)),
            "load_dataset": list(load_dataset("parquet", data_files=paths, split="train", cache_dir=str(tmp_path / "cache"))),
            "streaming": list(load_dataset("parquet", data_files=paths, split="train", streaming=True)),
        }

    return write


def test_strings_that_look_like_json_stay_strings(stored: Any) -> None:
    rows = [row([user(text), tool_result("c1", "add", text), assistant(text, [tool_call("c1", "add", {"x": text})])])
            for text in LOOKS_LIKE_JSON]
    for way, back in stored(rows).items():
        assert back == rows, way


def test_rows_get_no_keys_from_other_rows(stored: Any) -> None:
    rows = [
        row([user("x")], [tool("convert", miles={"type": "number"})]),
        row([user("y"), assistant("z", reasoning="hm")], [tool("weather", city={"enum": ["Oslo", None]}, day={})]),
        row([], []),
    ]
    for way, back in stored(rows).items():
        assert back == rows, way


def test_keys_keep_their_order(stored: Any) -> None:
    for way, (back,) in stored([row([user("x")], [tool("convert", zone={}, amount={}, middle={})])]).items():
        assert list(back["tools"][0]["function"]["parameters"]["properties"]) == ["zone", "amount", "middle"], way


def test_polars_sees_the_typed_columns_and_filters_inside_structs(tmp_path: Path) -> None:
    with Writer(tmp_path / "data", SftRow) as writer:
        for calls in range(3):
            writer.write(row([user("x")]) | {"difficulty": to_dict(Difficulty(calls, 1, 1, 1))})
    files = list((tmp_path / "data").glob("*.parquet"))
    frame = typed_columns(files, SftRow)
    assert frame.collect_schema().names() == ["id", "trajectory_id", "server", "reward", "difficulty", "split", "tokens"]
    assert frame.filter(pl.col("difficulty").struct.field("calls") > 0).collect().height == 2


def test_scores_are_typed_and_messages_are_not() -> None:
    typed = {name for name, kind in fields(Trajectory).items() if is_typed(kind)}
    assert {"scores", "calls", "usage", "reward"} <= typed
    assert typed.isdisjoint({"messages", "tools", "sampling", "models"})
