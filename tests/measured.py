"""How much memory this process takes while something happens.

    with memory() as taken: ...
    taken()         # MiB above what it was before, at its highest
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def _resident() -> int:
    """MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20


@contextmanager
def memory() -> Iterator[Callable[[], int]]:
    """Looks every few milliseconds, from a thread; where there is no `/proc` it always says 0."""
    look = _resident if Path("/proc/self/statm").exists() else lambda: 0
    before, done = look(), threading.Event()
    highest = before

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, look())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: max(highest, look()) - before
    finally:
        done.set()
        thread.join()
