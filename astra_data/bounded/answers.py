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


class AnswerTooLargeError(httpx2.StreamError):
    """An answer that goes beyond what is read."""


class _Counted(httpx2.AsyncByteStream):
    """The body of an answer. `AnswerTooLargeError` is raised while it is read."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for block in self._stream:
            size += len(block)
            if size > MOST_BYTES:
                raise AnswerTooLargeError(TOO_LARGE)
            yield block

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bounded(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise httpx2.ReadError(PACKED, request=response.request)
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Counted(response.stream)


HOOKS: dict[str, list[Callable[..., Any]]] = {"response": [_bounded]}
