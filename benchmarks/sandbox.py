"""What the sandbox costs: CPU of the whole process tree for a call and for an episode, against a fresh interpreter for each call.

    python -m benchmarks.sandbox

CPU is that of this process, of the workers, and of their children, by the kernel's processor clocks. Each is measured in many
short rounds, of which the least counts, since another process may take the cache; the rate on the clock of the wall is the best
round's.
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from astra_data.sandbox import Call, Episode, Image, Sandbox
from benchmarks.figure import Figure, at_least, at_most, show

CALL_US, EPISODE_MS, CALLS_PER_S, HEAVY_RATIO, FRESH_RATIO = 100, 6, 15_000, 1.15, 200
ROUNDS, CALLS = 60, 250
EPISODE_ROUNDS, EPISODES, HEAVY_ROUNDS, FRESH_ROUNDS = 12, 40, 30, 20
SOURCE = """
def add(a, b=1):
    return a + b

def heavy(n):
    seen, total = {}, 0
    for i in range(n):
        total = (total * 31 + i) % 1_000_003
        seen[total % 97] = f"{total}:{i}"
    return [total, sorted(seen.values())[:3]]
"""
IMAGE = Image((("m", SOURCE),))
ONE_CALL = f"import json, sys\n{SOURCE}\nprint(json.dumps(add(**json.loads(sys.argv[1]))))"
HEAVY_STEPS = 30_000


def clock(pid: int) -> float:
    """CPU seconds of another process so far."""
    return time.clock_gettime((~pid << 3) | 2)


def tree(pid: int) -> float:
    """CPU seconds of this process, of another, and of all children that the other has waited for."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return time.process_time() + sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def least(work: Callable[[], object], used: Callable[[], float], rounds: int = ROUNDS) -> float:
    """The least CPU seconds of a round of work."""
    costs = []
    for _ in range(rounds):
        begun = used()
        work()
        costs.append(used() - begun)
    return min(costs)


def per_call(episode: Episode) -> tuple[float, float]:
    """CPU seconds of a call alone, and of one in a batch."""
    def used() -> float:
        return time.process_time() + clock(episode.pid)

    def alone() -> None:
        for number in range(CALLS):
            episode.call("m.add", {"a": number})

    def batched() -> None:
        episode.call_many([Call("m.add", {"a": number}) for number in range(CALLS)])

    return least(alone, used) / CALLS, least(batched, used) / CALLS


def per_episode(sandbox: Sandbox, worker: int) -> float:
    """CPU seconds of an episode of one call, from its start to its end."""
    def episodes() -> None:
        for number in range(EPISODES):
            with sandbox.start(IMAGE, seed=number) as episode:
                assert episode.call("m.add", {"a": 1}).value == 2

    episodes()
    return least(episodes, lambda: tree(worker), EPISODE_ROUNDS) / EPISODES


def rate(sandbox: Sandbox) -> float:
    """Calls a second of two episodes at once, in batches; the best of many short rounds."""
    with sandbox.start(IMAGE) as one, sandbox.start(IMAGE) as other:
        return max(_round([one, other], 4) for _ in range(ROUNDS))


def _round(episodes: list[Episode], batches: int) -> float:
    calls = [Call("m.add", {"a": number}) for number in range(CALLS)]

    def play(episode: Episode) -> None:
        for _ in range(batches):
            episode.call_many(calls)

    threads = [threading.Thread(target=play, args=(episode,)) for episode in episodes]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(episodes) * batches * CALLS / (time.perf_counter() - begun)


def heavy(episode: Episode) -> float:
    """CPU of a long computation in the sandbox, against that of the same code run by `exec` here. The rounds take turns."""
    names: dict[str, Callable[[int], object]] = {}
    exec(compile(SOURCE, "m.py", "exec"), names)  # type: ignore[arg-type]
    there, here = [], []
    for _ in range(HEAVY_ROUNDS):
        there.append(least(lambda: episode.call("m.heavy", {"n": HEAVY_STEPS}), lambda: clock(episode.pid), 1))
        here.append(least(lambda: names["heavy"](HEAVY_STEPS), time.process_time, 1))
    return min(there) / min(here)


def fresh() -> float:
    """CPU seconds of an interpreter of its own for one call: as isolated from this one as it gets, and kept from nothing."""
    def call() -> None:
        done = subprocess.run([sys.executable, "-I", "-c", ONE_CALL, json.dumps({"a": 1})], check=True, capture_output=True)
        assert json.loads(done.stdout) == 2

    return least(call, _of_children, FRESH_ROUNDS)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def figures() -> list[Figure]:
    with Sandbox(workers=1) as sandbox:
        with sandbox.start(IMAGE) as episode:
            alone, batched = per_call(episode)
            slower = heavy(episode)
            worker = int(Path(f"/proc/{episode.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
        started = per_episode(sandbox, worker)
    with Sandbox(workers=2) as sandbox:
        calls_per_s = rate(sandbox)
    interpreter = fresh()
    print(f"sandbox: CPU of a call {alone * 1e6:.1f} us, {batched * 1e6:.1f} us in a batch of {CALLS}; of a fresh interpreter "
          f"{interpreter * 1e3:.1f} ms")
    return [
        at_most("sandbox: CPU of a call", alone * 1e6, CALL_US, "us"),
        at_most("sandbox: CPU of an episode with one call", started * 1e3, EPISODE_MS, "ms"),
        at_least("sandbox: calls a second, two workers, in batches", calls_per_s, CALLS_PER_S),
        at_most("sandbox: heavy code against exec in this process", slower, HEAVY_RATIO, "x"),
        at_least("sandbox: calls for the CPU of a fresh interpreter, alone", interpreter / alone, FRESH_RATIO, "x"),
        at_least("sandbox: the same, in batches", interpreter / batched, FRESH_RATIO, "x"),
    ]


if __name__ == "__main__":
    sys.exit(not show(figures()))
