"""What a call prints: kept up to a number of bytes, counted beyond it.

    output = Output()
    output.redirect()           # sys.stdout and sys.stderr of this process
    output.room = 16_384        # bytes
    text, cut = output.take()   # since the last time
"""

import io
import sys
from typing import Any


class Output(io.BufferedIOBase):
    """Bytes written since `take`, at most `room` of them."""

    def __init__(self) -> None:
        self.room, self._kept, self._cut = 0, bytearray(), False

    def redirect(self) -> None:
        """Let everything that Python prints come here; standard input is empty."""
        sys.stdout = io.TextIOWrapper(self, encoding="utf-8", errors="replace", newline="", write_through=True)
        sys.stderr = sys.__stdout__ = sys.__stderr__ = sys.stdout  # type: ignore[misc]
        sys.stdin = sys.__stdin__ = io.StringIO("")  # type: ignore[misc, assignment]

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        room = self.room - len(self._kept)
        self._kept += data[:room]
        self._cut = self._cut or len(data) > room
        return len(data)

    def take(self) -> tuple[str, bool]:
        """What was printed, and whether more was than is kept."""
        if not self._kept and not self._cut:
            return "", False
        text, cut = self._kept.decode("utf-8", "ignore"), self._cut
        self._kept, self._cut = bytearray(), False
        return text, cut
