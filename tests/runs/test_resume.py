"""Running again goes on: what is complete is found, what was answered is not asked again, only what is new is done."""

import signal
import time

import pytest
from runs.answers import BEFORE_TASKS, name_of
from runs.bench import DEADLINE_S, Bench, sent_id
from runs.conftest import TASKS, Undisturbed

CONCURRENCY = 16


def found(result: dict[str, object]) -> dict[str, bool]:
    return {stage["stage"]: stage["found"] for stage in result["stages"]}  # type: ignore[attr-defined]


def test_a_second_run_finds_everything_and_asks_nothing(bench: Bench, undisturbed: Undisturbed) -> None:
    bench.take_over(undisturbed.bench)
    before = bench.versions()
    with bench.endpoint() as endpoint:
        result = bench.run(bench.recipe(endpoint, TASKS))
        assert endpoint.requests() == []
    assert set(found(result).values()) == {True}
    assert bench.versions() == before
    assert not bench.starts.exists()


def test_a_changed_stage_is_made_again_and_earlier_answers_are_kept(bench: Bench, undisturbed: Undisturbed) -> None:
    bench.take_over(undisturbed.bench)
    answered = set(bench.answered())
    more = 3
    with bench.endpoint() as endpoint:
        result = bench.run(bench.recipe(endpoint, TASKS), f"tasks.per_server={TASKS // 2 + more}")
        requests = [request["request"] for request in endpoint.requests()]
    assert found(result) == {"tools": True, "chains": True, "tasks": False, "trajectories": False, "sft": False}
    assert not answered & {sent_id(request) for request in requests}
    assert sum(name_of(request) == "write_task" for request in requests) == 2 * more
    kept = {row["id"] for row in undisturbed.bench.rows("trajectories")}
    assert kept <= {row["id"] for row in bench.rows("trajectories")}
    assert len(bench.rows("tasks")) == len(undisturbed.bench.rows("tasks")) + 2 * more


def test_only_runs_the_named_stages_on_what_the_store_has(bench: Bench, undisturbed: Undisturbed) -> None:
    with bench.endpoint() as endpoint:
        recipe = bench.recipe(endpoint, TASKS)
        said = bench.run(recipe, "--only", "chains", code=3)["said"]
        assert "desk-tools" in said
        assert endpoint.requests() == []
        assert found(bench.run(recipe, "--only", "tools", "--only", "chains")) == {"tools": False, "chains": False}
        names = {name_of(request["request"]) for request in endpoint.requests()}
    assert "propose_chains" in names
    assert names <= {*BEFORE_TASKS} - {"write_task"}
    whole = undisturbed.bench.made()
    assert bench.made() == {name: whole[name] for name in ("tools", "chains")}


def test_a_limit_takes_the_first_items_of_every_stage(bench: Bench, undisturbed: Undisturbed) -> None:
    bench.take_over(undisturbed.bench, "ledger.sqlite")
    with bench.endpoint() as endpoint:
        recipe = bench.recipe(endpoint, TASKS)
        result = bench.run(recipe, "--limit", 3)
        assert endpoint.requests() == []
        items = {stage["stage"]: stage["funnel"]["items"] for stage in result["stages"]}
        assert items == {"tools": 2, "chains": 2, "tasks": 3, "trajectories": 3, "sft": len(bench.rows("trajectories"))}
        assert bench.rows("tasks") == undisturbed.bench.rows("tasks")[:3]
        assert bench.run(recipe)["complete"]
    assert bench.made() == undisturbed.bench.made()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_so_leaves_nothing_running_and_goes_on(
    bench: Bench, undisturbed: Undisturbed, number: signal.Signals
) -> None:
    log, half = bench.folder / "requests.jsonl", (undisturbed.bench.folder / "requests.jsonl").stat().st_size // 2
    with bench.endpoint() as endpoint:
        recipe = bench.recipe(endpoint, TASKS)
        process = bench.start("run", recipe, "--store", bench.store, "--concurrency", CONCURRENCY)
        deadline = time.monotonic() + DEADLINE_S
        while not log.exists() or log.stat().st_size < half:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        _, error = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 130, error
        assert "run the same command again" in error
        assert "Traceback" not in error
        assert list((bench.folder / "tmp").iterdir()) == []
        bench.wait_until_clean()

        answered, asked = set(bench.answered()), [sent_id(request["request"]) for request in endpoint.requests()]
        assert len(answered) >= len(asked) - CONCURRENCY
        assert bench.run(recipe)["complete"]
        again = {sent_id(request["request"]) for request in endpoint.requests()[len(asked) :]}
    assert not answered & again
    assert bench.made() == undisturbed.bench.made()
