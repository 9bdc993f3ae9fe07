"""An HTTP answer is read to a bound, however it is sent, and who waits for it is told why there is none."""

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any

import httpx2
import pytest
from loopback_http import served
from measured import memory

from astra_data.bounded.answers import HOOKS, MOST_BYTES, PACKED, PLAIN, TOO_LARGE, AnswerRefusedError
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.result import ToolBackendDown
from astra_data.tools.session import Deadlines, McpSession
from astra_data.tools.workspace import Template

MOST_MIB = 192
BLOCK = bytes(1 << 16)
BOMB = gzip.compress(bytes(1 << 20)) * 128
"""So many files in one, which unpack to 128 MiB."""
OVER = Event()


def for_ever(blocks: Callable[[], bytes], pause: float = 0.0) -> Iterator[bytes]:
    while not OVER.wait(pause) if pause else not OVER.is_set():
        yield blocks()


class Ways(BaseHTTPRequestHandler):
    """Each path, and each tool of the server at /mcp, answers in a way of its own."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            getattr(self, self.path.strip("/").replace("-", "_"))()

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        result: dict[str, Any] = {"tools": [{"name": way, "inputSchema": {"type": "object"}} for way in CALLED]}
        if request["method"] == "initialize":
            about = {"name": "s", "version": "1"}
            result = {"protocolVersion": request["params"]["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": about}
        if request["method"] == "tools/call":
            self.path = request["params"]["name"]
            self.do_GET()
        elif "id" not in request:
            self.head(202, ("Content-Length", "0"))
        else:
            body = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()
            self.head(200, ("Content-Length", str(len(body))))
            self.wfile.write(body)

    def head(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), *headers):
            self.send_header(name, value)
        self.end_headers()

    def chunked(self, blocks: Iterator[bytes], status: int = 200) -> None:
        self.head(status, ("Transfer-Encoding", "chunked"))
        for block in blocks:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))

    def endless(self) -> None:
        self.head(200)
        for block in for_ever(lambda: BLOCK):
            self.wfile.write(block)

    def endless_chunks(self) -> None:
        self.chunked(for_ever(lambda: BLOCK))

    def endless_error(self) -> None:
        self.chunked(for_ever(lambda: BLOCK), 500)

    def endless_redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/just_right")
        self.end_headers()
        for block in for_ever(lambda: BLOCK):
            self.wfile.write(block)

    def drip(self) -> None:
        self.chunked(for_ever(lambda: b" ", 0.02))

    def announced(self) -> None:
        self.head(200, ("Content-Length", str(1 << 40)))
        for block in for_ever(lambda: BLOCK):
            self.wfile.write(block)

    def bomb(self) -> None:
        self.head(200, ("Content-Encoding", "gzip"), ("Content-Length", str(len(BOMB))))
        self.wfile.write(BOMB)

    def in_circles(self) -> None:
        self.head(302, ("Location", "/in_circles"), ("Content-Length", "0"), ("Connection", "close"))

    def one_long_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for block in for_ever(lambda: b"x" * 65536):
            self.wfile.write(block)

    def many_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for block in for_ever(lambda: b"X: x\r\n" * 1000):
            self.wfile.write(block)

    def just_right(self) -> None:
        self.head(200, ("Content-Length", str(MOST_BYTES)))
        self.wfile.write(bytes(MOST_BYTES))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


CALLED = {
    "endless": f"s: Failed to parse JSON response: {TOO_LARGE}",
    "endless_chunks": f"s: Failed to parse JSON response: {TOO_LARGE}",
    "endless_error": "s: failed by itself; run again later (HTTP 500)",
    "drip": "s: drip took more than 4 s",
    "bomb": f"s: Failed to parse JSON response: {PACKED}",
    "in_circles": "s: Redirect to * not followed; use that URL as the endpoint if it is the intended server",
    "one_long_header": "s: Connection closed",
    "many_headers": "s: Connection closed",
}
"""Way -> what is said of a call that is answered so; * stands for anything."""


@contextmanager
def serving() -> Iterator[str]:
    OVER.clear()
    with served(Ways) as address:
        try:
            yield address
        finally:
            OVER.set()


def got(way: str, seconds: float = 10.0) -> bytes:
    """The body of an answer, asked for as all of ours are."""

    async def main(address: str) -> bytes:
        client = httpx2.AsyncClient(headers=PLAIN, event_hooks=HOOKS, follow_redirects=True)
        async with asyncio.timeout(seconds), client:
            return (await client.get(f"{address}/{way}")).content

    with serving() as address:
        return asyncio.run(main(address))


@pytest.mark.parametrize(
    ("way", "error", "why"),
    [
        *((way, AnswerRefusedError, TOO_LARGE) for way in ("endless", "endless_chunks", "endless_error", "endless_redirect")),
        ("announced", AnswerRefusedError, TOO_LARGE),
        ("bomb", AnswerRefusedError, PACKED),
        ("in_circles", httpx2.TooManyRedirects, "Exceeded maximum allowed redirects."),
        ("one_long_header", httpx2.RemoteProtocolError, "Receive buffer too long"),
        ("many_headers", httpx2.RemoteProtocolError, "Receive buffer too long"),
    ],
)
def test_an_answer_beyond_a_bound_is_left_with_one_sentence_and_takes_little_memory(
    way: str, error: type[Exception], why: str
) -> None:
    with memory() as taken, pytest.raises(error) as raised:
        got(way)
    assert str(raised.value) == why
    assert taken() < MOST_MIB


def test_an_answer_that_reaches_the_bound_is_read_whole() -> None:
    assert len(got("just_right")) == MOST_BYTES


def test_one_that_drips_takes_as_long_as_the_caller_allows() -> None:
    with pytest.raises(TimeoutError):
        got("drip", 0.5)


@pytest.mark.parametrize(("way", "why"), CALLED.items())
def test_a_call_of_a_server_over_http_ends_with_one_sentence(way: str, why: str) -> None:
    async def main(address: str) -> str:
        entry = ServerEntry("s", "http", url=f"{address}/mcp", writes="allow")
        with closing(Template()) as template, template.fresh() as workspace:
            session = await McpSession.start(entry, workspace, deadlines=Deadlines(60, 60, 4))
            try:
                return (await session.call(way, {})).content
            except ToolBackendDown as down:
                return down.detail
            finally:
                await session.close()

    began = time.monotonic()
    with serving() as address, memory() as taken:
        said = asyncio.run(main(address))
    assert fnmatchcase(said, why)
    assert taken() < MOST_MIB and time.monotonic() - began < 10
