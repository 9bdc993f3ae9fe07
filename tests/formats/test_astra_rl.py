"""The four-column form: what comes in from it, what goes out, and that our own environments come back equal."""

import json
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from any_rows import rows_of, shaped
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_environments import shop, wallet

from astra_data.errors import DataError
from astra_data.formats import astra_rl
from astra_data.formats.standalone import standalone
from astra_data.rollout.goals import Made
from astra_data.rollout.reward import breakdown
from astra_data.rows import Environment, from_dict, identity
from astra_data.rows.environments import EnvironmentTool, Module, World

SOURCE = "def get_stock(sku):\n    return {'A1': 3, 'B2': 13}[sku]\n"
SCHEMA = {"name": "get_stock", "description": "Stock of an article.", "parameters": {"type": "object", "properties": {"sku": {}}}}


def plain(**changes: Any) -> dict[str, Any]:
    """A row as released."""
    row = {
        "prompt": [{"role": "user", "content": "How many A1?"}],
        "tool_schema": json.dumps([{"type": "function", "function": SCHEMA}]),
        "tool_dict": json.dumps({"get_stock": SOURCE}),
        "sub_qa_dict": json.dumps({"get_stock": ["3", "13"]}),
    }
    return row | changes


def read(row: dict[str, Any]) -> Environment:
    return astra_rl.from_row(row, "rl.jsonl", 3)


def test_a_plain_row_gives_goals_of_kind_text_whose_calls_are_not_known() -> None:
    environment = read(plain())
    goals = environment.turns[0].goals
    assert [(goal.tool, goal.answer, goal.match.kind, goal.arguments, goal.response) for goal in goals] == [
        ("get_stock", "3", "text", None, None), ("get_stock", "13", "text", None, None),
    ]
    assert environment.turns[0].user == "How many A1?" and environment.tools[0].schema == SCHEMA
    made = [Made("get_stock", {"sku": "B2"}, 13)]
    assert breakdown(environment.turns, made, {}).credits == ["g1"]


def test_the_entry_of_a_plain_tool_is_its_function() -> None:
    environment = read(plain(tool_dict=json.dumps({"get_stock": "import math\n\n\ndef lookup(sku):\n    return 3\n"})))
    assert environment.tools[0].entry == f"{environment.modules[0].name}.lookup"


@pytest.mark.parametrize(("changes", "field", "said"), [
    ({"tool_schema": json.dumps([SCHEMA, SCHEMA])}, "tool_schema[1].name", "a second tool of the name get_stock"),
    ({"tool_schema": "{"}, "tool_schema", "not JSON"),
    ({"tool_schema": "[3]"}, "tool_schema[0]", "not an OpenAI tool"),
    ({"tool_schema": json.dumps([{"name": "get_stock", "parameters": []}])}, "tool_schema[0].parameters", "an object"),
    ({"tool_dict": "[]"}, "tool_dict", "expected a JSON object"),
    ({"tool_dict": 7}, "tool_dict", "expected a JSON string, got int"),
    ({"tool_dict": "{}"}, "tool_dict.get_stock", "has no source"),
    ({"tool_dict": '{"get_stock": "x", "get_stock": "y"}'}, "tool_dict", "stands twice"),
    ({"tool_dict": json.dumps({"get_stock": "def get_stock(:"})}, "tool_dict.get_stock", "not Python"),
    ({"tool_dict": json.dumps({"get_stock": "def a(): 1\ndef b(): 2"})}, "tool_dict.get_stock", "none of its 2 functions"),
    ({"tool_dict": json.dumps({"get_stock": SOURCE, "other": SOURCE})}, "tool_dict.other", "no schema offers"),
    ({"sub_qa_dict": '{"get_stock": [3]}'}, "sub_qa_dict.get_stock[0]", "must be a text"),
    ({"sub_qa_dict": '{"get_stock": [" "]}'}, "sub_qa_dict.get_stock[0]", "not empty"),
    ({"sub_qa_dict": '{"get_stock": "3"}'}, "sub_qa_dict.get_stock", "expected a list"),
    ({"sub_qa_dict": '{"get_stock": [NaN]}'}, "sub_qa_dict", "NaN is no JSON number"),
    ({"sub_qa_dict": '{"sell": ["3"]}'}, "sub_qa_dict.sell", "no schema offers"),
    ({"sub_qa_dict": "{}"}, "sub_qa_dict", "no answer"),
    ({"prompt": "How many?"}, "prompt", "a list of messages"),
    ({"tool_schema": json.dumps([SCHEMA | {"x": 2**70}])}, "tool_schema", "an integer beyond 64 bits"),
    ({"tool_schema": json.dumps([SCHEMA | {"description": "\ud800"}])}, "tool_schema", "half of a surrogate pair"),
    ({"tool_schema": json.dumps([SCHEMA])[:-2] + ', "x": ' + "[" * 300 + "]" * 300 + "}]"}, "tool_schema", "deep"),
    ({"prompt": [{"role": "system", "content": "x"}]}, "prompt[0]", "not a message of the user"),
])
def test_what_is_wrong_is_named_with_file_row_and_field(changes: dict[str, Any], field: str | None, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read(plain(**changes))
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.row, caught.value.place.field) == ("rl.jsonl", 3, field)
    assert said in str(caught.value)


def test_a_row_without_a_column_says_which() -> None:
    row = plain()
    del row["sub_qa_dict"]
    with pytest.raises(DataError, match="row 3, field sub_qa_dict: missing"):
        read(row)


@pytest.mark.parametrize("make", [shop, wallet])
def test_our_environments_come_back_equal_from_parquet(make: Any, tmp_path: Path) -> None:
    from datasets import load_dataset

    assert astra_rl.write([make()], tmp_path, "# card\n") == 1
    rows = load_dataset(str(tmp_path), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows.column_names == [*astra_rl.COLUMNS, astra_rl.WHOLE]
    assert [astra_rl.from_row(row, "x", 1) for row in rows] == [make()]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_the_row_type_allows_comes_back_equal(data: st.DataObject) -> None:
    row = shaped(Environment, data.draw(rows_of(Environment)), data.draw)
    environment = from_dict(Environment, row | {"id": identity(Environment, row)})
    assert astra_rl.from_row(json.loads(json.dumps(astra_rl.to_row(environment))), "x", 1) == environment


@pytest.mark.parametrize("column", astra_rl.COLUMNS)
def test_a_column_that_was_edited_beside_the_whole_environment_is_not_passed_over(column: str) -> None:
    row = astra_rl.to_row(shop())
    with pytest.raises(DataError, match=f"field {column}: differs"):
        read(row | {column: plain()[column]})


@pytest.mark.parametrize(("make", "calls"), [
    (shop, [("get_stock", {"sku": "B2"}, {"sku": "B2", "stock": 13}),
            ("get_value", {"sku": "A1"}, {"value": 7.5, "currency": "EUR"})]),
    (wallet, [("receive", {"amount": 5}, {"balance": 15}), ("look", {}, {"balance": 10})]),
])
def test_every_tool_source_runs_alone(make: Any, calls: list[Any]) -> None:
    sources = json.loads(astra_rl.to_row(make())["tool_dict"])
    for name, arguments, response in calls:
        module = types.ModuleType("alone")
        exec(compile(sources[name], name, "exec"), vars(module))
        assert getattr(module, name)(**arguments) == response


def test_a_source_that_needs_a_state_takes_the_initial_one() -> None:
    source = "STATE = {}\n\n\ndef load(state):\n    STATE.update(state)\n\n\ndef look():\n    return STATE['balance']\n"
    bank = replace(wallet(), tools=[EnvironmentTool("look", {"name": "look"}, "bank.look")], modules=[Module("bank", source)],
                   world=World({"balance": 10}, "bank.load", None, [], None))
    module = types.ModuleType("alone")
    exec(compile(standalone(bank, bank.tools[0]), "look", "exec"), vars(module))
    assert module.look() == 10


def test_the_four_columns_of_our_rows_import_without_the_fifth() -> None:
    row = astra_rl.to_row(shop())
    del row[astra_rl.WHOLE]
    environment = read(row)
    assert [tool.name for tool in environment.tools] == ["get_stock", "get_value"]
    assert [goal.answer for goal in environment.turns[0].goals] == ["3", '{"value": 7.5, "currency": "EUR"}']
