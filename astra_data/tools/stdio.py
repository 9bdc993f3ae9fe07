"""The pipes of a server's process as the streams of the official client, of bounded messages.

    async with stdio(parameters, errlog) as (read, write): ...

The official transport keeps a line until it ends, however long that takes. Here a message has an end, and so have messages that
nobody asked for: then the process is no longer listened to, and who waits for an answer is told why.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TextIO

import anyio
from mcp.client.stdio import StdioServerParameters, get_default_environment
from mcp.shared.message import SessionMessage
from mcp.types import CONNECTION_CLOSED, ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse, jsonrpc_message_adapter

MOST_MESSAGE_BYTES = 32 << 20
MOST_PARTS = 500_000
"""Lists and objects of a message, at an upper bound: their opening brackets, those in texts too."""
MOST_UNASKED = 3_000
"""Messages in a row of which none is an answer."""
TOO_LONG = f"it sent a message of more than {MOST_MESSAGE_BYTES >> 20} MiB"
TOO_RICH = f"it sent a message of more than {MOST_PARTS:,} lists and objects"
TOO_MANY = f"it sent more than {MOST_UNASKED:,} messages that nobody had asked for"
PATIENCE = 2.0
"""Seconds in which a server may end by itself, and again after it was told to."""


@asynccontextmanager
async def stdio(parameters: StdioServerParameters, errlog: TextIO) -> AsyncIterator[tuple[Any, Any]]:
    """Start the process in a group of its own; it has ended when the block is left."""
    process = await asyncio.create_subprocess_exec(
        parameters.command, *parameters.args, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errlog,
        env=get_default_environment() | (parameters.env or {}), cwd=parameters.cwd, start_new_session=True,
        limit=MOST_MESSAGE_BYTES,
    )
    pipes = _Pipes(process, parameters.encoding_error_handler)
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pipes.receive)
            tasks.start_soon(pipes.send)
            yield pipes.read, pipes.write
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


class _Pipes:
    def __init__(self, process: asyncio.subprocess.Process, errors: str) -> None:
        self._process, self._errors = process, errors
        self._received, self.read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self.write, self._sent = anyio.create_memory_object_stream[SessionMessage](0)
        self._waiting: set[Any] = set()

    async def receive(self) -> None:
        """Hand on what the process says, until it ends or goes beyond a bound."""
        unasked = 0
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            async with self._received:
                while line := await self._line():
                    message = _message(line.decode(errors=self._errors))
                    answered = isinstance(message, SessionMessage) and isinstance(message.message, JSONRPCResponse | JSONRPCError)
                    unasked = 0 if answered else unasked + 1
                    if unasked > MOST_UNASKED:
                        return await self._give_up(TOO_MANY)
                    if answered:
                        self._waiting.discard(message.message.id)  # type: ignore[union-attr]
                    await self._received.send(message)
        return None

    async def _line(self) -> bytes:
        """The next message; nothing at the end."""
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return b""
        except asyncio.LimitOverrunError:
            await self._give_up(TOO_LONG)
            return b""
        if line.count(b"{") + line.count(b"[") <= MOST_PARTS:
            return line
        await self._give_up(TOO_RICH)
        return b""

    async def _give_up(self, why: str) -> None:
        """Tell everybody who waits for an answer why there will be none."""
        for request in list(self._waiting):
            error = JSONRPCError(jsonrpc="2.0", id=request, error=ErrorData(code=CONNECTION_CLOSED, message=why))
            await self._received.send(SessionMessage(error))

    async def send(self) -> None:
        assert self._process.stdin is not None
        try:
            async with self._sent:
                async for message in self._sent:
                    if isinstance(message.message, JSONRPCRequest):
                        self._waiting.add(message.message.id)
                    text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                    self._process.stdin.write(f"{text}\n".encode(errors=self._errors))
                    await self._process.stdin.drain()
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
            await self._received.aclose()


def _message(line: str) -> SessionMessage | Exception:
    """A line as a message, or what is wrong with it, for the session to say."""
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its input, then tell its group to end, then kill it."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    for signalled in (None, signal.SIGTERM, signal.SIGKILL):
        if signalled is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signalled)
        if await _ended(process):
            break
    transport = getattr(process, "_transport", None)
    if transport is not None:
        transport.close()


async def _ended(process: asyncio.subprocess.Process) -> bool:
    """Whether the process itself ends in time. A child that holds its pipes open makes no difference."""
    for _ in range(int(PATIENCE / 0.01)):
        if process.returncode is not None:
            return True
        await anyio.sleep(0.01)
    return process.returncode is not None
