"""What a reproduction compares, and what it refuses before it begins."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from command_line import Astra

from astra_data.cli.reproduce import FIGURES, Work, arenas_of, command, differences, found, look_ahead, told
from astra_data.errors import UsageError

MADE = {
    "datasets": {"t-arenas": "a" * 40},
    "metrics": {step: {name: {"value": value} for name in FIGURES}
                for step, value in (("before", 0.0), ("sft", 0.5), ("grpo", None))},
}


def test_a_digest_must_be_equal_and_a_figure_of_the_same_seed_near() -> None:
    wanted = {"datasets": {"t-arenas": "a" * 40}, "tolerance": 0.05, "metrics": {"0": {"sft": {"f1": 0.46}}}}
    assert differences(MADE, wanted, "0") == []
    assert differences(MADE, {**wanted, "tolerance": 0.03}, "0") == ["f1 after sft is 0.5, not 0.46 within 0.03"]
    assert differences(MADE, {**wanted, "tolerance": 0.03}, "1") == []
    other = {**wanted, "datasets": {"t-arenas": "b" * 40, "t-sft": "c" * 40}}
    assert differences(MADE, other, "0") == [f"t-arenas is {'a' * 12}, not {'b' * 12}", f"t-sft is missing, not {'c' * 12}"]


def test_a_figure_that_could_not_be_measured_is_a_difference_and_shown_as_none() -> None:
    wanted = {"datasets": {}, "tolerance": 1.0, "metrics": {"0": {"grpo": {"f1": 0.5}}}}
    assert differences(MADE, wanted, "0") == ["f1 after grpo is None, not 0.5 within 1.0"]
    assert told(MADE).splitlines()[1].split() == ["f1", "0.000", "0.500", "-"]


def test_a_check_of_a_recipe_that_expects_nothing_is_refused_before_anything_runs(tmp_path: Path) -> None:
    for name in ("pipeline", "sft", "grpo"):
        (tmp_path / f"{name}.yaml").touch()
    done = CliRunner().invoke(command, [str(tmp_path), "--check", "--store", str(tmp_path / "hub")])
    assert "has no expected.json" in str(done.exception)


def test_a_pipeline_without_arenas_is_refused(tmp_path: Path) -> None:
    assert arenas_of(tmp_path, ["t-tools", "t-arenas"]) == "t-arenas"
    with pytest.raises(UsageError, match=r"pipeline\.yaml makes no arenas \(give it a section arenas"):
        arenas_of(tmp_path, ["t-tools", "t-environments"])


def test_a_folder_without_the_three_recipes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sft.yaml").touch()
    with pytest.raises(UsageError, match=r"holds no pipeline\.yaml, sft\.yaml and grpo\.yaml"):
        found(str(tmp_path))


SOUND = {name: (found("tiny") / f"{name}.yaml").read_text() for name in ("pipeline", "sft", "grpo")}
SPOILT = {
    "no arenas": ({"pipeline": "name: r\n"}, "makes no arenas"),
    "a pipeline that is none": ({"pipeline": "name: r\nno_such: 1\n"}, "field no_such: unknown key"),
    "a recipe of sft that is none": ({"sft": "name: [\n"}, r"sft\.yaml, row 2: not YAML"),
    "a recipe of grpo that lacks its model": ({"grpo": "name: r\n"}, r"grpo\.yaml, field model: missing"),
    "a field that the trainer does not know": ({"sft": f"{SOUND['sft']}\n  no_such: 1\n"}, "no_such"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_what_a_later_step_would_end_in_is_told_before_the_first(case: str, tmp_path: Path) -> None:
    texts, line = SPOILT[case]
    for name, text in (SOUND | texts).items():
        (tmp_path / f"{name}.yaml").write_text(text)
    with pytest.raises(UsageError, match=line):
        look_ahead(Work(tmp_path, tmp_path / "hub", tmp_path / "runs", 0, None))


@pytest.mark.parametrize("limit", ["3", "99", "101"])
def test_figures_of_another_number_of_arenas_are_not_compared(astra: Astra, here: Path, limit: str) -> None:
    said = astra("reproduce", "tiny", "--check", "--limit", limit)
    assert said.code == 2 and "those of the first 100 arenas (leave out --limit, or --check)" in said.err
    assert not list(here.iterdir())
