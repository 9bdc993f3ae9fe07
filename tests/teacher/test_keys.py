"""A key goes to its endpoint and nowhere else, whatever the endpoint says of it."""

import asyncio
import base64
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted_endpoint import Fault, ScriptedEndpoint, always

from astra_data.errors import EndpointError, UsageError
from astra_data.ledger import Ledger, Unanswered
from astra_data.messages import user
from astra_data.teacher import Ask, Budget, ModelConfig, build
from astra_data.tools.scrub import Scrub

KEY = "qX7Kz90aZw-key"
PASSWORD = "p@ss/W0rd-4411"
GOOD = {"ok": True, "score": 0.5, "notes": []}
ENCODED = base64.b64encode(f"k:{KEY}".encode()).decode()
SAID: dict[str, Any] = {
    "an answer": json.dumps(GOOD | {"notes": [f"the key is {KEY}"]}),
    "no answer": f"I know {KEY}",
    "a thought": f"<think>{KEY}</think>{json.dumps(GOOD)}",
    "a refusal": {"content": None, "refusal": f"no {KEY}"},
    "400": Fault.status(400, error={"message": f"bad header Authorization: Bearer {KEY}"}),
    "401": Fault.status(401, error={"message": f"Incorrect API key provided: {KEY}"}),
    "403": Fault.status(403, error={"message": {"headers": {"authorization": f"Bearer {KEY}"}}}),
    "404": Fault.status(404, error={"message": f"no model for {KEY}"}),
    "422": Fault.status(422, error={"detail": [{"input": f"Bearer {KEY}"}]}),
    "429": Fault.status(429, 0.01, {"message": f"{KEY} asks too often"}),
    "500": Fault.status(500, 0.01, {"message": f"at {'x' * 190}{KEY}"}),
    "encoded": Fault.status(500, 0.01, {"message": f"Basic {ENCODED}"}),
}


def asked(folder: Path, endpoint: ScriptedEndpoint, ask: Ask[Any, Any], **changes: Any) -> list[Any]:
    """What an ask and a turn came to at this endpoint, and the ledger's rows."""

    async def play() -> list[Any]:
        ledger = Ledger.open(folder / "ledger.sqlite")
        config = {"model": "scripted", "base_url": endpoint.base_url, "api_key_env": "THE_KEY", "max_retries": 0, **changes}
        roles = build({"default": ModelConfig.model_validate(config)}, ledger, Budget(None), None, None, {"THE_KEY": KEY})  # type: ignore[arg-type]
        found: list[Any] = []
        for work in (roles.teacher("x").answer(ask, ask.inputs(text="q")), roles.policy("x").act([user("q")], [])):
            try:
                found.append(await work)
            except (Unanswered, EndpointError) as error:
                found += [error, traceback.format_exception(error)]
        await roles.close()
        found += list(ledger.export())
        await ledger.close()
        return found

    return asyncio.run(play())


@pytest.mark.parametrize("name", SAID)
def test_an_endpoint_that_repeats_its_key_is_not_quoted(name: str, tmp_path: Path, verdict_ask: Any) -> None:
    plans = [always(SAID[name])] if isinstance(SAID[name], Fault) else []
    with ScriptedEndpoint(lambda request: SAID[name], plans) as endpoint:
        found = asked(tmp_path, endpoint, verdict_ask)
        assert {headers["Authorization"] for headers in endpoint.headers} == {f"Bearer {KEY}"}
    said = repr(found)
    for secret in (KEY, KEY[:9], ENCODED, "qX7Kz"):
        assert secret not in said
        assert secret.encode() not in (tmp_path / "ledger.sqlite").read_bytes()


def test_an_answer_with_a_key_is_the_same_when_it_is_found_again(tmp_path: Path, verdict_ask: Any) -> None:
    with ScriptedEndpoint(lambda request: SAID["an answer"]) as endpoint:
        first, again = (asked(tmp_path, endpoint, verdict_ask) for _ in range(2))
        assert len(endpoint.requests) == 2, "one ask and one turn"
    assert first[:2] == again[:2] and first[0].notes == ["the key is ***"]


def with_login(address: str, login: str) -> str:
    return address.replace("http://", f"http://{login}@")


def test_user_and_password_of_an_address_are_sent_and_said_nowhere(tmp_path: Path, verdict_ask: Any) -> None:
    with ScriptedEndpoint(lambda request: f"{GOOD} for joe and {PASSWORD}") as endpoint:
        address = with_login(endpoint.base_url, "joe:p%40ss%2FW0rd-4411")
        found = asked(tmp_path, endpoint, verdict_ask, base_url=address, api_key_env=None)
        [sent] = {headers["Authorization"] for headers in endpoint.headers}
    assert base64.b64decode(sent.removeprefix("Basic ")).decode() == f"joe:{PASSWORD}"
    for secret in (PASSWORD, "p%40ss", sent.removeprefix("Basic ")):
        assert secret not in repr(found) and secret.encode() not in (tmp_path / "ledger.sqlite").read_bytes()
    assert "joe" not in repr(ModelConfig(model="m", base_url=address, api_key_env=None))


@pytest.mark.parametrize("away", ["http://joe:p%40ss%2FW0rd-4411@127.0.0.1:9/v1", "http://joe:p%40ss%2FW0rd-4411@no.invalid/v1"])
def test_an_address_that_cannot_be_reached_is_not_quoted(away: str, tmp_path: Path, verdict_ask: Any) -> None:
    with ScriptedEndpoint(lambda request: "") as endpoint:
        found = asked(tmp_path, endpoint, verdict_ask, base_url=away, api_key_env=None)
    assert isinstance(found[0], EndpointError)
    assert "W0rd" not in repr(found) and "W0rd" not in "".join(map(str, found))


def test_an_endpoint_takes_a_key_or_a_user_and_not_both(tmp_path: Path, verdict_ask: Any) -> None:
    with ScriptedEndpoint(lambda request: "") as endpoint, pytest.raises(UsageError, match="takes one of them") as raised:
        asked(tmp_path, endpoint, verdict_ask, base_url=with_login(endpoint.base_url, "joe:hidden-44"))
    assert "hidden-44" not in str(raised.value)


def test_the_place_of_a_model_is_no_part_of_what_it_is(tmp_path: Path) -> None:
    ledger, configs = Ledger.open(tmp_path / "l"), []
    for address in ("http://127.0.0.1:1/v1", "http://joe:hidden-44@127.0.0.1:2/v1"):
        config = ModelConfig(model="m", base_url=address, api_key_env=None)
        configs.append(build({"default": config}, ledger, Budget(None), None, None, {}).identity(["x"]))  # type: ignore[arg-type]
    assert configs[0] == configs[1] and "hidden-44" not in repr(configs)
    asyncio.run(ledger.close())


@pytest.mark.parametrize("hold", [lambda s: {"api_key": s}, lambda s: {"provider": {"auth_token": s}}, lambda s: {"tokens": [s]}])
def test_what_goes_with_a_request_as_a_secret_is_known(hold: Callable[[str], Any]) -> None:
    config = ModelConfig(model="m", extra_body=hold(KEY), base_url="https://h/openai/deployments/gpt-4o", api_key_env=None)
    assert KEY not in Scrub(config.secrets({}))(f"is {KEY}") and KEY not in repr(config)
    assert Scrub(config.secrets({}))("gpt-4o at openai") == "gpt-4o at openai"
