"""Benchmarks of every known shape are read, and one without tasks is no benchmark."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from benchmark_rows import ACE, ACE_AGENT, BFCL, BFCL_ANSWER, BFCL_SINGLE, MOVE, TALK, TAU2, write
from small_versions import make_version

from astra_data.errors import DataError
from astra_data.hub.store import Store
from astra_data.pipeline.stage import Resources
from astra_data.stages import decontamination
from astra_data.stages.benchmarks import ToolCall, read_benchmark
from astra_data.stages.decontamination import Decontaminate
from astra_data.teacher.roles import Roles
from astra_data.tools.workspace import Template


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(7, cast(Any, None), Roles({}), {}, (), {}, Template(None, ()), folder=tmp_path)


def test_bfcl_gives_the_users_turns_and_the_calls_of_each_turn_and_of_all(tmp_path: Path, resources: Resources) -> None:
    question, answer, single = read_benchmark(write(tmp_path, "BFCL.json", BFCL, BFCL_ANSWER, BFCL_SINGLE), resources)
    assert (question.name, question.id, question.texts, question.calls) == (
        "BFCL.json",
        "multi_turn_base_7",
        (MOVE, "Now sort it."),
        (),
    )
    cd, mv = ToolCall("cd", ("drafts",)), ToolCall("mv", ("quarterly.pdf", "archive"))
    sort = ToolCall("sort", ("quarterly.pdf",))
    assert answer.calls == ((cd, mv), (sort,), (cd, mv, sort))
    assert single.calls == ((ToolCall("spotify.play", ("Nina Simone", "20", "")),),)


def test_tau2_gives_the_users_instructions_and_the_expected_actions(tmp_path: Path, resources: Resources) -> None:
    [item] = read_benchmark(write(tmp_path, "tasks.json", TAU2, lines=False), resources)
    instructions = TAU2["user_scenario"]["instructions"]  # type: ignore[index]
    assert set(item.texts) == {instructions[key] for key in ("reason_for_call", "known_info", "task_instructions")}
    assert item.calls == ((ToolCall("find_user", ("Ada Quill", "90210")), ToolCall("exchange_items", ("W77", "blue kettle"))),)


def test_acebench_gives_the_users_lines_and_the_milestones(tmp_path: Path, resources: Resources) -> None:
    dialogue, agent = read_benchmark(write(tmp_path, "ace.jsonl", ACE, ACE_AGENT), resources)
    assert dialogue.texts == ("I need a press release for the launch next week.", "The Kettle.")
    assert agent.calls == ((ToolCall("login_food_platform", ("Eve", "pass1")), ToolCall("add_food_delivery_order", ())),)


def test_conversations_and_rows_of_ours_are_read(tmp_path: Path, resources: Resources) -> None:
    task = {"id": "ab", "text": "Book it.", "target_tools": ["book"]}
    talk, own = read_benchmark(write(tmp_path, "mixed.jsonl.gz", TALK, task), resources)
    assert (talk.id, talk.texts, talk.calls) == ("1", ("Where is order W77 now?",), ((ToolCall("track", ("W77", "3")),),))
    assert (own.id, own.texts, own.calls) == ("ab", ("Book it.",), ((ToolCall("book", ()),),))


def test_nothing_in_a_call_string_is_run(tmp_path: Path, resources: Resources) -> None:
    target = tmp_path / "touched"
    row = {"id": 1, "text": "Do it.", "ground_truth": [f"open({str(target)!r}, 'w')", "f(" * 500, "1 + 1"]}
    [item] = read_benchmark(write(tmp_path, "b.json", row), resources)
    assert [call.name for call in item.calls[0]] == ["open", "f"]
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": 1}\n{', "b.json, row 2: not JSON"),
        ('[{"id": 1}]', "b.json: holds no task that can be compared"),
        ("[]", "holds no task"),
    ],
)
def test_a_benchmark_without_tasks_is_an_error_and_not_an_empty_list(
    tmp_path: Path, resources: Resources, content: str, message: str
) -> None:
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(DataError, match=r"b\.json") as raised:
        read_benchmark("b.json", resources)
    assert message in str(raised.value)
    assert str(tmp_path) not in str(raised.value)


def test_a_dataset_is_a_benchmark_by_its_address(tmp_path: Path, resources: Resources) -> None:
    """A folder with rows in a shape of their own, and a version in the store."""
    (tmp_path / "pulled" / "data").mkdir(parents=True)
    pl.DataFrame({"task_id": [4], "prompt": [MOVE]}).write_parquet(tmp_path / "pulled" / "data" / "test-0.parquet")
    [item] = read_benchmark("./pulled#default", resources)
    assert (item.name, item.id, item.texts) == ("pulled#default", "4", (MOVE,))
    stored = replace(resources, store=tmp_path / "hub")
    version = make_version(Store.open(tmp_path / "hub"), "Is it raining in Oslo?", name="held-out")
    [held_out] = read_benchmark("held-out", stored)
    assert (held_out.name, held_out.texts) == ("held-out", ("Is it raining in Oslo?",))
    assert decontamination.fingerprint(Decontaminate(against=["held-out"]), stored) == [["held-out", version.tree]]
