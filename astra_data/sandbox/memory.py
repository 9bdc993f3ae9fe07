"""How much memory all live episodes of a pool may have together.

    room = MemoryRoom(4096)
    with room.taken(256): ...       # waits for others to give back; raises if that takes too long

An episode counts with its limit, not with what it uses at the moment, so the cap holds whatever the code does.
"""

import threading
import time
from pathlib import Path
from typing import Final

from astra_data.errors import SandboxError

SHARE: Final = 0.7
CGROUP_LIMITS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
FALLBACK_MB: Final = 2048


class MemoryRoom:
    """`most` and all amounts in MB. Thread-safe."""

    def __init__(self, most: int, patience_s: float = 60.0) -> None:
        self.most, self._patience_s = most, patience_s
        self._free, self._changed = most, threading.Condition()

    def take(self, amount: int) -> None:
        """Wait for room. Raises `SandboxError` if there can be none, or if none was given back for a while."""
        if amount > self.most:
            raise SandboxError(f"an episode may have {amount} MB, the whole pool {self.most} MB", mend="lower limits.memory_mb")
        deadline = time.monotonic() + self._patience_s
        with self._changed:
            while self._free < amount:
                if not self._changed.wait(max(deadline - time.monotonic(), 0)) and self._free < amount:
                    raise SandboxError(
                        f"live episodes hold the pool's {self.most} MB of memory, and none ended for {self._patience_s:g} s",
                        mend="close episodes, lower limits.memory_mb, or raise the pool's memory_mb",
                    )
            self._free -= amount

    def give_back(self, amount: int) -> None:
        with self._changed:
            self._free += amount
            self._changed.notify_all()


def default_memory_mb() -> int:
    """70 % of what this machine, or the container it is, has."""
    sizes = [size for size in (_machine_bytes(), *map(_group_bytes, CGROUP_LIMITS)) if size]
    return int(min(sizes) * SHARE) >> 20 if sizes else FALLBACK_MB


def _machine_bytes() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemTotal:"))
    except (OSError, StopIteration):
        return None


def _group_bytes(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
