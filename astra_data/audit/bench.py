"""What an audit runs on: three pools of the sandbox that differ in the seed of their hashes.

    with Bench.open() as bench:
        bench.probing.start(image)
"""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from astra_data.sandbox import Blobs, Limits, Sandbox

HASH_SEEDS = (0, 1, 4242)
LIMITS = Limits(cpu_s=1.0, wall_s=3.0)
"""A call of a tool takes far less than a millisecond; a probe that takes a second hangs."""


@dataclass(frozen=True, slots=True)
class Bench:
    """`pools` are the sandboxes, one per hash seed. Use as a context manager; thread-safe as they are."""

    pools: tuple[Sandbox, ...]
    _stack: ExitStack

    @classmethod
    def open(
        cls, workers: int = 1, isolation: Literal["strict", "best_effort"] = "strict", limits: Limits = LIMITS,
        blobs: Blobs | None = None,
    ) -> "Bench":
        """Start the pools, which share what they compile. Raises `SandboxError` where code cannot be isolated."""
        stack, blobs = ExitStack(), blobs or Blobs()
        try:
            pools = [stack.enter_context(Sandbox(workers, isolation, seed, limits, blobs=blobs)) for seed in HASH_SEEDS]
        except BaseException:
            stack.close()
            raise
        return cls(tuple(pools), stack)

    @property
    def probing(self) -> Sandbox:
        """The pool of everything that is run once."""
        return self.pools[0]

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
