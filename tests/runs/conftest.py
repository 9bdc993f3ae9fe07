"""A bench of its own for each test, and one run that nothing disturbed to compare with."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from runs.bench import Bench

TASKS = int(os.environ.get("ASTRA_TASKS", "40"))
"""Free tasks of a run; `make soak` has 400."""


@dataclass(frozen=True)
class Undisturbed:
    """A whole run without faults, its bench, and every request it made."""

    bench: Bench
    result: dict[str, Any]
    requests: list[dict[str, Any]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.at(tmp_path / "bench")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    bench = Bench.at(tmp_path_factory.mktemp("undisturbed") / "bench")
    with bench.endpoint() as endpoint:
        result = bench.run(bench.recipe(endpoint, TASKS))
        return Undisturbed(bench, result, endpoint.requests())
