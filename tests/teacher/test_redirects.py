"""Prompts go to the address that was given: an endpoint that sends elsewhere is not followed, and the run says so."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from scripted_endpoint import ScriptedEndpoint

from astra_data.errors import EndpointError
from astra_data.teacher import Budget, ModelConfig
from astra_data.teacher.endpoint import Endpoint, new_client


@contextmanager
def sending_to(address: str, status: int) -> Iterator[str]:
    """The address of an endpoint that sends all requests to another."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", f"{address}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_endpoint_that_sends_elsewhere_is_not_followed(status: int) -> None:
    async def ask(address: str) -> None:
        config = ModelConfig(model="m", base_url=f"{address}/v1", max_retries=1, extra_body={"key": "mine"})
        async with new_client(config, "secret") as client:
            await Endpoint("judge", config, client, Budget()).complete({"messages": [{"role": "user", "content": "a prompt"}]})

    with ScriptedEndpoint(lambda _: "yes") as other, sending_to(other.base_url.removesuffix("/v1"), status) as address:
        with pytest.raises(EndpointError, match=rf"sends elsewhere \(HTTP {status}\).*models\.judge\.base_url"):
            asyncio.run(ask(address))
        assert not other.requests
