"""The pipes of a server's process as the streams of the official client, of bounded messages.

    async with stdio(process.reader, process.writer) as (read, write): ...

The official transport keeps a line until it ends, however long that takes. Here a message has an end, and so have messages that
nobody asked for: then the process is no longer listened to, and who waits for an answer is told why. What is no message is passed
over, as servers print all manner of things, unless it was to be an answer (`wire`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from mcp.shared.message import SessionMessage
from mcp.types import CONNECTION_CLOSED, ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCRequest, JSONRPCResponse

from astra_data.tools.batches import BOM, Lines
from astra_data.tools.process import MOST_BUFFERED
from astra_data.tools.statuses import MARK
from astra_data.tools.wire import UNREADABLE, Refused, read

MOST_PARTS = 500_000
"""Lists and objects of a message, at an upper bound: their opening brackets, those in texts too."""
MOST_UNASKED = 3_000
"""Lines in a row of which none is an answer."""
SPREAD = f"{UNREADABLE}: it is spread over several lines, where each message is one"
TOO_LONG = f"it sent a message of more than {MOST_BUFFERED >> 20} MiB"
TOO_RICH = f"it sent a message of more than {MOST_PARTS:,} lists and objects"
TOO_MANY = f"it sent more than {MOST_UNASKED:,} messages that nobody had asked for"


@asynccontextmanager
async def stdio(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[tuple[Any, Any]]:
    """The streams of messages, until the block is left."""
    pipes = _Pipes(reader, writer)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipes.receive)
        tasks.start_soon(pipes.send)
        yield pipes.read, pipes.write
        tasks.cancel_scope.cancel()


class _FaultError(Exception):
    """Why a process is no longer listened to."""


class _Pipes:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._received, self.read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self.write, self._sent = anyio.create_memory_object_stream[SessionMessage](0)
        self._waiting: dict[str, Any] = {}

    async def receive(self) -> None:
        """Hand on what the process says, until it ends or goes beyond a bound; then tell everybody who waits for an answer."""
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            async with self._received:
                try:
                    await self._hand_on()
                except _FaultError as fault:
                    error = ErrorData(code=CONNECTION_CLOSED, message=f"{MARK}{fault}")
                    for request in list(self._waiting.values()):
                        await self._received.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=request, error=error)))

    async def _hand_on(self) -> None:
        unasked, lines = 0, Lines()
        while line := await self._line():
            found = read(line)
            if not found and lines.spread(line.removeprefix(BOM)):
                raise _FaultError(SPREAD)
            lines = Lines() if found else lines
            messages: list[JSONRPCMessage | None] = [self._refused(one) if isinstance(one, Refused) else one for one in found]
            for message in messages or [None]:
                unasked = 0 if self._expected(message) else unasked + 1
                if unasked > MOST_UNASKED:
                    raise _FaultError(TOO_MANY)
                if message is not None:
                    await self._received.send(SessionMessage(message))

    def _expected(self, message: JSONRPCMessage | None) -> bool:
        """Whether it is the answer to a request that waits for one."""
        return isinstance(message, JSONRPCResponse | JSONRPCError) and self._waiting.pop(str(message.id), None) is not None

    def _refused(self, answer: Refused) -> JSONRPCError:
        """What the request is told whose answer cannot be read. Where none is known by it, whoever waits waits in vain."""
        if isinstance(answer.id, bool) or not isinstance(answer.id, int | str):
            raise _FaultError(f"{UNREADABLE}: {answer.why}")
        return answer.error(self._waiting.get(str(answer.id)))

    async def _line(self) -> bytes:
        """The next line; nothing at the end."""
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return b""
        except asyncio.LimitOverrunError:
            raise _FaultError(TOO_LONG) from None
        if line.count(b"{") + line.count(b"[") > MOST_PARTS:
            raise _FaultError(TOO_RICH)
        return line

    async def send(self) -> None:
        try:
            async with self._sent:
                async for message in self._sent:
                    if isinstance(message.message, JSONRPCRequest):
                        self._waiting[str(message.message.id)] = message.message.id
                    self._writer.write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                    await self._writer.drain()
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
            await self._received.aclose()
