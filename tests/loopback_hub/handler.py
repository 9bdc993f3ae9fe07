"""HTTP: one request in, one answer out, with every one in `hub.log` and every bug in `hub.errors`.

A route is (methods, pattern of the path, function). The function gets the request and the groups of the pattern and
calls `reply` or raises `Refusal`. Clients tell refusals apart by the header `X-Error-Code`, not by text.
"""

import json
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from loopback_hub.hub import LoopbackHub, Server

CHUNK = 1 << 20
REPO = r"/api/(model|dataset)s/([^/]+/[^/]+)"


class Refusal(Exception):  # noqa: N818
    """An answer that says no. `code` is what the clients go by; `body` is added to the JSON."""

    def __init__(self, status: int, code: str | None, message: str, **body: str) -> None:
        super().__init__(message)
        self.status, self.code, self.body = status, code, body


class Dropped(Exception):  # noqa: N818
    """The connection is to end without an answer."""


@dataclass(frozen=True)
class Request:
    """A line of `hub.log`."""

    method: str
    path: str
    status: int


Route = tuple[tuple[str, ...], re.Pattern[str], Callable[..., None]]


def route(methods: str, pattern: str, function: Callable[..., None]) -> Route:
    return tuple(methods.split()), re.compile(pattern), function


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm, wbufsize = True, 1 << 16
    server: "Server"

    @property
    def hub(self) -> "LoopbackHub":
        return self.server.hub

    def log_message(self, *_: object) -> None:
        pass

    def handle_request(self) -> None:
        self.status, self.unread = 0, True
        parts = urlsplit(self.path)
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.__dict__.pop("body", None)
        try:
            self._dispatch(parts.path)
        except Refusal as refusal:
            headers = {"X-Error-Message": str(refusal)} | ({"X-Error-Code": refusal.code} if refusal.code else {})
            self.reply({"error": str(refusal), **refusal.body}, refusal.status, headers)
        except (ConnectionError, Dropped):
            self.close_connection = True
        except Exception:
            self.hub.errors.append(traceback.format_exc())
            self.reply({"error": "the loopback hub has a bug"}, 500)
        finally:
            self.hub.log.append(Request(self.command, self.path, self.status))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_request  # noqa: N815

    def _dispatch(self, path: str) -> None:
        if fault := self.hub.faults.next_answer(self.command, path):
            self.reply({"error": "as the test asked"}, fault.status, fault.headers)
            return
        for methods, pattern, function in self.hub.routes:
            if self.command in methods and (match := pattern.fullmatch(path)):
                function(self, *(group and unquote(group) for group in match.groups()))
                return
        raise Refusal(404, None, f"no such route: {self.command} {path}")

    def reply(self, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send JSON."""
        data = json.dumps(body).encode()
        self.start(status, {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(data)

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers, once what the client still sends has been read."""
        for _ in self.chunks():
            pass
        self.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def chunks(self) -> Iterator[bytes]:
        """What is unread of the request's body, sized or chunked, in constant memory."""
        if not self.unread:
            return
        self.unread = False
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self._read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            chunk = self._read(min(left, CHUNK))
            left -= len(chunk)
            yield chunk

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionError("the client went away")
        return data

    @cached_property
    def body(self) -> bytes:
        return b"".join(self.chunks())

    def json(self) -> dict[str, Any]:
        return json.loads(self.body or b"{}")
