"""The borders at which JSON comes in from models: the calls of a policy and the answers of a judge, behind a real endpoint.

    judge(['{"a": 1}'], folder)         # ["kept"]: what became of each value, as in `borders`
"""

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from astra_data.errors import DataError
from astra_data.ledger import Ledger, Unanswered
from astra_data.messages import MALFORMED, calls_of, user
from astra_data.rollout.loop import refused
from astra_data.teacher import Ask, Budget, ModelConfig
from astra_data.teacher.endpoint import Endpoint, new_client
from astra_data.teacher.openai import OpenAIPolicy, OpenAITeacher
from benchmarks.borders import SAY, compared, in_rows

AT_ONCE = 8


class Question(BaseModel):
    text: str


class Verdict(BaseModel):
    found: Any


def arguments(values: list[str], folder: Path) -> list[str]:
    """The arguments of a policy's call, as text, and every fourth as an object."""
    def script(number: int) -> str:
        written = f'{{"odd": {values[number]}}}'
        written = written if number % 4 == 0 else json.dumps(written)
        return f'{{"tool_calls": [{{"id": "c", "type": "function", "function": {{"name": "get", "arguments": {written}}}}}]}}'

    tools = [{"type": "function", "function": {"name": "get", "description": SAY, "parameters": {"type": "object"}}}]

    async def ask(endpoint: Endpoint, ledger: Ledger, number: int) -> tuple[str, Any]:
        turn = await OpenAIPolicy(endpoint, ledger).act([user(f"odd-{number}")], tools)
        [call] = calls_of([turn.message])
        if call.malformed:
            changed = number % 4 and call.arguments[MALFORMED] != f'{{"odd": {values[number]}}}'
            refusal = refused(call, tools)
            return ("changed silently: another text" if changed or refusal is None else refusal.content), None
        return "", call.arguments["odd"]

    return _asked(values, folder, script, ask)


def judge(values: list[str], folder: Path) -> list[str]:
    """The answer of a judge, bare or with words around it."""
    (folder / "verdict.md.jinja").write_text("You judge.\n---user---\nBEGIN DATA\n{{ text | tojson }}\nEND DATA\n")
    verdict = Ask("verdict", 1, "judge", Question, Verdict, folder)

    def script(number: int) -> str:
        answer = f'{{"found": {values[number]}}}'
        return json.dumps({"content": answer if number % 2 else f"Sure!\n```json\n{answer}\n```"})

    async def ask(endpoint: Endpoint, ledger: Ledger, number: int) -> tuple[str, Any]:
        return "", (await OpenAITeacher(endpoint, ledger).answer(verdict, Question(text=f"odd-{number}"))).found

    return _asked(values, folder, script, ask)


@contextlib.contextmanager
def _endpoint(script: Callable[[int], str]) -> Iterator[str]:
    """The address of an endpoint that gives the message, as JSON text, that the script has for the number it is asked about."""
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            asked = re.search(rb"odd-(\d+)", self.rfile.read(int(self.headers["content-length"])))
            assert asked
            body = f'{{"choices": [{{"message": {script(int(asked[1]))}, "finish_reason": "stop"}}]}}'.encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def _asked(values: list[str], folder: Path, script: Callable[[int], str],
           ask: Callable[[Endpoint, Ledger, int], Awaitable[tuple[str, Any]]]) -> list[str]:
    """What an endpoint of this script is taken to have answered, in rows."""
    async def every(address: str) -> list[tuple[str, Any]]:
        config = ModelConfig(model="odd", base_url=address, api_key_env=None, max_retries=0)
        client = new_client(config, None)
        endpoint = Endpoint("judge", config, client, Budget())
        ledger, gate = Ledger.open(folder / "ledger.sqlite"), asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> tuple[str, Any]:
            async with gate:
                try:
                    return await ask(endpoint, ledger, number)
                except (Unanswered, DataError) as error:
                    return str(error) or "no answer", None

        try:
            return await asyncio.gather(*map(one, range(len(values))))
        finally:
            await ledger.close()
            await client.close()

    with _endpoint(script) as address:
        found = asyncio.run(every(address))
    stored = iter(in_rows([value for why, value in found if not why], folder))
    return [why or compared(next(stored), text) for (why, _), text in zip(found, values, strict=True)]
