"""What the episodes of a pool share: its memory, its workers, and several threads of the host."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from astra_data.errors import SandboxError, UsageError
from astra_data.sandbox import Image, Limits, Sandbox
from astra_data.sandbox.memory import MemoryRoom

IMAGE = Image((("m", "kept = []\ndef keep(a):\n    kept.append(a)\n    return list(kept)\n"),))
HALF = Limits(memory_mb=64)


def test_room_that_nobody_gives_back_is_an_error_that_says_what_to_do() -> None:
    room = MemoryRoom(100, patience_s=0.01)
    room.take(60)
    with pytest.raises(SandboxError, match=r"hold the pool's 100 MB.*close episodes"):
        room.take(41)
    room.take(40)


def test_more_than_there_will_ever_be_is_refused_at_once() -> None:
    with pytest.raises(SandboxError, match="101 MB, the whole pool 100 MB"):
        MemoryRoom(100).take(101)


def test_an_episode_waits_for_the_memory_of_another_and_one_larger_than_the_pool_is_refused() -> None:
    with Sandbox(workers=1, limits=HALF, memory_mb=128) as pool, ThreadPoolExecutor(1) as threads:
        first, second = pool.start(IMAGE), pool.start(IMAGE)
        third = threads.submit(pool.start, IMAGE)
        with pytest.raises(TimeoutError):
            third.result(timeout=0.2)
        second.close()
        assert third.result().call("m.keep", {"a": 1}).value == [1]
        assert first.call("m.keep", {"a": 2}).value == [2]
        first.close()
        third.result().close()
        with pytest.raises(SandboxError, match=r"lower limits\.memory_mb"):
            pool.start(IMAGE, limits=Limits(memory_mb=129))
        with pool.start(IMAGE, limits=Limits(memory_mb=128)) as episode:
            assert episode.loaded.ok


def test_threads_share_a_pool(sandbox: Sandbox) -> None:
    together = threading.Barrier(4)

    def play(number: int) -> list[object]:
        together.wait()
        with sandbox.start(IMAGE, seed=number) as episode:
            return [episode.call("m.keep", {"a": [number, turn]}).value for turn in range(20)]

    with ThreadPoolExecutor(4) as threads:
        played = list(threads.map(play, range(4)))
    assert played == [[[[number, turn] for turn in range(last + 1)] for last in range(20)] for number in range(4)]


def test_threads_take_turns_at_one_episode(sandbox: Sandbox) -> None:
    with sandbox.start(IMAGE) as episode, ThreadPoolExecutor(4) as threads:
        lengths = threads.map(lambda number: len(episode.call("m.keep", {"a": number}).value), range(60))
        assert sorted(lengths) == list(range(1, 61))
        assert sorted(episode.call("m.keep", {"a": 60}).value) == list(range(61))


def test_a_closed_pool_starts_nothing() -> None:
    pool = Sandbox(workers=1)
    pool.close()
    pool.close()
    with pytest.raises(SandboxError, match="the sandbox is closed"):
        pool.start(IMAGE)


def test_a_pool_without_workers_is_refused() -> None:
    with pytest.raises(UsageError, match="one worker at least"):
        Sandbox(workers=0)


def test_a_module_that_cannot_be_preloaded_is_named() -> None:
    with pytest.raises(SandboxError, match="no_such_module"):
        Sandbox(workers=1, preload=("no_such_module",))
