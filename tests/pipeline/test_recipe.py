"""A recipe that is wrong says where, and what was meant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from astra_data.errors import UsageError
from astra_data.pipeline.recipe import find, load
from astra_data.stages import STAGES

ROOT = Path(__file__).parents[2]

WRONG: list[tuple[str, str, list[str], str]] = [
    ("an unknown key at the top", "name: x\ntaks: {}", [], r"^r\.yaml, field taks: unknown key \(did you mean tasks\?\)"),
    ("an unknown key of a stage", "name: x\ntasks: {per_serve: 1}", [],
     r"^r\.yaml, field tasks\.per_serve: .*did you mean per_server\?"),
    ("an unknown key of a server", "name: x\nservers: {a: {licence: MIT}}", [],
     r"field servers\.a\.licence: .*did you mean license\?"),
    ("an unknown key of a model", "name: x\nmodels: {judge: {modle: m}}", [], r"field models\.judge\.mod"),
    ("a model of one word", "name: x\nmodels: {judge: gpt-5}", [], r"field models\.judge: "),
    ("a key like no other", "name: x\nqqqq: 1", [], r"field qqqq: unknown key \(known: .*name"),
    ("a key that is a number", "name: x\n7: 1", [], r"field 7: unknown key"),
    ("no name", "seed: 1", [], r"^r\.yaml, field name: "),
    ("a name with a space", "name: my recipe", [], r"field name: "),
    ("a seed that is no number", "name: x\nseed: often", [], r"field seed: "),
    ("a count that is no number", "name: x\ntasks: {per_server: many}", [], r"field tasks\.per_server: "),
    ("a count below its bound", "name: x\ntasks: {per_server: -1}", [], r"field tasks\.per_server: .*at least 0"),
    ("a stage that is a list", "name: x\ntasks: []", [], r"field tasks: "),
    ("a stage that is a number", "name: x\ntasks: 5", [], r"field tasks: "),
    ("a file that is a list", "- name: x", [], r"^r\.yaml: a recipe is a mapping \(start it with"),
    ("an empty file", "", [], r"^r\.yaml: a recipe is a mapping"),
    ("not YAML", "name: x\ntasks: {", [], r"^r\.yaml, row \d: not YAML: "),
    ("an override of nothing", "name: x", ["tasks.per_server"], r"'tasks.per_server' overrides nothing \(write KEY=VALUE"),
    ("an override without a key", "name: x", ["=4"], r"'=4' overrides nothing"),
    ("an override of an unknown key", "name: x", ["tasks.per_serve=4"], r"did you mean per_server\?"),
    ("an override below a value", "name: x", ["name.x=4"], r"name\.x: name is not a mapping"),
    ("an override that is not YAML", "name: x", ["seed=["], r"seed: '\[' is not YAML"),
    ("an override of the wrong type", "name: x", ["seed=soon"], r"field seed: "),
]


@pytest.mark.parametrize(("text", "overrides", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_recipe_says_where_and_how_to_mend_it(tmp_path: Path, text: str, overrides: list[str], message: str) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(UsageError, match=message) as error:
        load(tmp_path / "r.yaml", STAGES, overrides)
    assert error.value.exit_code == 2
    assert error.value.mend
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("data", [b"name: \xff\xfe", b"name: \x00"])
def test_a_file_that_is_no_text_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.yaml").write_bytes(data)
    with pytest.raises(UsageError, match=r"^r\.yaml"):
        load(tmp_path / "r.yaml", STAGES)


def test_an_override_changes_one_value_and_leaves_the_rest(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: x\ntasks: {per_chain: 3, per_server: 4}\ntrajectories:\n")
    recipe = load(tmp_path / "r.yaml", STAGES, ["tasks.per_server=9", "trajectories.samples=2", "seed=5"])
    assert (recipe.stages["tasks"].per_chain, recipe.stages["tasks"].per_server) == (3, 9)  # type: ignore[attr-defined]
    assert (recipe.stages["trajectories"].samples, recipe.head.seed) == (2, 5)  # type: ignore[attr-defined]


def test_a_stage_without_a_word_has_its_defaults(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: x\ntasks:\n")
    recipe = load(tmp_path / "r.yaml", STAGES)
    assert recipe.stages["tasks"] == STAGES["tasks"].config()
    assert set(recipe.stages) == set(STAGES)


def test_paths_start_from_the_recipes_folder(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: x\nworkspace: {folder: files, setup: [[python, make.py]]}\n")
    recipe = load(tmp_path / "r.yaml", STAGES)
    assert recipe.path("mcp.json") == tmp_path / "mcp.json"
    assert recipe.template().folder == tmp_path / "files"


def test_a_recipe_is_found_by_name_or_file_and_otherwise_the_known_ones_are_listed(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: x")
    assert find(str(tmp_path / "r.yaml")) == tmp_path / "r.yaml"
    assert find("demo").name == "pipeline.yaml"
    with pytest.raises(UsageError, match=r"no recipe 'dmo' .*demo"):
        find("dmo")


def test_the_command_leaves_with_the_exit_code_of_a_usage_error_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("name: x\ntaks: {}\n")
    command = [sys.executable, "-c", "from astra_data.cli import main; main()", "run", "r.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
                          timeout=300, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "astra: r.yaml, field taks: unknown key (did you mean tasks?)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["r.yaml"]
