"""How the time of a function grows with the length of its text: CPU time of this process, never the clock.

    assert slow(WORD.search, lambda length: "a@" * (length // 2)) is None

A text is made longer step by step, and the first length that takes noticeable time decides: a linear function is quick at every
length, whatever else the machine does, and a quadratic one is not.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LENGTHS = (40, 200, 1_000, 5_000, 20_000)
FLOOR = 0.04
"""Seconds of CPU. What is below says nothing and is let pass: a linear pattern stays far below at every length."""
RATIO = 9.0
"""Of the times at 4 n and n. Linear: 4, quadratic: 16."""
MOST = 1.5
"""Seconds after which a call is ended: whoever needs so long at one of these lengths is not linear."""


class TooSlowError(BaseException):
    """The call was ended."""


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """Raise `TooSlowError` where the block takes more CPU time. The engine of `re` looks for signals while it matches."""

    def end(number: int, frame: Any) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def cpu_seconds(call: Callable[[str], object], text: str, runs: int = 1) -> float:
    """The least CPU time of some runs; infinite for a call that had to be ended."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        try:
            with ended_after(MOST):
                call(text)
        except TooSlowError:
            return float("inf")
        best = min(best, time.process_time() - start)
    return best


def slow(call: Callable[[str], object], text_of: Callable[[int], str], floor: float = FLOOR) -> str | None:
    """What shows that a call is not linear in its text, or None. `text_of` gives the text of a length."""
    for length in LENGTHS:
        first = cpu_seconds(call, text_of(length))
        if first < floor:
            continue
        if first == float("inf"):
            return f"ended after {MOST} s with {length} characters"
        took, quarter = cpu_seconds(call, text_of(length), 3), cpu_seconds(call, text_of(length // 4), 3)
        if took >= floor and took > RATIO * max(quarter, floor / 40):
            return f"{took:.2f} s for {length} characters, {quarter:.4f} s for a quarter of them"
    return None
