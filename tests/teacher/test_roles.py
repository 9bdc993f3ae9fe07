"""Roles fall back to `default`, and what a model lacks is said before anything is paid."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import astra_data
from astra_data.errors import UsageError
from astra_data.ledger import Ledger
from astra_data.teacher import Budget, ModelConfig, Roles, build
from astra_data.teacher.offline.policy import OfflinePolicy
from astra_data.teacher.offline.teacher import OfflineTeacher

REMOTE = {"model": "m", "base_url": "https://models.example/v1", "api_key_env": "EXAMPLE_KEY"}


class Offline:
    name = "offline"


def built(tmp_path: Path, models: dict[str, Any], environ: dict[str, str] | None = None, limit: float | None = None) -> Roles:
    async def run() -> Roles:
        ledger = Ledger.open(tmp_path / "l")
        try:
            roles = build(models, ledger, Budget(limit), Offline(), Offline(), environ or {})  # type: ignore[arg-type]
            await roles.close()
            return roles
        finally:
            await ledger.close()

    return asyncio.run(run())


def test_a_role_is_played_by_its_own_model_or_by_default(tmp_path: Path) -> None:
    config = ModelConfig(**REMOTE, temperature=0.2, timeout_s=9)
    roles = built(tmp_path, {"default": "offline", "judge": config}, {"EXAMPLE_KEY": "k"})
    assert roles.names(["judge", "writer"]) == {"judge": "m", "writer": "offline"}
    assert roles.policy("judge").name == roles.teacher("judge").name == "m"
    assert roles.identity(["judge", "user"]) == {
        "judge": {"model": "m", "sampling": {"temperature": 0.2}},
        "user": {"model": "offline", "version": astra_data.__version__},
    }


def test_a_role_that_nobody_plays_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"role 'writer' .add models\.writer, or models\.default"):
        built(tmp_path, {"judge": "offline"}).teacher("writer")


def test_a_missing_key_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"models\.judge: the environment variable EXAMPLE_KEY is not set"):
        built(tmp_path, {"judge": ModelConfig(**REMOTE)})
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        built(tmp_path, {"judge": ModelConfig(model="m")})
    built(tmp_path, {"judge": ModelConfig(**REMOTE | {"api_key_env": None})})
    built(tmp_path, {"judge": ModelConfig(model="m", base_url="http://localhost:8000/v1")})


def test_a_budget_needs_to_know_what_a_request_can_cost(tmp_path: Path) -> None:
    priced = REMOTE | {"price": {"input": 1, "output": 1}}
    for config in (REMOTE, priced, REMOTE | {"max_tokens": 5}):
        with pytest.raises(UsageError, match=r"models\.judge: a budget needs price and max_tokens"):
            built(tmp_path, {"judge": ModelConfig(**config)}, {"EXAMPLE_KEY": "k"}, limit=1.0)
    built(tmp_path, {"judge": ModelConfig(**priced, max_tokens=5)}, {"EXAMPLE_KEY": "k"}, limit=1.0)


def test_a_key_is_not_sent_to_a_host_it_was_not_named_for() -> None:
    with pytest.raises(ValidationError, match="a base_url needs api_key_env beside it"):
        ModelConfig(model="m", base_url="https://models.example/v1")


@pytest.mark.parametrize(
    ("named", "sent"), [({}, "Bearer none"), ({"api_key_env": "LOCAL_KEY"}, "Bearer secret")], ids=["unnamed", "named"]
)
def test_a_local_endpoint_gets_only_the_key_named_for_it(
    with_model: Any, verdict_ask: Any, monkeypatch: pytest.MonkeyPatch, named: dict[str, str], sent: str
) -> None:
    environ = {"OPENAI_API_KEY": "for openai alone", "LOCAL_KEY": "secret"}

    async def work(stand: Any) -> None:
        config = ModelConfig(model="m", base_url=stand.endpoint.base_url, **named)
        roles = build({"default": config}, stand.ledger, Budget(), stand.teacher, stand.policy, environ)
        await roles.teacher("judge").answer(verdict_ask, verdict_ask.inputs(text="q"))
        await roles.close()

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    endpoint = with_model(lambda request: '{"ok": true, "score": 1}', work)
    assert endpoint.headers[0]["Authorization"] == sent


def test_a_mistyped_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="temprature"):
        ModelConfig(model="m", temprature=0.1)  # type: ignore[call-arg]


def test_openai_is_not_imported_before_a_model_is_named() -> None:
    code = "import sys, astra_data.teacher; sys.exit('openai' in sys.modules or 'aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_role_that_nobody_plays_is_left_out_of_names_and_keys() -> None:
    nobody: Any = None
    roles = build({"policy": "offline"}, nobody, Budget(), OfflineTeacher(), OfflinePolicy())
    assert roles.names(("policy", "emulator")) == {"policy": "offline"}
    assert roles.identity(("policy", "emulator")).keys() == {"policy"}
    with pytest.raises(UsageError, match="no model for the role 'emulator'"):
        roles.teacher("emulator")
