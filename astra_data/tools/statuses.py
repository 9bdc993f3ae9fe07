"""What an HTTP server says by its status, kept apart from what its tools answer.

    httpx2.AsyncClient(transport=Telling(httpx2.AsyncHTTPTransport()))

The official client turns a status into an error of the protocol, as if a tool had answered so. Here a request that a server did
not take becomes a `Trouble` that names status and mend: `trouble(message)` finds it. A server that asks to wait is asked again.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import Any

import httpx2

MOST_WAITING = 20.0
"""Seconds in which a request is asked again, all in all."""
ATTEMPTS = 4
WAITED_FOR = (429, 503)
MOST_BODY = 64 << 10
OWN = (400, 404, 422)
"""Statuses by which a server may answer with an error of the protocol, under the id of the request."""
SESSION = "mcp-session-id"
METHOD_NOT_FOUND = -32601
"""The error of the protocol that servers send with a 404 though they know the session."""
MARK = secrets.token_hex(8)
"""How messages of ours begin; no server can know it."""

ADDRESS = "check `url` of its entry in mcp.json"
SAID = {
    401: "wants other credentials; check `headers` of its entry in mcp.json",
    403: "refuses these credentials; check `headers` of its entry in mcp.json",
    404: f"has nothing at this address; {ADDRESS}",
    405: f"speaks no streamable HTTP at this address; {ADDRESS}",
    410: f"has nothing at this address any more; {ADDRESS}",
    429: "gets too many requests; lower --concurrency, or run again later",
}
FAILED = "failed by itself; run again later"
REFUSED = f"refuses the request; {ADDRESS}"
ENDED = "no longer knows this session"

LOST = (
    "Failed to parse JSON response", "Failed to parse SSE message", "Unexpected content type", "server answered a request with",
    "Redirect to ", "SSE stream", "Session terminated", "Server returned an error response",
)
"""How what the HTTP transport says begins when it could not read an answer, rather than the server's code."""
FORGOTTEN = frozenset({
    "session not found", "session expired", "session terminated", "unknown session", "invalid session id", "invalid session",
    "no valid session id provided", "bad request: no valid session id provided",
})
"""What servers say of a session that they know no more, whatever the status."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a request was not taken, in words; whether because the server has ended or forgotten the session."""

    said: str
    expired: bool = False


def trouble(message: str) -> Trouble | None:
    """The trouble that a message of the protocol tells of; None for one of the server's."""
    if not message.startswith(MARK):
        return None
    said = message.removeprefix(MARK)
    return Trouble(said, said.startswith(ENDED))


def unread(message: str) -> bool:
    """Whether the client says that it could not read an answer."""
    return message.startswith(LOST)


def forgotten(message: str) -> bool:
    """Whether a server says of a session that it knows it no more."""
    return message.strip().rstrip(".").lower() in FORGOTTEN


class Telling(httpx2.AsyncBaseTransport):
    """A transport that waits where it is told to, and answers in the server's place where that did not take a request."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        left = MOST_WAITING
        for attempt in range(ATTEMPTS):
            response = await self._inner.handle_async_request(request)
            delay = _delay(response) if response.status_code in WAITED_FOR else None
            if delay is None or delay > left or attempt == ATTEMPTS - 1:
                break
            await response.aclose()
            await asyncio.sleep(delay)
            left -= delay
        asked = asked_of(request)
        if asked is None or response.status_code < 400:
            return response
        body = await _body(response)
        forgotten = response.status_code == 404 and SESSION in request.headers
        if response.status_code in OWN and _answers(body, asked, forgotten=forgotten):
            return httpx2.Response(200, headers={"content-type": "application/json"}, content=body)
        error = {"code": -32000, "message": MARK + _said(request, response)}
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": asked, "error": error})

    async def aclose(self) -> None:
        await self._inner.aclose()


def _delay(response: httpx2.Response) -> float | None:
    """Seconds to wait, as the server says; None where it says no number of them."""
    said = response.headers.get("retry-after", "").strip()
    return float(said) if said.isdecimal() and len(said) < 9 else None


def asked_of(request: httpx2.Request) -> Any:
    """The id of the request of the protocol that is sent; None for anything else."""
    try:
        sent = json.loads(request.content) if request.method == "POST" else None
    except (ValueError, RecursionError, httpx2.RequestNotRead):
        return None
    return sent.get("id") if isinstance(sent, dict) and "method" in sent else None


async def _body(response: httpx2.Response) -> bytes:
    """The first bytes of the body of an answer, which is closed."""
    found = b""
    try:
        async for block in response.aiter_raw():
            found += block
            if len(found) > MOST_BODY:
                break
    except httpx2.HTTPError:
        pass
    await response.aclose()
    return found[:MOST_BODY]


def _answers(body: bytes, asked: Any, *, forgotten: bool) -> bool:
    """Whether the body is an error of the protocol, under the id of the request. By a status that says that the session is
    `forgotten` a server answers only that it has no such method."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    error = said.get("error") if isinstance(said, dict) and said.get("id") == asked else None
    return isinstance(error, dict) and (not forgotten or error.get("code") == METHOD_NOT_FOUND)


def _said(request: httpx2.Request, response: httpx2.Response) -> str:
    status = response.status_code
    if status == 404 and SESSION in request.headers:
        return f"{ENDED} (HTTP 404)"
    wait = f", and says to wait for {response.headers['retry-after'][:40]} s" if _delay(response) is not None else ""
    return f"{SAID.get(status, FAILED if status >= 500 else REFUSED)} (HTTP {status}{wait})"
