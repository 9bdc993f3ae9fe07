"""A web server on the loopback interface, in a thread of the test process, that answers each POST as it is told.

    with answering(lambda post: (200, {}, b"{}")) as address: ...       # http://127.0.0.1:40123
    with answering(lambda post: None) as address: ...                   # it closes the connection

An answer is status, headers and body; `post` has the path, the headers and the body that came. All else is answered with 405.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, dict[str, str], bytes] | None


@dataclass(frozen=True)
class Post:
    """What came."""

    path: str
    headers: Message
    body: bytes


@contextmanager
def answering(answer: Callable[[Post], Answer]) -> Iterator[str]:
    """The address of a server that answers so, without a path."""
    with served(_handler(answer)) as address:
        yield address


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server with this handler, which ends with the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(answer: Callable[[Post], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._reply(answer(Post(self.path, self.headers, body)))

        def do_GET(self) -> None:
            self._reply((405, {}, b""))

        do_DELETE = do_GET  # noqa: N815

        def _reply(self, said: Answer) -> None:
            if said is None:
                self.close_connection = True
                self.connection.close()
                return
            status, headers, body = said
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler
