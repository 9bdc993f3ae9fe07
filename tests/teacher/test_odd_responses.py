"""An endpoint that sends elsewhere is not followed, and the run says so; a response that is none costs its own request."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from scripted_endpoint import ScriptedEndpoint

from astra_data.errors import EndpointError
from astra_data.ledger import Unanswered
from astra_data.teacher import Budget, ModelConfig
from astra_data.teacher.endpoint import Endpoint, new_client


@contextmanager
def answering(status: int, body: str = "", **headers: str) -> Iterator[str]:
    """The address of an endpoint that answers all requests so; `PATH` in a header is what was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value.replace("PATH", self.path))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def ask(address: str) -> None:
    config = ModelConfig(model="m", base_url=f"{address}/v1", max_retries=1, extra_body={"key": "mine"})
    async with new_client(config, "secret") as client:
        await Endpoint("judge", config, client, Budget()).complete({"messages": [{"role": "user", "content": "a prompt"}]})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_endpoint_that_sends_elsewhere_is_not_followed(status: int) -> None:
    with ScriptedEndpoint(lambda _: "yes") as other:
        elsewhere = f"{other.base_url.removesuffix('/v1')}PATH"
        words = rf"sends elsewhere \(HTTP {status}\).*models\.judge\.base_url"
        with answering(status, Location=elsewhere) as address, pytest.raises(EndpointError, match=words):
            asyncio.run(ask(address))
        assert not other.requests


@pytest.mark.parametrize("body", [
    '{"choices": null}', '{"choices": [null]}', '{"choices": "yes"}', '{"choices": {"0": {"message": {}}}}', "{}",
    '{"choices": [{"message": null}]}', '{"choices": [{"message": ["yes"]}]}', '{"choices": [[{"message": {}}]]}',
    "null", "[]", '"yes"', "7", "", "yes", '{"choices": [', '{"choices": [], "usage": 1e999}',
])
def test_a_response_without_a_choice_is_no_answer_and_says_so(body: str) -> None:
    with answering(200, body) as address, pytest.raises(Unanswered, match=r"^endpoint: (no choices|not JSON)"):
        asyncio.run(ask(address))
