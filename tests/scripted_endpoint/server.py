"""The server: one handler for completions, one for the administration, in a thread or in its own process.

with ScriptedEndpoint(script) as endpoint: ...
"""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self, TextIO

import orjson
from aiohttp import web

from scripted_endpoint.faults import SPOILERS, Fault, Plan

Reply = str | dict[str, Any] | Fault
Script = Callable[[dict[str, Any]], Reply | Awaitable[Reply]]

MAX_BODY = 1 << 28


class ScriptedEndpoint:
    """See the package. `requests` are the bodies so far, `peak` the most that were in hand at once."""

    def __init__(
        self, script: Script, faults: Sequence[Plan] = (), *, latency_s: float = 0.0, log: Path | None = None, port: int = 0
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.errors: list[Exception] = []
        self.peak = 0
        self.faults_on = True
        self.base_url = ""
        self._script, self._plans, self._latency_s, self._port = script, faults, latency_s, port
        self._log: TextIO | None = log.open("a") if log else None
        self._in_hand = 0
        self._ready, self._stop = threading.Event(), asyncio.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve(self._ready.set)), name="endpoint")
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *raised: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self.errors and raised[0] is None:
            raise self.errors[0]

    async def serve(self, started: Callable[[], None]) -> None:
        """Serve until stopped. `started` is called when `base_url` is known and connections are taken."""
        self._loop = asyncio.get_running_loop()
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_route("*", "/_admin", self._admin)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port, backlog=2048)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        started()
        await self._stop.wait()
        await runner.cleanup()
        if self._log:
            self._log.close()

    async def _admin(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            self.faults_on = bool((await request.json())["faults"])
        errors = [repr(error) for error in self.errors]
        state = {"faults": self.faults_on, "requests": len(self.requests), "peak": self.peak, "errors": errors}
        return web.json_response(state)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        index = len(self.requests)
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        self._in_hand += 1
        self.peak = max(self.peak, self._in_hand)
        try:
            fault, reply = await self._decide(index, body)
            if self._log:
                line = {"index": index, "request": body, "fault": fault.kind if fault else None}
                self._log.write(orjson.dumps(line).decode() + "\n")
                self._log.flush()
            await asyncio.sleep(self._latency_s)
            return await _respond(request, body, fault, reply)
        finally:
            self._in_hand -= 1

    async def _decide(self, index: int, body: dict[str, Any]) -> tuple[Fault | None, Reply]:
        try:
            planned = (plan(index, body) for plan in self._plans) if self.faults_on else ()
            fault = next((found for found in planned if found), None)
            if fault and fault.kind not in SPOILERS:
                return fault, ""
            reply = self._script(body)
            reply = await reply if inspect.isawaitable(reply) else reply
            return (reply, "") if isinstance(reply, Fault) else (fault, reply)
        except Exception as error:
            self.errors.append(error)
            return Fault.status(500, error={"message": f"the script failed: {error!r}"}), ""


async def _respond(request: web.Request, body: dict[str, Any], fault: Fault | None, reply: Reply) -> web.StreamResponse:
    match fault and fault.kind:
        case "status":
            headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
            error = fault.error or {"message": f"scripted {fault.code}"}
            return web.json_response({"error": error}, status=fault.code, headers=headers)
        case "hang":
            await asyncio.Event().wait()
        case "no_choices":
            return web.json_response({"error": {"message": "upstream is gone"}})
        case "not_json":
            return web.Response(text="<html>A proxy</html>", content_type="text/html")
    data = orjson.dumps(_completion(body, fault, reply))
    if fault and fault.kind == "cut":
        return await _cut(request, data)
    return web.Response(body=data, content_type="application/json")


async def _cut(request: web.Request, data: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(data)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    assert request.transport
    request.transport.close()
    return response


def _completion(body: dict[str, Any], fault: Fault | None, reply: Any) -> dict[str, Any]:
    message = {"role": "assistant", **({"content": reply} if isinstance(reply, str) else reply)}
    if fault and fault.kind in SPOILERS:
        message["content"] = SPOILERS[fault.kind](message["content"])
    finish = message.pop("finish_reason", "tool_calls" if message.get("tool_calls") else "stop")
    counted = {"prompt_tokens": _words(body["messages"]), "completion_tokens": _words(message)}
    usage = message.pop("usage", counted)
    choice = {"index": 0, "message": message, "finish_reason": "length" if fault and fault.kind == "truncate" else finish}
    completion = {"id": "scripted", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice]}
    return completion | ({} if usage is None else {"usage": usage})


def _words(value: Any) -> int:
    """A whole number of tokens that grows with the text; never zero."""
    return 1 + len(orjson.dumps(value)) // 4
