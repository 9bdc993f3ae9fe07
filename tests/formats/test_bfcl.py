"""bfcl-eval's multi-turn entries: a small package of our own layout, and some entries of the real one where it can be had."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import mini_bfcl
import pytest

from astra_data.errors import DataError
from astra_data.formats import astra_rl, bfcl, harbor
from astra_data.formats.bfcl_modules import admitting, fixed
from astra_data.formats.bfcl_source import MORE_TOOLS, BfclFiles, Call, located, parsed
from astra_data.pipeline.stage import Item, Keep, Reject
from astra_data.rows import Environment
from benchmarks.bfcl import examined
from benchmarks.bfcl_wheel import NoWheelError, folder


def imported(source: Path) -> dict[str, Any]:
    """Entry id -> outcome of the stage."""

    async def run() -> dict[str, Any]:
        stage = bfcl.import_stage(source)
        async with stage.open({}, stage.config.model_validate({"isolation": "best_effort"}), None) as expand:  # type: ignore[arg-type]
            items: list[Item] = list(stage.items({}, None, None))  # type: ignore[arg-type]
            return {item.id: (await expand(item.value))[0] for item in items}

    return asyncio.run(run())


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Environment]:
    """Category -> the environment of its entry."""
    outcomes = imported(mini_bfcl.write(tmp_path_factory.mktemp("mini")))
    assert all(isinstance(outcome, Keep) for outcome in outcomes.values())
    return {name.removeprefix("multi_turn_").removesuffix("_7"): outcome.row for name, outcome in outcomes.items()}


def test_calls_become_goals_with_arguments_by_name_and_responses_of_the_classes(mini: dict[str, Environment]) -> None:
    goals = [[(goal.id, goal.tool, goal.arguments, goal.response) for goal in turn.goals] for turn in mini["base"].turns]
    assert goals == [
        [("g0", "add", {"text": "one", "tags": [1, 2]}, {"number": 1, "tags": [1, 2]}), ("g1", "count", {}, {"count": 1}),
         ("g2", "add", {"text": "two"}, {"number": 2, "tags": []})],
        [("g3", "halve", {"value": 3}, "{'result': Fraction(3, 2)}"), ("g4", "drop", {"number": "2"}, {"error": "no such note"})],
    ]
    assert {goal.match.kind for turn in mini["base"].turns for goal in turn.goals} == {"call"}


def test_a_goal_comes_after_those_whose_calls_change_the_state_that_it_leaves(mini: dict[str, Environment]) -> None:
    assert [goal.after for goal in mini["miss_param"].turns[0].goals] == [[], ["g0"], []]


def test_a_goal_comes_after_those_whose_calls_change_its_response(mini: dict[str, Environment]) -> None:
    first, second = mini["base"].turns
    assert [goal.after for goal in first.goals] == [[], ["g0"], ["g0", "g1"]]
    assert [goal.after for goal in second.goals] == [[], []]


def test_the_state_is_the_public_attributes_of_the_classes_that_have_one(mini: dict[str, Environment]) -> None:
    notes = {"1": {"text": "one"}, "2": {"text": "two"}}
    assert mini["base"].world.initial_state == {"Notes": {"notes": {}}, "Maths": {}}
    assert mini["base"].world.final_state == {"Notes": {"notes": notes, "long_context": False, "title": ""}}
    assert mini["long_context"].world.final_state["Notes"]["notes"] == {"1": {"text": "one and so on"}}


def test_tools_may_come_with_a_later_turn_that_says_so(mini: dict[str, Environment]) -> None:
    environment = mini["miss_func"]
    assert [tool.name for tool in environment.tools] == ["add", "name", "count", "drop", "halve", "fail"]
    assert [tool.from_turn for tool in environment.tools] == [1, 0, 0, 0, 0, 0]
    assert [turn.user for turn in environment.turns] == ["Do this.", MORE_TOOLS]
    assert [len(turn.goals) for turn in environment.turns] == [0, 1]


def test_a_tool_that_is_added_after_it_was_called_is_there_for_that_call(tmp_path: Path) -> None:
    outcome = imported(mini_bfcl.write(tmp_path, {"miss_func": [["add('one')"], []]}))["multi_turn_miss_func_7"]
    assert {tool.name: tool.from_turn for tool in outcome.row.tools}["add"] == 0
    assert [(note.check, note.tool, note.passed) for note in outcome.row.audit] == [("withheld", "add", None)]


def test_an_excluded_tool_is_offered_and_noted(mini: dict[str, Environment]) -> None:
    assert "drop" in {tool.name for tool in mini["miss_param"].tools}
    assert [(note.check, note.tool, note.passed) for note in mini["miss_param"].audit] == [("excluded", "drop", None)]


def test_schemas_are_json_schemas_all_the_way_down(mini: dict[str, Environment]) -> None:
    schemas = {tool.name: tool.schema["parameters"]["properties"] for tool in mini["base"].tools}
    assert schemas["add"] == {"text": {"type": "string"}, "tags": {"type": "array", "items": {"type": "number"}}}
    assert schemas["drop"] == {"number": {"type": ["integer", "string"]}, "why": {}}
    assert fixed({"type": "array"}) == {"type": "array", "items": {}}
    whole = {"properties": {"a": {"type": "integer"}}}
    assert admitting(whole, [Call("t", {"a": 1})]) == whole


def test_variants_of_a_scenario_share_a_key_to_split_by(mini: dict[str, Environment]) -> None:
    assert {environment.split_keys[0] for environment in mini.values()} == {"bfcl multi_turn 7"}
    assert {environment.license for environment in mini.values()} == {"Apache-2.0"}
    assert len({environment.id for environment in mini.values()}) == 4


def test_modules_import_one_another_and_nothing_of_the_package(mini: dict[str, Environment]) -> None:
    names = [module.name for module in mini["base"].modules]
    assert names == ["long_context", "notes", "maths", "scenario"]
    assert all("bfcl_eval" not in module.source and "subprocess" not in module.source for module in mini["base"].modules)
    assert mini["base"].modules[0].source == "FILLER = None\n"


def test_environments_come_back_equal_from_the_forms_that_are_written(mini: dict[str, Environment], tmp_path: Path) -> None:
    harbor.write(mini.values(), tmp_path, "# card\n")
    for environment in mini.values():
        assert astra_rl.from_row(astra_rl.to_row(environment), "rl.jsonl", 1) == environment
        assert harbor.read(tmp_path / environment.id) == environment


def test_a_ground_truth_that_raises_is_rejected_with_the_reason(tmp_path: Path) -> None:
    outcome = imported(mini_bfcl.write(tmp_path, {"base": [["fail()"], []]}))["multi_turn_base_7"]
    assert isinstance(outcome, Reject)
    assert outcome.reason == "bfcl: the ground truth does not run - fail: Error: RuntimeError: never works"


@pytest.mark.parametrize("call", [
    "add(text=name)", "add(text='a', text='b')", "add('a', text='b')", "add('a', [], 3)", "add(**{'text': 'a'})", "other()",
    "notes.add('a')", "add(text='a'", "add(text='a'); count()", "'add'", "add(text=open('x'))", "add(text=f'{1}')",
])
def test_only_plain_calls_of_known_tools_with_literals_are_read(call: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(call, {"add": ["text", "tags"], "count": []})


def test_a_call_that_cannot_be_read_is_named_with_file_and_row(tmp_path: Path) -> None:
    files = BfclFiles(mini_bfcl.write(tmp_path, {"base": [["add(text=name)"], []]}))
    with pytest.raises(DataError, match=r"BFCL_v4_multi_turn_base.json, row 1: not an entry"):
        list(files.entries())


@pytest.mark.parametrize("changes", [
    {"question": [[]]}, {"involved_classes": ["Nothing"]}, {"question": [[{"role": "system", "content": "x"}], []]},
])
def test_entries_that_are_not_whole_are_named(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="row 1: not an entry"):
        list(BfclFiles(mini_bfcl.write(tmp_path, **changes)).entries())


def test_a_folder_without_the_package_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="these are not the files of bfcl-eval"):
        BfclFiles(tmp_path)


def test_the_package_is_found_by_its_name_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = mini_bfcl.write(tmp_path)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert located("bfcl-eval") == located("bfcl_eval") == package
    assert located("./bfcl_eval") is None


@pytest.fixture(scope="module")
def wheel() -> BfclFiles:
    try:
        return BfclFiles(folder())
    except NoWheelError as error:
        pytest.skip(str(error))


def test_entries_of_the_real_package_replay_and_what_spoils_them_shows(wheel: BfclFiles) -> None:
    entries = list(wheel.entries())
    assert Counter(entry.category for entry in entries) == Counter(dict.fromkeys({entry.category for entry in entries}, 200))
    seen: Counter[str] = Counter()
    with bfcl.sandbox_for(wheel) as sandbox:
        for entry in entries[9::80]:
            seen += examined(sandbox, bfcl.environment_of(wheel, entry, sandbox))
    assert seen["truth: F1"] == seen["truth: state"] == seen["dropped: recall"] == 10
    assert seen["redundant"] == seen["redundant: precision"] > 5 and seen["broken"] == seen["broken: noticed"] > 5
    assert seen["shuffled"] == seen["shuffled: F1"] > 2
