"""What the recipe tiny is said to reach is computed from its runs, and a run that is known is not made again."""

from pathlib import Path
from typing import Any

import pytest

from astra_data.cli.reproduce import FIGURES, STEPS, differences
from astra_data.errors import UsageError
from benchmarks import tiny


def seed_of(number: int, value: float) -> dict[str, Any]:
    metrics = {step: {name: {"value": value + place / 10} for name in FIGURES} for place, step in enumerate(STEPS)}
    return {"seed": number, "datasets": {"tiny-arenas": "a" * 40}, "metrics": metrics, "tools": 0.01, "cpu_minutes": 20 + number}


def results(after: float = 0.97) -> dict[str, Any]:
    rows = [seed_of(number, value) for number, value in enumerate((0.1, 0.2, 0.3))]
    four = {"before": dict.fromkeys(FIGURES, 0.5), "after": dict.fromkeys(FIGURES, 1.0), "first": 0.4, "last": after}
    return {"datasets": rows[0]["datasets"], "seeds": {str(row["seed"]): row for row in rows}, "four": four}


def test_the_table_has_the_mean_over_seeds_before_and_after_each_stage() -> None:
    line = next(line for line in tiny.told(results()) if line.startswith("| f1 "))
    assert [cell.split()[0] for cell in line.strip("| ").split(" | ")[1:]] == ["0.200", "0.300", "0.400"]


def test_four_arenas_that_are_not_mastered_fail_and_so_does_a_seed_that_takes_too_long() -> None:
    assert [figure.passed for figure in tiny.figures(results())] == [True] * 3
    slow = results(0.9)
    slow["seeds"]["2"] |= {"cpu_minutes": 26.0, "tools": 0.03}
    assert [figure.passed for figure in tiny.figures(slow)] == [False] * 3


def test_a_check_compares_with_what_was_measured() -> None:
    wanted = tiny.expected(results(), 150)
    assert differences(seed_of(1, 0.2), wanted, "1") == [] and wanted["limit"] == 150
    assert len(differences(seed_of(1, 0.4), wanted, "1")) == len(STEPS) * len(tiny.CHECKED)


def test_what_is_known_is_not_run_again(tmp_path: Path) -> None:
    def run(spent: dict[str, float]) -> dict[str, Any]:
        spent["minutes"] += 2
        return {"f1": 0.5}

    first = tiny.once(tmp_path / "result.json", ["recipe"], run)
    assert first == {"f1": 0.5, "minutes": 2.0, "cpu_minutes": 0.0}
    assert tiny.once(tmp_path / "result.json", ["recipe"], None) == first
    with pytest.raises(UsageError, match="began otherwise"):
        tiny.once(tmp_path / "result.json", ["another recipe"], run)


def test_what_failed_is_run_again_and_its_time_counts(tmp_path: Path) -> None:
    def run(spent: dict[str, float]) -> dict[str, Any]:
        spent["minutes"] += 2
        if spent["minutes"] < 3:
            raise SystemExit("stopped")
        return {"f1": 0.5}

    with pytest.raises(SystemExit):
        tiny.once(tmp_path / "result.json", [], run)
    assert tiny.once(tmp_path / "result.json", [], run)["minutes"] == 4.0
