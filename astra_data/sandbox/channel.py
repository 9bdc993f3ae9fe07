"""The socket to a child, and frames on it: a length (u32, little-endian) and so many bytes.

    channel.send(b'["run"]')
    frame = channel.receive(most=1 << 20, patience=lambda: 0.5)

Whatever comes in is untrusted: its length is checked before it is read.
"""

import math
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from typing import Final

SIZE: Final = struct.Struct("<I")
TIME: Final = struct.Struct("@ll")
SHORTEST_S: Final = 0.005
READ_BYTES: Final = 1 << 14  # more would be mapped and unmapped by the allocator at each call
MOST_READ_BYTES: Final = 1 << 20


class OverdueError(Exception):
    """Nothing more came in time."""


class EndedError(Exception):
    """The other side hung up."""


class MalformedError(Exception):
    """What came is not what was agreed."""


class Channel:
    """Frames on a stream socket, which it owns. `first_s` is how long it first waits for an answer without looking around."""

    def __init__(self, socket_: socket.socket, first_s: float) -> None:
        self._socket, self._unread = socket_, bytearray()
        seconds, part = divmod(max(first_s, SHORTEST_S), 1)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            socket_.setsockopt(socket.SOL_SOCKET, option, TIME.pack(int(seconds), int(part * 1e6)))

    def send(self, payloads: Iterable[bytes], patience: Callable[[], float]) -> None:
        """Send frames. Raises `OverdueError` or `EndedError`."""
        data = b"".join([SIZE.pack(len(one)) + one for one in payloads])
        sent = 0
        while sent < len(data):
            try:
                sent += self._socket.send(memoryview(data)[sent:] if sent else data)
            except BlockingIOError:
                self._wait(select.POLLOUT, patience)
            except OSError:
                raise EndedError from None

    def receive(self, most: int, patience: Callable[[], float]) -> bytes:
        """The next frame. `patience` says how many seconds to wait for more; it is asked again whenever they are over.

        Raises `OverdueError` when no patience is left, `EndedError`, or `MalformedError` for a frame of more than `most` bytes.
        """
        self._fill(SIZE.size, patience)
        end = SIZE.size + SIZE.unpack_from(self._unread)[0]
        if end - SIZE.size > most:
            raise MalformedError(f"a frame of {end - SIZE.size} bytes")
        if len(self._unread) < end:
            self._fill(end, patience)
        frame = bytes(self._unread[SIZE.size:end])
        del self._unread[:end]
        return frame

    def close(self) -> None:
        self._socket.close()

    def _fill(self, size: int, patience: Callable[[], float]) -> None:
        while len(self._unread) < size:
            try:
                more = self._socket.recv(max(READ_BYTES, min(size - len(self._unread), MOST_READ_BYTES)))
            except BlockingIOError:
                self._wait(select.POLLIN, patience)
                continue
            except OSError:
                raise EndedError from None
            if not more:
                raise EndedError
            self._unread += more
            if len(self._unread) < size and patience() <= 0:
                raise OverdueError

    def _wait(self, event: int, patience: Callable[[], float]) -> None:
        poll = select.poll()
        poll.register(self._socket, event)
        while (left := patience()) > 0:
            if poll.poll(math.ceil(left * 1000)):
                return
        raise OverdueError


class Deadline:
    """The time of one call: on the clock of the wall, and on that of the child's processor.

    The child has one thread, so it cannot use more processor time than passes; the host need not look more often than that.
    """

    def __init__(self, pid: int, wall_s: float, cpu_s: float) -> None:
        self._clock, self._wall_s, self._cpu_s = (~pid << 3) | 2, wall_s, cpu_s
        self.over_cpu = False
        self.restart()

    def restart(self) -> None:
        """For the next call of a batch."""
        self._begun, self._cpu_begun = time.monotonic(), self._cpu()

    @property
    def passed(self) -> float:
        """Seconds on the clock of the wall since `restart`."""
        return time.monotonic() - self._begun

    def patience(self) -> float:
        """Seconds until it is worth looking again; 0 or less when a limit is reached."""
        wall, now = self._wall_s - self.passed, self._cpu()
        cpu = self._cpu_s - (now - self._cpu_begun) if now >= 0 else SHORTEST_S
        self.over_cpu = cpu <= 0 < wall
        return 0.0 if cpu <= 0 else min(wall, max(cpu, SHORTEST_S))

    def _cpu(self) -> float:
        """The processor clock of another process, as POSIX's clock_getcpuclockid counts it; -1 if the process is gone."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return -1.0
