"""What tests ask about processes.

    until_ended([4711, 4712])        # fails after a while

A signal is delivered some time after `kill` returns, so an end is waited for.
"""

import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE_S = 30.0


def running(pid: int) -> bool:
    """Whether the process is there and no zombie, which nobody may be left to reap."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until_ended(pids: Iterable[int]) -> None:
    """Wait until none of the processes runs. Raises `AssertionError` if one still does after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    left = list(pids)
    while left := [pid for pid in left if running(pid)]:
        assert time.monotonic() < deadline, f"processes {left} still run"
        time.sleep(0.01)
