"""The pool: workers, each with the children of its episodes, and what they share.

    with Sandbox(workers=2) as sandbox:
        with sandbox.start(Image((("m", "def f(a): return a + 1"),)), seed=7) as episode:
            episode.call("m.f", {"a": 1}).value     # 2

A worker that is lost is replaced when the next episode starts; calls of its episodes come to `infrastructure`.
"""

import sys
import threading
from collections.abc import Iterable
from typing import Any, Final, Literal

from astra_data.errors import SandboxError, UsageError
from astra_data.sandbox.blobs import Blobs
from astra_data.sandbox.episode import Episode
from astra_data.sandbox.isolation import Isolation, demand_strict
from astra_data.sandbox.jail.layers import LAYERS
from astra_data.sandbox.limits import Image, Limits
from astra_data.sandbox.memory import MemoryRoom, default_memory_mb
from astra_data.sandbox.worker import Setting, Worker, WorkerLostError

ATTEMPTS: Final = 4


class Sandbox:
    """A pool of workers. Thread-safe."""

    def __init__(
        self, workers: int = 2, isolation: Literal["strict", "best_effort"] = "strict", hash_seed: int = 0,
        limits: Limits | None = None, memory_mb: int | None = None, preload: Iterable[str] = (), layers: Iterable[str] = LAYERS,
        blobs: Blobs | None = None,
    ) -> None:
        """`hash_seed` is in force as PYTHONHASHSEED in all episodes. Modules of `preload` can be imported in them: installed
        packages alone, since they are loaded before the code is locked in.

        `memory_mb` caps all live episodes together: 70 % of the machine by default. `layers` is for tests of the layers, `strict`
        accepts no less than all it needs. `blobs` may be shared with other pools. Raises `SandboxError` if the code cannot be
        isolated as asked for.
        """
        if workers < 1 or isolation not in ("strict", "best_effort"):
            raise UsageError("a sandbox has one worker at least, and isolation strict or best_effort")
        if sys.platform != "linux":
            raise SandboxError("code is isolated by the Linux kernel alone", mend="use Linux, a container on it, or WSL 2")
        self.limits = limits or Limits()
        self.memory = MemoryRoom(memory_mb or default_memory_mb())
        self._strict = isolation == "strict"
        self._setting = Setting(hash_seed, tuple(preload), tuple(layers))
        self._lock = threading.Lock()
        self._closed = False
        self._blobs = blobs or Blobs()
        self._workers: list[Worker] = []
        try:
            for _ in range(workers):
                self._workers.append(self._started())
        except BaseException:
            self.close()
            raise

    @property
    def isolation(self) -> Isolation:
        """What holds the code here."""
        return self._workers[0].isolation

    def start(self, image: Image, seed: int | str = 0, clock: float | None = None, limits: Limits | None = None) -> Episode:
        """A new episode with the image loaded; see `loaded`. `clock` stops the time at POSIX seconds, None lets it run.

        Waits while other episodes hold the pool's memory. Raises `SandboxError` if there is no room, or no worker can be started.
        """
        return self._loaded(image, {"seed": seed, "clock": clock}, limits or self.limits)

    def close(self) -> None:
        """End all workers and episodes. Does nothing the second time."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _loaded(self, image: Image, options: dict[str, Any], limits: Limits) -> Episode:
        """An episode whose image was loaded, or failed to for a reason of its own; a lost worker is no such reason."""
        for attempt in range(ATTEMPTS):
            try:
                episode = self._forked(options, limits)
            except (WorkerLostError, OSError) as error:
                lost = error
                continue
            try:
                made = episode.load(image, self._blobs.get(image.digest))
            except BaseException:
                episode.close()
                raise
            if made:
                self._blobs.keep(image.digest, made)
            if episode.loaded.kind != "infrastructure" or attempt == ATTEMPTS - 1:
                return episode
            episode.close()
        raise SandboxError(f"no process could be started for an episode ({type(lost).__name__})", mend="free processes or memory")

    def _forked(self, options: dict[str, Any], limits: Limits) -> Episode:
        """An episode with nothing loaded. What it holds of the pool is given back when it is closed, or here if there is none."""
        self.memory.take(limits.memory_mb)
        try:
            return self._forked_by(self._least_busy(), options, limits)
        except BaseException:
            self.memory.give_back(limits.memory_mb)
            raise

    def _forked_by(self, worker: Worker, options: dict[str, Any], limits: Limits) -> Episode:
        options = {
            **options, "memory": limits.memory_mb << 20, "cpu_s": limits.episode_cpu_s, "stdout_bytes": limits.stdout_bytes,
            "result_bytes": limits.result_bytes, "attempts": False,
        }

        def closed() -> None:
            self.memory.give_back(limits.memory_mb)
            with self._lock:
                worker.live -= 1

        try:
            channel, pid = worker.fork(options, min(limits.wall_s, limits.cpu_s))
        except BaseException:
            with self._lock:
                worker.live -= 1
            raise
        return Episode(worker, channel, pid, limits, closed)

    def _least_busy(self) -> Worker:
        """The worker with the fewest episodes, counted for one more; lost ones are replaced."""
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox is closed", mend="open another")
            for place, worker in enumerate(self._workers):
                if worker.lost or not worker.runs():
                    worker.close()
                    self._workers[place] = self._started()
            worker = min(self._workers, key=lambda one: one.live)
            worker.live += 1
            return worker

    def _started(self) -> Worker:
        worker = Worker.start(self._setting)
        if self._strict:
            try:
                demand_strict(worker.isolation)
            except SandboxError:
                worker.close()
                raise
        return worker
