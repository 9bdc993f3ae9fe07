"""Many episodes of which some hang, burst and crash, while workers are killed.

    with Sandbox(workers=2) as sandbox:
        churned = churn(sandbox, range(150), disturbed(150, 7, 50), kill_every=50)
    churned.results[3]      # the outcomes of episode 3, from the start of it on that was not lost

Every episode that a kill hits is started again, as anybody who uses a sandbox does.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from processes import until_ended

from astra_data.sandbox import Call, Image, Limits, Outcome, Sandbox

SHARES = {"timeout": 0.05, "memory": 0.02, "crash": 0.02}
LIMITS = Limits(wall_s=60, cpu_s=20, memory_mb=64)
HURRIED = Limits(wall_s=0.1, cpu_s=20, memory_mb=64)
THREADS = 4
TRIES = 5
PATIENCE_S = 20.0
SOURCE = """
import datetime, os, random, threading, uuid

class Thing: pass

seen = []

def work(number):
    seen.append(number)
    table = {f"{number}-{one}": random.random() for one in range(20)}
    return [sum(seen), sorted(table.items())[:3], list({f"{number}/{one}" for one in range(9)}), str(uuid.uuid4())]

def describe():
    print(datetime.datetime.now(), len(seen))
    return repr([Thing(), Thing(), seen])

def timeout():
    lock = threading.Lock()
    while True: lock.acquire()
def crash(): os.abort()
def memory():
    kept = []
    while True: kept.append(bytearray(1 << 20))
"""
IMAGE = Image((("m", SOURCE),))
NOW = 1_700_000_000.0


@dataclass
class Churned:
    """`results` by number of the episode. `lost` counts the starts that came to infrastructure, `hit` those meant to."""

    results: dict[int, list[Outcome]] = field(default_factory=dict)
    lost: int = 0
    hit: int = 0
    kills: int = 0


@dataclass(frozen=True)
class Held:
    """What this process holds at a moment; `processes` counts all that descend from it."""

    processes: int
    descriptors: int
    threads: int


def disturbed(episodes: int, seed: int, kill_every: int) -> dict[int, str]:
    """Which episodes end badly, and how: drawn, as many of each kind as `SHARES` says, and none of those to be killed."""
    rng = random.Random(seed)
    ends = [kind for kind, share in SHARES.items() for _ in range(max(round(episodes * share), 1))]
    free = [number for number in range(episodes) if not _killed(number, kill_every)]
    return dict(zip(rng.sample(free, len(ends)), ends, strict=True))


def churn(sandbox: Sandbox, numbers: Iterable[int], ends: Mapping[int, str], kill_every: int = 0) -> Churned:
    """Play episodes from several threads. The worker of every `kill_every`-th is killed while the episode is live; 0: never."""
    churned, lock = Churned(), threading.Lock()

    def play(number: int) -> None:
        kill = _killed(number, kill_every)
        for attempt in range(TRIES):
            outcomes = _played(sandbox, number, ends.get(number), kill and not attempt)
            lost = any(outcome.kind == "infrastructure" for outcome in outcomes)
            with lock:
                churned.lost += lost
                churned.kills += kill and not attempt
                churned.hit += lost and kill and not attempt
                if not lost:
                    churned.results[number] = outcomes
                    return

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(play, numbers))
    return churned


def _killed(number: int, kill_every: int) -> bool:
    return kill_every > 0 and number % kill_every == kill_every - 1


def _played(sandbox: Sandbox, number: int, end: str | None, kill: bool) -> list[Outcome]:
    limits = HURRIED if end == "timeout" else LIMITS
    with sandbox.start(IMAGE, seed=number, clock=NOW + number, limits=limits) as episode:
        if kill:
            kill_worker_of(episode.pid)
        calls = [Call("m.work", {"number": number}), Call("m.describe"), Call("m.work", {"number": 1})]
        outcomes = [episode.loaded, *episode.call_many(calls)]
        return [*outcomes, episode.call(f"m.{end}")] if end else outcomes


def kill_worker_of(pid: int) -> None:
    """Kill the worker that forked a child, and wait until it is gone."""
    worker = _parent(pid)
    if worker not in (None, 1, os.getpid()):
        os.kill(worker, signal.SIGKILL)
        until_ended([worker])


def held() -> Held:
    """Of this process, now."""
    return Held(len(descendants()), *(sum(1 for _ in Path("/proc/self", kind).iterdir()) for kind in ("fd", "task")))


def held_again(before: Held) -> Held:
    """What is held once it is what it was before, or after a while: an ended process is gone a moment later."""
    deadline = time.monotonic() + PATIENCE_S
    while (now := held()) != before and time.monotonic() < deadline:
        time.sleep(0.01)
    return now


def descendants() -> set[int]:
    """Pids of all processes below this one, zombies too."""
    parents = {int(one.name): _parent(int(one.name)) for one in Path("/proc").iterdir() if one.name.isdigit()}
    found, new = set(), {os.getpid()}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new}
        found |= new
    return found


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return None
