"""What a server answers over HTTP, read by `wire` before the official client reads it.

    httpx2.AsyncClient(transport=Exact(httpx2.AsyncHTTPTransport()))

The official client decodes a stream of events with replacements for what is no text, and gives its parser's words for what it
cannot read. Here a body of JSON, and the data of each event, is handed on as it came, or as an error in its place.
"""

from collections.abc import AsyncIterator

import httpx2

from astra_data.bounded.answers import MOST_BYTES, TOO_LARGE, AnswerRefusedError
from astra_data.tools.batches import BOM
from astra_data.tools.statuses import asked_of
from astra_data.tools.wire import answering, answers

JSON, EVENTS = "application/json", "text/event-stream"


class Exact(httpx2.AsyncBaseTransport):
    """A transport whose answers can be read, or say why not."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        asked = asked_of(request)
        if response.status_code < 400 and (kind == EVENTS or (kind == JSON and asked is not None)):
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = (_Events if kind == EVENTS else _Body)(response.stream, asked)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Body(httpx2.AsyncByteStream):
    """A body that is one message."""

    def __init__(self, stream: httpx2.AsyncByteStream, asked: int | str | None) -> None:
        self._stream, self._asked = stream, asked

    async def __aiter__(self) -> AsyncIterator[bytes]:
        found = bytearray()
        async for block in self._stream:
            found += block
            if len(found) > MOST_BYTES:
                raise AnswerRefusedError(TOO_LARGE)
        yield answering(bytes(found), self._asked)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Events(_Body):
    """Events, each handed on when it is whole."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        event: list[bytes] = []
        first = True
        async for line in self._lines():
            line = line.removeprefix(BOM) if first else line
            first = False
            event.append(line)
            if not line.strip(b"\r\n"):
                yield _checked(event, self._asked)
                event = []
        yield b"".join(event)

    async def _lines(self) -> AsyncIterator[bytes]:
        """The lines with their ends. Of CR LF in two blocks the second is passed over."""
        rest, size, after = list[bytes](), 0, b""
        async for block in self._stream:
            block = block[1:] if after == b"\r" and block[:1] == b"\n" else block
            after = block[-1:] or after
            for line in block.splitlines(keepends=True):
                rest.append(line)
                size += len(line)
                if size > MOST_BYTES:
                    raise AnswerRefusedError(TOO_LARGE)
                if line.endswith((b"\r", b"\n")):
                    yield b"".join(rest)
                    rest, size = [], 0
        yield b"".join(rest)


def _checked(event: list[bytes], asked: int | str | None) -> bytes:
    """The lines of an event, or others with the same fields and an error for data; of several messages each is an event."""
    data = b"\n".join(_value(line) for line in event if _is_data(line))
    found = answers(data, asked) if data else [data]
    if found == [data]:
        return b"".join(event)
    others = b"".join(line for line in event[:-1] if not _is_data(line))
    return others + b"".join(b"data: " + one + b"\n\n" for one in found) if found else b""


def _is_data(line: bytes) -> bool:
    return line.rstrip(b"\r\n").partition(b":")[0] == b"data"


def _value(line: bytes) -> bytes:
    return line.rstrip(b"\r\n").partition(b":")[2].removeprefix(b" ")
