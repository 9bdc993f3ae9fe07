"""An endpoint that sends elsewhere is not followed, and the run says so; a response that is none costs its own request."""

import asyncio

import pytest
from loopback_http import answering
from scripted_endpoint import ScriptedEndpoint

from astra_data.errors import EndpointError
from astra_data.ledger import Unanswered
from astra_data.teacher import Budget, ModelConfig
from astra_data.teacher.endpoint import Endpoint, new_client


async def ask(address: str) -> None:
    config = ModelConfig(model="m", base_url=f"{address}/v1", max_retries=1, extra_body={"key": "mine"})
    async with new_client(config, "secret") as client:
        await Endpoint("judge", config, client, Budget()).complete({"messages": [{"role": "user", "content": "a prompt"}]})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_endpoint_that_sends_elsewhere_is_not_followed(status: int) -> None:
    with ScriptedEndpoint(lambda _: "yes") as other:
        elsewhere = other.base_url.removesuffix("/v1")
        words = rf"sends elsewhere \(HTTP {status}\).*models\.judge\.base_url"
        sending = answering(lambda post: (status, {"Location": elsewhere + post.path}, b""))
        with sending as address, pytest.raises(EndpointError, match=words):
            asyncio.run(ask(address))
        assert not other.requests


@pytest.mark.parametrize("body", [
    '{"choices": null}', '{"choices": [null]}', '{"choices": "yes"}', '{"choices": {"0": {"message": {}}}}', "{}",
    '{"choices": [{"message": null}]}', '{"choices": [{"message": ["yes"]}]}', '{"choices": [[{"message": {}}]]}',
    "null", "[]", '"yes"', "7", "", "yes", '{"choices": [', '{"choices": [], "usage": 1e999}',
])
def test_a_response_without_a_choice_is_no_answer_and_says_so(body: str) -> None:
    with answering(lambda post: (200, {}, body.encode())) as address, pytest.raises(Unanswered) as raised:
        asyncio.run(ask(address))
    assert raised.value.reason.startswith(("endpoint: no choices", "endpoint: not JSON"))
