"""Rows that were written elsewhere become a version of their kind, or an error that names file, row and field."""

import json
from pathlib import Path
from typing import Any

import pytest
from scripted import TEXT, card, schema, server

from astra_data.errors import DataError
from astra_data.pipeline.stage import Keep
from astra_data.rows import Task, new_row, to_dict
from astra_data.stages.imported import import_stage

SERVER = server(card("help", "Helps.", schema({"text": TEXT})))
TASK = to_dict(
    new_row(
        Task,
        server_id=SERVER.id,
        server="shop",
        chain_id=None,
        kind="server",
        parent_id=None,
        augmentation=None,
        text="Help me, please.",
        language="en",
        target_tools=["help"],
        scores=[],
        models={},
    )
)


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "tasks.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_rows_come_in_as_they_are(expand: Any, tmp_path: Path) -> None:
    outcomes = expand(import_stage("tasks", written(tmp_path, TASK, TASK | {"text": "Another text"})), {})
    assert [to_dict(outcome.row)["text"] for outcome in outcomes] == ["Help me, please.", "Another text"]
    assert to_dict(outcomes[0].row) == TASK


def test_the_id_is_that_of_the_row_whatever_the_file_says(expand: Any, tmp_path: Path) -> None:
    edited = TASK | {"text": "An edited text"}
    without = {key: value for key, value in edited.items() if key != "id"}
    first, second = expand(import_stage("tasks", written(tmp_path, edited, without)), {})
    assert isinstance(first, Keep)
    assert first.row.id == second.row.id != TASK["id"]


def test_servers_may_be_imported_too(expand: Any, tmp_path: Path) -> None:
    (outcome,) = expand(import_stage("tools", written(tmp_path, to_dict(SERVER))), {})
    assert outcome.row == SERVER


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (TASK | {"text": 7}, "tasks.jsonl, row 2, field text"),
        (TASK | {"target_tools": ["help", 3]}, "tasks.jsonl, row 2, field target_tools"),
        (TASK | {"scores": [{"axis": "a", "value": "high", "reason": ""}]}, "tasks.jsonl, row 2, field scores"),
        ({key: value for key, value in TASK.items() if key != "language"}, "tasks.jsonl, row 2, field language"),
        (TASK | {"txet": "x"}, "tasks.jsonl, row 2, field txet"),
        (["a", "list"], "tasks.jsonl, row 2"),
        ('{"text": ', "tasks.jsonl, row 2"),
    ],
)
def test_what_does_not_fit_names_file_row_and_field(expand: Any, tmp_path: Path, line: Any, place: str) -> None:
    with pytest.raises(DataError) as caught:
        expand(import_stage("tasks", written(tmp_path, TASK, line)), {})
    assert str(caught.value).startswith(place)


@pytest.mark.parametrize(("tool", "field"), [
    ({"parameters": []}, "tools[0].parameters"),
    ({"parameters": {"properties": ["x"]}}, "tools[0].parameters.properties"),
    ({"annotations": 7}, "tools[0].annotations"),
])
def test_json_of_another_shape_names_file_row_and_field(expand: Any, tmp_path: Path, tool: Any, field: str) -> None:
    row = to_dict(SERVER)
    row["tools"][0] |= tool
    with pytest.raises(DataError) as caught:
        expand(import_stage("tools", written(tmp_path, to_dict(SERVER), row)), {})
    assert str(caught.value).startswith(f"tasks.jsonl, row 2, field {field}: expected an object")


def test_other_bytes_are_another_version(tmp_path: Path) -> None:
    stage, nothing = import_stage("tasks", written(tmp_path, TASK)), Any
    before = stage.fingerprint(None, nothing)
    assert before == stage.fingerprint(None, nothing)
    written(tmp_path, TASK, TASK)
    assert stage.fingerprint(None, nothing) != before
