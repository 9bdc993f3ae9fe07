"""A row that does not fit is named by file, row and field, whatever is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
from small_versions import task

from astra_data.errors import DataError
from astra_data.hub.writer import Writer
from astra_data.rows import Chain, SftRow, Task, Trajectory, check, to_dict, with_floats
from astra_data.rows.chains import Evidence, Walk
from astra_data.rows.sft import Difficulty

SCORE = {"axis": "clarity", "value": 0.5, "reason": ""}

WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("text is null", {"text": None}, "text", "expected string, got null"),
    ("text is a number", {"text": 7}, "text", "expected string, got int"),
    ("text is bytes", {"text": b"x"}, "text", "expected string, got bytes"),
    ("a list is null", {"target_tools": None}, "target_tools", "expected a list, got null"),
    ("a list is a string", {"target_tools": "add"}, "target_tools", "expected a list, got str"),
    ("an element is null", {"target_tools": ["add", None]}, "target_tools[1]", "expected string, got null"),
    ("a struct is a list", {"augmentation": []}, "augmentation", "expected an object, got list"),
    ("a struct lacks a field", {"augmentation": {"mode": "diverse"}}, "augmentation.persona_id", "missing"),
    ("a struct has a field too many", {"scores": [SCORE | {"extra": 1}]}, "scores[0].extra", "not a field of this row"),
    ("a struct has another field", {"augmentation": {"mode": "x", "persona": 1}}, "augmentation.persona_id", "missing"),
    ("a score is a bool", {"scores": [SCORE, SCORE | {"value": True}]}, "scores[1].value", "expected float64, got bool"),
    ("a score is an integer", {"scores": [SCORE | {"value": 1}]}, "scores[0].value", "expected float64, got int"),
    ("a score is NaN", {"scores": [SCORE | {"value": float("nan")}]}, "scores[0].value", "nan is no value"),
    ("a score is infinite", {"scores": [SCORE | {"value": float("inf")}]}, "scores[0].value", "inf is no value"),
    ("a model is null", {"models": {"writer": None}}, "models.writer", "expected string, got null"),
    ("a role is a number", {"models": {1: "x"}}, "models.1", "expected string, got int"),
    ("models are a list", {"models": []}, "models", "expected an object, got list"),
    ("a field is unknown", {"txet": "x"}, "txet", "not a field of this row"),
]


@pytest.mark.parametrize(("changes", "field", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_value_is_named_by_file_row_and_field(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        check(Task, task("x") | changes, file="tasks.jsonl", number=3)
    assert str(error.value).startswith(f"tasks.jsonl, row 3, field {field}: {message}")


def test_a_missing_field_is_named() -> None:
    row = task("x")
    del row["language"]
    with pytest.raises(DataError, match=r"^tasks.jsonl, row 3, field language: missing"):
        check(Task, row, file="tasks.jsonl", number=3)


def test_a_row_that_is_no_object_is_named() -> None:
    with pytest.raises(DataError, match=r"^tasks.jsonl, row 3: expected an object, got list"):
        check(Task, [], file="tasks.jsonl", number=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [2**63, -(2**63) - 1, True, 1.0, "1"])
def test_an_integer_must_fit_in_64_bits(wrong: Any) -> None:
    chain = Chain("", "s", "s", ["a"], [1], [Evidence(0, "p", "user", None)], Walk(1, -0.5), [], {})
    row = to_dict(chain)
    check(Chain, row, file="chains")
    with pytest.raises(DataError, match="field weights"):
        check(Chain, row | {"weights": [wrong]}, file="chains")


NOT_JSON: list[tuple[str, Any, str]] = [
    ("half a character", "\ud800", "messages[1].content"),
    ("an integer of more than 64 bits", 2**64, "messages[1].content"),
    ("a set", {1}, "messages[1].content"),
    ("a key that is no string", {1: "x"}, "messages[1].content"),
    ("deep inside", {"a": [0, {"b": b"x"}]}, "messages[1].content.a[1].b"),
]


def sft_row(content: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": content}]
    return to_dict(SftRow("", "t", "s", messages, [], 1.0, Difficulty(0, 1, 0, 0), {}))


@pytest.mark.parametrize(("content", "field"), [case[1:] for case in NOT_JSON], ids=[case[0] for case in NOT_JSON])
def test_what_json_cannot_hold_is_named_when_it_is_written(tmp_path: Path, content: Any, field: str) -> None:
    with pytest.raises(DataError) as error, Writer(tmp_path / "data", SftRow) as writer:
        writer.write(sft_row("fine"))
        writer.write(sft_row(content))
    assert str(error.value).startswith(f"data, row 2, field {field}: cannot be written as JSON: ")
    assert list((tmp_path / "data").glob("*.parquet")) == []


def test_integers_for_floats_are_made_floats_at_the_border() -> None:
    row = with_floats(Task, task("x") | {"scores": [SCORE | {"value": 1}], "text": 5})
    assert row["scores"][0]["value"] == 1.0
    assert type(row["scores"][0]["value"]) is float
    assert row["text"] == 5


@pytest.mark.parametrize("shape", [None, 7, [7], [[SCORE]], {"value": 1}, [SCORE | {"value": 10**400}]])
def test_values_of_another_shape_are_left_for_the_check_to_name(shape: Any) -> None:
    assert with_floats(Task, {"scores": shape, "unknown": 1}) == {"scores": shape, "unknown": 1}


def test_a_row_object_may_hold_an_integer_where_a_float_is_stored() -> None:
    reward = SftRow("", "t", "s", [], [], 1, Difficulty(0, 0, 0, 0), {})
    assert type(to_dict(reward)["reward"]) is float


def test_every_field_of_a_trajectory_is_checked() -> None:
    for name in to_dict(SftRow("", "t", "s", [], [], 1.0, Difficulty(0, 0, 0, 0), {})):
        with pytest.raises(DataError, match=rf"field {name}"):
            check(SftRow, sft_row("x") | {name: 1.5j}, file="sft")
    with pytest.raises(DataError, match="field task_id: missing"):
        check(Trajectory, {"id": ""}, file="trajectories")
