"""Commands of ours in processes of their own, one after another or a few side by side.

    said = astra(Path("hub"), Path("runs/log"), "evaluate", "arena", "tiny-arenas", "--policy", "oracle")
    each(2, [partial(work, seed) for seed in range(3)])

What a command reports goes to a log, what it prints as JSON comes back.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import orjson

from astra_data.cli.reproduce import ENTRY

WEIGHTS = "model.safetensors"
"""The file of a model's folder that has its weights."""
Row = dict[str, Any]
T = TypeVar("T")


def astra(store: Path, log: Path, *words: str, spent: Row | None = None) -> Row:
    """Run one command with one thread; returns the JSON that it printed.

    Adds its `minutes`, and the `cpu_minutes` of it and its children, to `spent`. Leaves with a message if the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "ASTRA_STORE": str(store), "OMP_NUM_THREADS": "1", "TRL_EXPERIMENTAL_SILENCE": "1"}
    with log.open("ab") as told_to, tempfile.TemporaryFile() as said:
        told_to.write(f"$ astra {' '.join(words)}\n".encode())
        told_to.flush()
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-c", ENTRY, *words, "--json"], stdout=said, stderr=told_to, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if spent is not None:
            spent["minutes"] += (time.monotonic() - began) / 60
            spent["cpu_minutes"] += (usage.ru_utime + usage.ru_stime) / 60
        if process.returncode:
            raise SystemExit(f"astra {words[0]} {words[1]} left with {process.returncode}; {log} says why")
        said.seek(0)
        answer: Row = orjson.loads(said.read())
        return answer


def each(jobs: int, works: Sequence[Callable[[], T]]) -> list[T]:
    """What each work gives, so many at a time; after a failure no other is begun."""
    pool = ThreadPoolExecutor(jobs)
    try:
        return [future.result() for future in [pool.submit(work) for work in works]]
    finally:
        pool.shutdown(cancel_futures=True)
