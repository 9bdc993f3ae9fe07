"""A ledger is enough: with it a whole run is made again, row for row, without the model and without the servers."""

import pytest
from runs.bench import Bench
from runs.conftest import TASKS, Undisturbed

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize("concurrency", [1, 32])
def test_a_ledger_makes_the_same_rows_in_another_store_without_model_or_servers(
    bench: Bench, undisturbed: Undisturbed, concurrency: int
) -> None:
    bench.take_over(undisturbed.bench, "ledger.sqlite")
    (bench.folder / "bin" / "desk-server").unlink()
    result = bench.run(bench.recipe(NOWHERE, TASKS), "--concurrency", concurrency)
    assert bench.made() == undisturbed.bench.made()
    assert (result["asked"], result["failed"], result["cost"]) == (0, 0, 0)
    assert [stage["found"] for stage in result["stages"]] == [False] * 5
    assert undisturbed.bench.starts.exists()
    assert not bench.starts.exists()


def test_a_question_that_the_ledger_does_not_hold_needs_the_model(bench: Bench, undisturbed: Undisturbed) -> None:
    bench.take_over(undisturbed.bench, "ledger.sqlite")
    before = bench.answered()
    said = bench.run(bench.recipe(NOWHERE, TASKS), "tasks.per_chain=2", code=4)["said"]
    assert "the endpoint cannot be reached" in said
    assert bench.answered() == before
