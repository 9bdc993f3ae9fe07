"""Where the rollouts of a trainer take place: arenas, the sandbox, a few threads, and a seat for each rollout of a batch.

    with Bench(arenas, sandbox, reward=lambda episode: episode.scored().f1, finished=summary) as bench: ...

TRL sees a `Seat` as one of its environments: it is made once, and one rollout after another sits down at it.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from astra_data.messages import Message
from astra_data.rows.arenas import Arena
from astra_data.sandbox import Sandbox
from astra_data.training.episodes import Episode

if TYPE_CHECKING:
    from datasets import Dataset

THREADS: Final = 4
"""Calls in flight at once; the workers of the sandbox do the work."""


@dataclass(slots=True)
class Bench:
    """What all rollouts share. `reward` scores an episode, null where there is no score; `finished` is told of the episodes of
    each round of rollouts, with the number of the step that they are for (null in an evaluation), and gives figures to log."""

    arenas: Sequence[Arena]
    sandbox: Sandbox
    reward: Callable[[Episode], float | None]
    finished: Callable[[Sequence[Episode], int | None], dict[str, float | None]]
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "tools"))

    def begin(self, arena: int, last: Episode | None) -> Episode:
        """An episode in the arena with this number, whose code is loaded while others go on; `last` is closed."""
        if last is not None:
            self._pool.submit(last.close)
        episode = Episode(self.arenas[arena], self.sandbox)
        self._pool.submit(episode.open)
        return episode

    def work(self, episodes: Sequence[Episode]) -> list[list[Message]]:
        """The results of the calls that these have just made, all at once."""
        with self.timed("tools"):
            return list(self._pool.map(Episode.work, episodes))

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Count the seconds of a block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[what] += time.perf_counter() - started

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


class Seat:
    """An environment as TRL has them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._episode: Episode | None = None

    @property
    def episode(self) -> Episode:
        """The rollout that sits here."""
        assert self._episode is not None, "reset comes first"
        return self._episode

    def reset(self, arena: int, **_: Any) -> None:
        """Begin a rollout."""
        self._episode = self._bench.begin(arena, self._episode)

    def call_tool(self) -> None:
        """Is there so that TRL reckons with tools, and is never shown."""


def rows_of(arenas: Sequence[Arena]) -> "Dataset":
    """What a trainer reads of arenas: their prompts, verbatim, and their numbers."""
    from datasets import Dataset, Features, Json, List, Value

    rows = [{"prompt": arena.prompt, "arena": number} for number, arena in enumerate(arenas)]
    return Dataset.from_list(rows, features=Features({"prompt": List(Json()), "arena": Value("int64")}))
