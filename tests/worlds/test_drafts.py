"""The code of tools answers what the programs say, refuses what is wrong, and gives nothing away."""

import inspect
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.samples import Tool, function_of, loaded, question, running

from astra_data.messages import JsonObject
from astra_data.rows import digest
from astra_data.tools.validate import argument_error, schema_error
from astra_data.worlds import DOMAINS, draft
from astra_data.worlds.domain import Domain, Tables
from astra_data.worlds.telling import stands

NUMBERS = st.integers(0, 10**9)
WRONG = {"string": 7, "number": "7", "integer": "7", "boolean": "yes"}


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_gold_calls_give_the_answers_in_order_and_leave_the_effects(number: int) -> None:
    asked = question(number)
    drafts, tools, world = running(asked)
    assert drafts.keys() == {node.id for node in asked.nodes if node.needs_tool}
    for node in (node for node in asked.nodes if node.needs_tool):
        tool = drafts[node.id]
        assert argument_error(tool.parameters, tool.arguments) is None
        assert tools[node.id](**tool.arguments) == {tool.path: node.answer}
        for table, rows in (node.effect or {}).items():
            assert all(world.dump()[table][key].items() >= row.items() for key, row in rows.items())


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_the_schema_is_the_signature(number: int) -> None:
    drafts, tools, _ = running(question(number))
    for node, tool in drafts.items():
        assert schema_error(tool.parameters) is None
        signature = inspect.signature(tools[node]).parameters
        assert list(signature) == list(tool.parameters["properties"])
        needed = [name for name, parameter in signature.items() if parameter.default is parameter.empty]
        assert needed == tool.parameters["required"] == list(tool.arguments)


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_wrong_types_and_unknown_rows_are_refused_without_an_answer(number: int) -> None:
    asked = question(number)
    drafts, tools, world = running(asked)
    before = digest(world.dump())
    for node, tool in drafts.items():
        for name, schema in tool.parameters["properties"].items():
            answers = [tools[node](**tool.arguments | {name: value}) for value in (WRONG[schema["type"]], [], {})]
            free = "enum" not in schema and "new row" in schema["description"]
            if name in tool.arguments and schema["type"] == "string" and not free:
                answers.append(tools[node](**tool.arguments | {name: f"{tool.arguments[name]}9"}))
            assert all(answer.keys() == {"error"} for answer in answers)
            assert not any(stands(str(asked.nodes[int(node) - 1].answer), json.dumps(answer)) for answer in answers)
    assert digest(world.dump()) == before


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_documents_hold_no_answer(number: int) -> None:
    asked = question(number)
    drafts, _, _ = running(asked)
    documents = [json.dumps([tool.name, tool.description, tool.parameters]) for tool in drafts.values()]
    for node in (node for node in asked.nodes if node.needs_tool):
        answers = [] if node.effect else node.answer if isinstance(node.answer, list) else [node.answer]
        assert not any(stands(str(answer), text) for answer in answers for text in documents)


def test_a_row_is_cancelled_once_and_no_more_where_it_is_final() -> None:
    for domain in DOMAINS.values():
        table = next(table for table in domain.tables if table.final)
        final = {state: f"{table.key}-{number}" for number, state in enumerate(table.final, 101)}
        rows = {key: {"status": state} for state, key in {**final, table.states[0]: f"{table.key}-300"}.items()}
        cancel, world = _tool({"op": "cancel", "table": table.name, "final": list(table.final),
                               "arguments": {table.key_name: {"value": f"{table.key}-300"}}}, domain, {table.name: rows})
        assert all(cancel(key)["error"]["type"] == "conflict" for key in final.values())
        assert cancel(f"{table.key}-300") == {"result": "done"}
        assert world.dump()[table.name][f"{table.key}-300"] == {"status": table.final[-1]}
        assert cancel(f"{table.key}-300")["error"]["type"] == "conflict"


def test_a_new_row_has_the_next_key_and_belongs_to_rows_that_are_there() -> None:
    program = {"op": "create", "table": "payments", "key": "PAY", "columns": ["account", "amount", "booking_date"],
               "owners": {"account_id": "accounts"}, "starts": {"status": "scheduled"},
               "arguments": {"account_id": {"value": "ACC-1"}, "amount": {"value": 5}, "booking_date": {"value": "2024-02-01"}}}
    create, world = _tool(program, DOMAINS["bank"], {"accounts": {"ACC-1": {}}, "payments": {"PAY-207": {}, "PAY-98": {}}})
    wrong = [("ACC-2", 5, "2024-02-01"), ("ACC-1", 0, "2024-02-01"), ("ACC-1", 5, "2024-02-31")]
    assert [create(*values)["error"]["type"] for values in wrong] == ["not_found", "invalid_argument", "invalid_argument"]
    assert [create("ACC-1", 5, "2024-02-01") for _ in range(2)] == [{"result": "PAY-208"}, {"result": "PAY-209"}]
    made = {"account": "ACC-1", "amount": 5, "booking_date": "2024-02-01", "status": "scheduled"}
    assert world.dump()["payments"]["PAY-208"] == made


def _tool(program: JsonObject, domain: Domain, tables: Tables) -> tuple[Tool, Any]:
    """(function, module of the state) of one program."""
    world = loaded(tables)
    return function_of(draft(program, domain, tables, {}, shared=True), world), world


def test_options_change_the_result_and_are_bounded() -> None:
    bank, given = DOMAINS["bank"], {"first_number": {"value": 1.255}, "second_number": {"value": 2}}
    add, _ = _tool({"op": "add", "arguments": given}, bank, {})
    assert [add(1.255, 2, **more)["result"] for more in ({}, {"decimals": 2}, {"decimals": 0})] == [3.255, 3.26, 3]
    assert all(add(1, 2, decimals=wrong).keys() == {"error"} for wrong in (-1, 7, 2.0, True))
    share, _ = _tool({"op": "percent", "arguments": {"part": {"value": 1}, "whole": {"value": 3}}}, bank, {})
    assert (share(1, 3), share(1, 3, decimals=4)) == ({"result": 33.33}, {"result": 33.3333})
    rows = {f"PAY-{key}": {"status": "pending", "booking_date": "2024-01-01"} for key in (101, 102, 103)}
    pending = {"op": "having", "table": "payments", "by": "status", "arguments": {"status": {"value": "pending"}}}
    listed, _ = _tool(pending, bank, {"payments": rows})
    assert listed("pending")["result"] == list(rows)
    assert listed("pending", descending=True, limit=2)["result"] == ["PAY-103", "PAY-102"]
    assert listed("pending", limit=0).keys() == {"error"}


def test_nodes_of_one_shape_share_a_tool_and_others_do_not() -> None:
    shared = 0
    for number in range(120):
        asked = question(number)
        drafts, _, _ = running(asked)
        shapes = {node.id: digest({key: value for key, value in node.program.items() if key not in ("arguments", "after")})
                  for node in asked.nodes if node.needs_tool}
        for one, first in drafts.items():
            for other, second in drafts.items():
                assert (shapes[one] == shapes[other]) == (first.name == second.name) == (first.source == second.source)
                shared += one < other and first.name == second.name
    assert shared > 10


def test_there_are_hundreds_of_tools() -> None:
    tools = {digest([tool.name, tool.parameters]) for number in range(150) for tool in running(question(number))[0].values()}
    assert len(tools) > 300
