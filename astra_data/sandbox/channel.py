"""The socket to a child, and frames on it: a length (u32, little-endian) and so many bytes.

    channel.send(b'["run"]')
    frame = channel.receive(most=1 << 20, patience=lambda: 0.5)

Whatever comes in is untrusted: its length is checked before it is read.
"""

import socket
import struct
import time
from collections.abc import Callable
from typing import Final

SIZE: Final = struct.Struct("<I")
READ_BYTES: Final = 1 << 18


class OverdueError(Exception):
    """Nothing more came in time."""


class EndedError(Exception):
    """The other side hung up."""


class MalformedError(Exception):
    """What came is not what was agreed."""


class Channel:
    """Frames on a stream socket, which it owns."""

    def __init__(self, socket_: socket.socket) -> None:
        self._socket, self._unread = socket_, bytearray()

    def send(self, *payloads: bytes, within: float) -> None:
        """Send frames within so many seconds. Raises `OverdueError` or `EndedError`."""
        try:
            self._socket.settimeout(within)
            self._socket.sendall(b"".join(SIZE.pack(len(one)) + one for one in payloads))
        except TimeoutError:
            raise OverdueError from None
        except OSError:
            raise EndedError from None

    def receive(self, most: int, patience: Callable[[], float]) -> bytes:
        """The next frame. `patience` says how many seconds to wait for more; it is asked again whenever they are over.

        Raises `OverdueError` when no patience is left, `EndedError`, or `MalformedError` for a frame of more than `most` bytes.
        """
        self._fill(SIZE.size, patience)
        size = SIZE.unpack_from(self._unread)[0]
        if size > most:
            raise MalformedError(f"a frame of {size} bytes")
        self._fill(SIZE.size + size, patience)
        frame = bytes(self._unread[SIZE.size:SIZE.size + size])
        del self._unread[:SIZE.size + size]
        return frame

    def unasked(self) -> bool:
        """Whether something came that nobody asked for."""
        if self._unread:
            return True
        try:
            self._socket.setblocking(False)
            return len(self._socket.recv(1, socket.MSG_PEEK)) > 0
        except BlockingIOError:
            return False
        except OSError:
            return False

    def close(self) -> None:
        self._socket.close()

    def _fill(self, size: int, patience: Callable[[], float]) -> None:
        while len(self._unread) < size:
            if (left := patience()) <= 0:
                raise OverdueError
            self._socket.settimeout(left)
            try:
                more = self._socket.recv(READ_BYTES)
            except TimeoutError:
                continue
            except OSError:
                raise EndedError from None
            if not more:
                raise EndedError
            self._unread += more


class Deadline:
    """The time of one call: on the clock of the wall, and on that of the child's processor.

    The child has one thread, so it cannot use more processor time than passes; the host need not look more often than that.
    """

    SHORTEST: Final = 0.005

    def __init__(self, pid: int, wall_s: float, cpu_s: float) -> None:
        self._clock, self._wall_s, self._cpu_s = (~pid << 3) | 2, wall_s, cpu_s
        self.over_cpu = False
        self.restart()

    def restart(self) -> None:
        """For the next call of a batch."""
        self._end, self._begun, self._looked = time.monotonic() + self._wall_s, self._cpu(), False

    @property
    def used(self) -> float:
        """CPU seconds of the child since `restart`; infinite if it is gone."""
        now = self._cpu()
        return now - self._begun if now >= 0 else float("inf")

    def patience(self) -> float:
        """Seconds until it is worth looking again; 0 or less when a limit is reached."""
        wall = self._end - time.monotonic()
        if not self._looked:
            self._looked = True
            return min(wall, self._cpu_s)
        now = self._cpu()
        left = self._cpu_s - (now - self._begun) if now >= 0 else self.SHORTEST
        self.over_cpu = left <= 0 < wall
        return min(wall, 0.0 if self.over_cpu else max(left, self.SHORTEST))

    def _cpu(self) -> float:
        """The processor clock of another process, as POSIX's clock_getcpuclockid counts it; -1 if the process is gone."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return -1.0
