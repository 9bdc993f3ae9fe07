"""The study's verdicts, tables and resumption, on figures and folders given by hand: nothing is trained."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from astra_data.cli.reproduce import FIGURES, found
from astra_data.errors import UsageError
from benchmarks import commands, study, study_plots
from benchmarks import study_tables as tables
from benchmarks.study_tables import ABLATIONS, ARMS, BASE, COLUMNS, Arm, Mean

ADDRESSES = {mode: f"t-{mode}@{'a' * 40}" for mode in study.MODES}
TAKEN = {"minutes": 1.0, "cpu_minutes": 2.0}


def row(calls: float, f1: float | None) -> dict[str, Any]:
    sampled = dict.fromkeys(study.CURVES, calls)
    return {"first": sampled, "last": sampled, "held_out": dict.fromkeys(FIGURES, f1), **TAKEN}


def whole(f1: dict[Arm, Sequence[float | None]]) -> dict[str, Any]:
    """A study whose arms have these F1 by seed, and one call less for precision than for the others."""
    calls = {Arm("precision", "banded"): 1.0}
    arms = {str(arm): {str(seed): row(calls.get(arm, 2.0) + seed / 10, value) for seed, value in enumerate(values)}
            for arm, values in f1.items()}
    return {"start": {"0": dict.fromkeys(FIGURES, 0.1)}, "arms": arms}


def test_there_are_five_arms_and_both_ablations_share_one() -> None:
    assert list(map(str, ARMS)) == ["f1-banded", "recall-banded", "precision-banded", "f1-random", "f1-none"]
    assert all(arms[0] == BASE for arms in ABLATIONS.values())
    assert {arm for claim in tables.CLAIMS for arm in (claim.greater, claim.less)} == set(ARMS)


def test_the_interval_is_that_of_t() -> None:
    mean = tables.mean_of([1.0, 2.0, 3.0])
    assert (mean.value, mean.seeds) == (2.0, 3)
    assert mean.low == pytest.approx(2 - 4.303 / 3**0.5) and mean.high == pytest.approx(2 + 4.303 / 3**0.5)
    assert tables.mean_of([0.5]) == Mean(0.5, None, None, 1)
    assert str(tables.mean_of([])) == "-"


@pytest.mark.parametrize(("differences", "said"), [
    ((0.3, 0.31, 0.29), "agrees"), ((-0.3, -0.31, -0.29), "disagrees"), ((0.3, -0.1, 0.2), "cannot tell"),
    ((0.3,), "cannot tell"), ((), "cannot tell"), ((0.0, 0.0), "cannot tell"),
])
def test_a_verdict_needs_an_interval_on_one_side_of_zero(differences: tuple[float, ...], said: str) -> None:
    assert tables.verdict(tables.mean_of(differences)) == said


def test_arms_are_compared_within_a_seed() -> None:
    """Seeds differ more than arms do, and the difference is seen all the same."""
    found = whole({BASE: [0.1, 0.5, 0.9], Arm("f1", "none"): [0.0, 0.41, 0.8], Arm("f1", "random"): [0.2, None, 0.7]})
    told = {(claim["greater"], claim["less"], claim["figure"]): claim for claim in tables.summary(found)["claims"]}
    assert told["f1-banded", "f1-none", "f1"]["verdict"] == "agrees"
    assert told["f1-banded", "f1-random", "f1"]["verdict"] == "cannot tell"
    assert told["f1-banded", "f1-random", "f1"]["difference"]["seeds"] == 2
    assert told["f1-banded", "recall-banded", "f1"]["difference"] == {"value": None, "low": None, "high": None, "seeds": 0}


def test_the_tables_have_each_arm_and_the_papers_direction_beside_ours() -> None:
    lines = list(tables.told(whole({arm: [0.5, 0.6] for arm in ARMS})))
    first = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert first[0] == ["arm", "seeds", *COLUMNS]
    assert [cells[:2] for cells in first[2:6]] == [["after SFT", "1"], ["f1-banded", "2"], ["recall-banded", "2"],
                                                   ["precision-banded", "2"]]
    assert first[2][2:6] == ["-", "-", "0.100", "0.100"]
    assert first[3][2].startswith("2.050 [") and first[3][5].startswith("0.550 [")
    precision = next(cells for cells in first if cells[0] == "precision alone: turns collapse")
    assert precision[1:] == ["calls, last steps: f1-banded - precision-banded", "1.000 [1.000, 1.000]", "agrees"]


def test_the_ends_of_a_curve_leave_out_lines_that_lack_the_figure() -> None:
    curve: list[dict[str, Any]] = [{"step": step, "reward": float(step)} for step in range(1, 13)]
    curve += [{"step": 12, "train_runtime": 3.0}, {"step": 12, "reward": None}]
    assert tables.ends(curve, ["reward", "other"]) == ({"reward": 3.0, "other": None}, {"reward": 10.0, "other": None})


def test_a_band_covers_the_steps_that_all_seeds_have() -> None:
    curves: list[list[dict[str, Any]]] = [[{"step": 1, "reward": 0.0}, {"step": 2, "reward": 1.0}], [{"step": 2, "reward": 0.5}]]
    assert study_plots.over_seeds(curves, "reward") == [(2, 0.5, 0.75, 1.0)]
    assert study_plots.over_seeds([], "reward") == []


def test_what_is_held_out_is_missed_in_no_form() -> None:
    keys = {"a": ["world:1"], "b": ["world:2"], "c": ["world:2"], "d": ["world:3"]}
    held = [{"environment_id": "b", "distractors": []}]

    def leaked(environment: str, *homes: str) -> list[str]:
        distractors = [{"environment_id": home} for home in homes]
        return study.leaks([{"environment_id": environment, "distractors": distractors}], held, keys)

    assert leaked("a", "d") == []
    assert leaked("b") == ["b", "world:2"]
    assert leaked("a", "b") == ["b", "world:2"]
    assert leaked("c") == ["world:2"]


@pytest.fixture
def plan(tmp_path: Path) -> study.Plan:
    """A study whose SFT is done, and whose store lacks the arenas: any command of an arm fails."""
    made = study.Plan(found("tiny"), tmp_path / "hub", tmp_path / "runs", tmp_path / "out", seeds=1, steps=3, limit=4)
    made.sft(0).joinpath("model").mkdir(parents=True)
    made.sft(0).joinpath("model", study.WEIGHTS).write_bytes(b"weights")
    return made


def finish(plan: study.Plan, arm: Arm, *left_out: str) -> Path:
    """Write an `arm.json` as if the arm were done, but for what is left out; returns its folder."""
    folder = plan.folder(arm, 0)
    evaluation = study.portable(study.evaluation(plan, ADDRESSES, folder / "model", f"{arm}-0"))
    done = {"began": study.beginning(plan, ADDRESSES, arm, 0), **row(2.0, 0.5), "evaluation": evaluation}
    study.write(folder, {name: value for name, value in done.items() if name not in left_out})
    return folder


def test_a_finished_arm_runs_no_command(plan: study.Plan) -> None:
    folder = finish(plan, BASE)
    assert study.measured(plan, ADDRESSES, BASE, 0) == row(2.0, 0.5)
    assert not (folder / "arm.log").exists()


def test_a_trained_arm_is_only_evaluated_where_other_arenas_are_asked_for_and_its_time_adds_up(plan: study.Plan) -> None:
    folder = finish(plan, BASE)
    with pytest.raises(SystemExit, match=r"astra evaluate arena left with 3; .*arm\.log"):
        study.measured(replace(plan, limit=5), ADDRESSES, BASE, 0)
    assert (folder / "arm.log").read_text().startswith("$ astra evaluate arena t-banded@")
    assert study.read(folder)["cpu_minutes"] > TAKEN["cpu_minutes"]


def test_an_interrupted_arm_trains_on_by_its_own_command(plan: study.Plan) -> None:
    """The reward of this arm is one that the command refuses, so that it ends before anything is loaded."""
    arm = Arm("f2", "banded")
    folder = finish(plan, arm, "last", "held_out", "evaluation")
    with pytest.raises(SystemExit, match="astra train grpo left with 2"):
        study.measured(plan, ADDRESSES, arm, 0)
    said = (folder / "arm.log").read_text()
    assert f"--output {folder} " in said.splitlines()[0] and "reward.mode" in said.splitlines()[-1]


def test_an_arm_that_began_with_other_weights_is_refused(plan: study.Plan) -> None:
    finish(plan, BASE)
    (plan.sft(0) / "model" / study.WEIGHTS).write_bytes(b"other weights")
    with pytest.raises(UsageError, match="began otherwise"):
        study.measured(plan, ADDRESSES, BASE, 0)


def test_after_a_failure_no_other_work_begins() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise SystemExit("it fails")
        return number

    assert commands.each(2, [lambda: work(0), lambda: work(2)]) == [0, 2]
    with pytest.raises(SystemExit, match="it fails"):
        commands.each(1, [lambda: work(1), *[lambda: work(3)] * 50])
    assert begun.count(3) < 50


def test_a_stored_study_is_printed_and_none_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "study.json"
    assert study.stored(file) == []
    file.write_text(json.dumps(whole({arm: [0.5, 0.6] for arm in ARMS})))
    assert [figure.passed for figure in study.stored(file)] == [True, False, True]
    assert "### distractors" in capsys.readouterr().out
