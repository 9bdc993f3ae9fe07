"""An episode: one child with the modules of an image, whose state lasts from call to call.

    with sandbox.start(image) as episode:
        assert episode.loaded.ok
        episode.call("bank.pay", {"amount": 3}).value

When a call goes over a limit the child is killed, and the episode is over: every later call says so, with the same kind.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from astra_data.errors import SandboxError
from astra_data.sandbox import answers
from astra_data.sandbox.answers import Bounds
from astra_data.sandbox.channel import Channel, Deadline, EndedError, MalformedError, OverdueError
from astra_data.sandbox.limits import Image, Limits
from astra_data.sandbox.outcome import Call, Kind, Outcome
from astra_data.sandbox.worker import Ending, Worker, WorkerLostError

BLOB_BYTES: Final = 1 << 26
GRACE_S: Final = 0.5
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
LOST: Final = Outcome("infrastructure", message="the worker of the sandbox was lost; start the episode again", alive=False)


class Episode:
    """Made by `Sandbox.start`. `on_close` gives back what the pool holds for it. Calls of several threads take turns."""

    def __init__(self, worker: Worker, channel: Channel, pid: int, limits: Limits, on_close: Callable[[], None]) -> None:
        self._worker, self._channel, self.pid, self._limits, self._on_close = worker, channel, pid, limits, on_close
        self._over: Outcome | None = None
        self._closed, self._number = False, 0
        self._lock = threading.Lock()
        self._bounds = Bounds(limits.stdout_bytes, limits.result_bytes)
        self.loaded = Outcome("infrastructure", message="the image was not loaded", alive=False)

    def load(self, image: Image, blob: bytes | None) -> bytes | None:
        """Run the modules of an image, compiled already or not; sets `loaded`. The compiled modules, if they were made here."""
        request = ["load", image.modules] if blob is None else ["run", None]
        made: list[bytes] = []
        with self._lock:
            self.loaded = self._exchange(request, 1, blob, made)[0]
            if self.loaded.kind not in ("ok", "output_limit"):
                self._end(self.loaded.kind, f"not run: the image did not load - {self.loaded.message}")
        return made[0] if made and made[0] else None

    def call(self, entry: str, arguments: dict[str, Any] | None = None) -> Outcome:
        """Call an entry with arguments by name. Raises `SandboxError` only once the episode is closed."""
        return self._called([[entry, arguments or {}]])[0]

    def call_many(self, calls: Sequence[Call]) -> list[Outcome]:
        """One outcome per call, in order; sent at once. Limits hold for each call; once the episode is over, calls are not run.

        Raises `TypeError` or `ValueError` if an argument is not JSON.
        """
        return self._called([[call.entry, call.arguments] for call in calls])

    def _called(self, calls: list[list[Any]]) -> list[Outcome]:
        if self._closed:
            raise SandboxError("the episode is closed", mend="start another")
        if not calls:
            return []
        with self._lock:
            return self._exchange(["call", calls], len(calls))

    def close(self) -> None:
        """End the child. Does nothing the second time."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._over is None:
                self._worker.forget(self.pid)  # first, so that the child ends where it waits
                self._channel.close()
        self._on_close()

    def __enter__(self) -> "Episode":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(
        self, request: list[Any], wanted: int, blob: bytes | None = None, made: list[bytes] | None = None
    ) -> list[Outcome]:
        """Send a request and read so many answers; the frame that comes before them when sources are loaded goes to `made`."""
        self._number += 1
        frames = [_encode([self._number, *request]).encode()] + ([] if blob is None else [blob])
        outcomes: list[Outcome] = []
        deadline = Deadline(self.pid, self._limits.wall_s, self._limits.cpu_s)
        try:
            if self._over is None:
                self._channel.send(frames, deadline.patience)
                if made is not None and blob is None:
                    made.append(self._channel.receive(BLOB_BYTES, deadline.patience))
            while self._over is None and len(outcomes) < wanted:
                frame = self._channel.receive(self._bounds.frame_bytes, deadline.patience)
                outcome = answers.read(frame, self._number, deadline.passed, self._bounds)
                outcomes.append(outcome)
                if not outcome.alive:
                    self._end(outcome.kind, f"not run: the episode ended before - {outcome.message}")
                elif len(outcomes) < wanted:
                    deadline.restart()
        except (OverdueError, EndedError, MalformedError, WorkerLostError) as error:
            outcomes.append(self._after(error, deadline))
        return outcomes + [self._over or LOST] * (wanted - len(outcomes))

    def _after(self, error: Exception, deadline: Deadline) -> Outcome:
        """What a call came to that was not answered; the child is ended."""
        try:
            kind, message = self._reason(error, deadline)
        except WorkerLostError:
            kind, message = "infrastructure", LOST.message
        self._end(kind, f"not run: the episode ended before - {message}", killed=True)
        return Outcome(kind, message=message, alive=False)

    def _reason(self, error: Exception, deadline: Deadline) -> tuple[Kind, str]:
        if isinstance(error, WorkerLostError):
            raise error
        if isinstance(error, EndedError):
            return self._ended()
        self._worker.kill(self.pid)
        if isinstance(error, MalformedError):
            return "protocol", str(error)
        if deadline.over_cpu:
            return "cpu_limit", f"more than {self._limits.cpu_s:g} s of CPU"
        return "timeout", f"no answer within {self._limits.wall_s:g} s"

    def _ended(self) -> tuple[Kind, str]:
        """Why the child hung up. A moment passes between that and its end; one that goes on is not ours any more."""
        patience = time.monotonic() + GRACE_S
        while (ending := self._worker.ending(self.pid)) is None and time.monotonic() < patience:
            time.sleep(0.001)
        if ending is None:
            self._worker.kill(self.pid)
            return "protocol", "the channel was closed"
        return self._told(ending)

    def _told(self, ending: Ending) -> tuple[Kind, str]:
        if not os.WIFSIGNALED(ending.status):
            return "exit", f"exit status {os.WEXITSTATUS(ending.status)}"
        number = os.WTERMSIG(ending.status)
        if number in (signal.SIGXCPU, signal.SIGKILL) and ending.cpu_s >= self._limits.episode_cpu_s - 1:
            return "cpu_limit", f"more than {self._limits.episode_cpu_s} s of CPU in the episode"
        if number == signal.SIGKILL:
            return "infrastructure", "something outside killed the process; start the episode again"
        if number == signal.SIGSYS:
            return "forbidden", "a system call that no program of this machine makes"
        return "crash", f"signal {number}"

    def _end(self, kind: Kind, message: str, killed: bool = False) -> None:
        if self._over is None:
            self._over = Outcome(kind, message=message, alive=False)
            self._channel.close()
            if not killed:
                self._worker.forget(self.pid)
