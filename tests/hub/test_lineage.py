"""The record of a version: complete, portable, and the key under which a run is found again."""

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pytest

from astra_data.errors import DataError
from astra_data.hub.lineage import (
    Code,
    FileDigest,
    Funnel,
    Histogram,
    Input,
    Lineage,
    Output,
    check_portable,
    dump,
    from_json,
    read,
    stage_key,
    to_json,
)

FULL = Lineage(
    kind="trajectories",
    stage="trajectories",
    stage_version=3,
    key="f" * 64,
    complete=False,
    config={"samples": 4, "axes": ["conciseness"], "threshold": 0.5},
    seed=7,
    command="astra run recipes/weather/pipeline.yaml --only trajectories",
    funnel=Funnel(10, 7, {"too short": 2}, {"no answer": 1}),
    outputs=[Output("default", f"rows-sha256:{'0' * 64}", 7, [FileDigest("data/train-00000-of-00001.parquet", "0" * 64, 12)])],
    code=Code("astra-data", "0.1.0"),
    recipe="weather",
    inputs=[Input("tasks", f"org/tasks@{'a' * 40}", "org/tasks", "a" * 40, "b" * 40, f"rows-sha256:{'1' * 64}")],
    models={"policy": "offline"},
    prompts={"judge": "c" * 64},
    licenses=["MIT"],
    histograms={"reward": Histogram([0.0, 0.5, 1.0], [1, 6], 3)},
    env={"python": "3.11"},
)
KEY: dict[str, Any] = {
    "stage": "tasks",
    "version": 1,
    "config": {"a": 1, "b": 2},
    "seed": 0,
    "prompts": {"write": "p"},
    "models": {"writer": {"name": "m", "temperature": 0.7}},
    "inputs_rows": {"chains": "rows-sha256:00"},
    "extra": {},
}


def test_a_record_reads_back_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "lineage.json"
    file.write_bytes(dump(to_json(FULL)))
    assert read(file) == FULL
    assert dump(to_json(read(file))) == file.read_bytes()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seed": "7"}, "seed"),
        ({"seed": None}, "seed"),
        ({"surprise": 1}, "surprise"),
        ({"funnel": {"items": 1}}, "funnel.kept"),
        ({"inputs": [{"role": "tasks"}]}, "inputs.0.address"),
        ({"outputs": [{"config": "default", "rows": "", "num_rows": 1, "files": [], "note": 1}]}, "outputs.0.note"),
        ({"format": 99}, "format"),
    ],
)
def test_what_is_wrong_in_a_record_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(DataError) as caught:
        from_json(to_json(FULL) | change, file="hub/x/lineage.json")
    assert (caught.value.place.file, caught.value.place.field) == ("hub/x/lineage.json", field)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null"])
def test_a_damaged_record_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lineage.json").write_bytes(content)
    with pytest.raises(DataError, match=r"lineage\.json"):
        read(tmp_path / "lineage.json")


def test_a_config_that_the_version_lacks_is_named_with_those_it_has() -> None:
    assert FULL.rows() == f"rows-sha256:{'0' * 64}"
    with pytest.raises(DataError, match="default"):
        FULL.rows("rejected")


HOME, TEMPORARY = str(Path.home()), tempfile.gettempdir()


@pytest.mark.parametrize(
    "text",
    [
        HOME,
        f"{HOME}/work/mcp.json",
        f"{TEMPORARY}/x",
        f"astra run {TEMPORARY}/recipe.yaml",
        f"--store={HOME}/hub",
        f"file://{TEMPORARY}/x",
        "/srv/store/tasks",
    ],
)
def test_a_path_of_this_machine_is_refused_wherever_it_is(text: str) -> None:
    for change in ({"command": text}, {"config": {"deep": [{"in": text}]}}, {"models": {text: "m"}}):
        with pytest.raises(DataError, match="path of this machine") as caught:
            check_portable(dataclasses.replace(FULL, **change), [Path("/srv/store")])
        assert caught.value.place.field.split(".")[0] == next(iter(change))


@pytest.mark.parametrize("text", ["/workspace/notes.txt", f"https://example.org{HOME}/x", f"{TEMPORARY}fs", "./hub", "~"])
def test_other_paths_are_not(text: str) -> None:
    check_portable(dataclasses.replace(FULL, command=text), [Path("/srv/store")])


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "chains"},
        {"version": 2},
        {"config": {"a": 1, "b": 3}},
        {"seed": 1},
        {"prompts": {"write": "q"}},
        {"models": {"writer": {"name": "m", "temperature": 0.8}}},
        {"inputs_rows": {"chains": "rows-sha256:01"}},
        {"inputs_rows": {"tasks": "rows-sha256:00"}},
        {"extra": {"embedder": "minilm"}},
    ],
)
def test_the_stage_key_changes_with_whatever_can_change_the_rows(change: dict[str, Any]) -> None:
    assert stage_key(**KEY) != stage_key(**KEY | change)


def test_the_stage_key_does_not_change_with_the_order_of_settings() -> None:
    assert stage_key(**KEY) == stage_key(**KEY | {"config": {"b": 2, "a": 1}})
    assert len(stage_key(**KEY)) == 64
