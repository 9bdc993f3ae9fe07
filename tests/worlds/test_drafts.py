"""The code of tools answers what the programs say, refuses what is wrong, and gives nothing away."""

import inspect
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.samples import question, running

from astra_data.rows import digest
from astra_data.tools.validate import argument_error, schema_error
from astra_data.worlds.telling import stands

NUMBERS = st.integers(0, 10**9)
WRONG = {"string": 7, "number": "7", "integer": "7"}


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_gold_calls_give_the_answers_in_order_and_leave_the_effects(number: int) -> None:
    asked = question(number)
    drafts, tools, world = running(asked)
    for node in asked.nodes:
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
            if name in tool.arguments and schema["type"] == "string":
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
    for node in asked.nodes:
        answers = [] if node.effect else node.answer if isinstance(node.answer, list) else [node.answer]
        assert not any(stands(str(answer), text) for answer in answers for text in documents)


def test_nodes_of_one_shape_share_a_tool_and_others_do_not() -> None:
    shared = 0
    for number in range(120):
        asked = question(number)
        drafts, _, _ = running(asked)
        shapes = {node.id: digest({key: value for key, value in node.program.items() if key not in ("arguments", "after")})
                  for node in asked.nodes}
        for one, first in drafts.items():
            for other, second in drafts.items():
                assert (shapes[one] == shapes[other]) == (first.name == second.name) == (first.source == second.source)
                shared += one < other and first.name == second.name
    assert shared > 10


def test_there_are_hundreds_of_tools() -> None:
    tools = {digest([tool.name, tool.parameters]) for number in range(300) for tool in running(question(number))[0].values()}
    assert len(tools) > 400
