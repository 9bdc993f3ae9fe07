"""Through churn nothing gets mixed up, mistaken or left behind."""

from collections.abc import Iterator

import pytest
from sandbox.churn import IMAGE, Held, churn, disturbed, held, held_again, kill_worker_of

from astra_data.sandbox import Sandbox

EPISODES, KILL_EVERY = 150, 50


@pytest.fixture(scope="module")
def pool() -> Iterator[Sandbox]:
    with Sandbox(workers=2) as sandbox:
        yield sandbox


def test_episodes_that_end_badly_and_killed_workers_change_nothing_for_the_others(pool: Sandbox) -> None:
    ends = disturbed(EPISODES, 7, KILL_EVERY)
    whole = [number for number in range(EPISODES) if number not in ends]
    before = held()
    wild = churn(pool, range(EPISODES), ends, KILL_EVERY)
    assert held_again(before) == before
    assert wild.kills == wild.hit == EPISODES // KILL_EVERY and wild.lost >= wild.hit
    assert {number: wild.results[number][-1].kind for number in ends} == ends
    calm = churn(pool, whole, {})
    assert calm.lost == 0 and {number: wild.results[number] for number in whole} == calm.results
    assert all(outcome.kind == "ok" for outcomes in calm.results.values() for outcome in outcomes)


def test_all_memory_of_the_pool_is_given_back(pool: Sandbox) -> None:
    churn(pool, range(10), {1: "memory", 2: "crash"}, kill_every=5)
    pool.memory.take(pool.memory.most)
    pool.memory.give_back(pool.memory.most)


def test_a_killed_worker_is_infrastructure_and_is_replaced() -> None:
    with Sandbox(workers=1) as sandbox:
        with sandbox.start(IMAGE) as episode:
            kill_worker_of(episode.pid)
            first, second = episode.call("m.describe"), episode.call("m.describe")
        assert (first.kind, first.alive, second.kind) == ("infrastructure", False, "infrastructure")
        with sandbox.start(IMAGE) as episode:
            assert episode.loaded.ok and episode.call("m.work", {"number": 1}).ok
        assert sandbox.isolation.missing == ()


def test_a_closed_pool_leaves_nothing_even_with_live_episodes() -> None:
    before: Held = held()
    sandbox = Sandbox(workers=2)
    episodes = [sandbox.start(IMAGE) for _ in range(3)]
    assert held().processes == before.processes + 2 + 3
    sandbox.close()
    for episode in episodes:
        assert episode.call("m.describe").kind == "infrastructure"
        episode.close()
    assert held_again(before) == before
