"""Answers over HTTP with an end: a body of at most so many bytes, whoever sends it and whatever its status.

    httpx2.AsyncClient(event_hooks=HOOKS, headers=PLAIN)

Clients read a body as a whole, those of errors too. An answer that is packed could unpack to anything, so none is asked for, and
one that comes is refused.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2

MOST_BYTES = 32 << 20
TOO_LARGE = f"an answer of more than {MOST_BYTES >> 20} MiB"
PACKED = "a packed answer, which was not asked for"
PLAIN = {"accept-encoding": "identity"}


class AnswerRefusedError(httpx2.StreamError):
    """An answer that is not read, or not to its end."""


class _Counted(httpx2.AsyncByteStream):
    """The body of an answer. `AnswerRefusedError` is raised while it is read: what is raised earlier not all clients expect."""

    def __init__(self, stream: httpx2.AsyncByteStream, packed: bool) -> None:
        self._stream, self._packed = stream, packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._packed:
            raise AnswerRefusedError(PACKED)
        size = 0
        async for block in self._stream:
            size += len(block)
            if size > MOST_BYTES:
                raise AnswerRefusedError(TOO_LARGE)
            yield block

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bounded(response: httpx2.Response) -> None:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    packed = response.headers.get("content-encoding", "identity").lower() not in ("", "identity")
    response.stream = _Counted(response.stream, packed)


HOOKS: dict[str, list[Callable[..., Any]]] = {"response": [_bounded]}
