"""An ask, and a way to put a scripted endpoint behind it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from pydantic import BaseModel
from scripted_endpoint import Plan, Script, ScriptedEndpoint

from astra_data.ledger import Ledger
from astra_data.messages import JsonObject, Message
from astra_data.teacher import Ask, Budget, ModelConfig, Policy, Teacher, Turn, build


class Question(BaseModel):
    text: str


class Verdict(BaseModel):
    ok: bool
    score: float
    notes: list[str] = []


@dataclass(frozen=True)
class NoTeacher:
    """Stands where the offline teacher would; no test asks it."""

    name: str = "offline"

    async def answer(self, ask: Ask[Any, Any], inputs: Any, *, sample: int = 0) -> Any:
        raise AssertionError

    @property
    def sampling(self) -> JsonObject:
        return {}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        raise AssertionError


@dataclass(frozen=True)
class Stand:
    """What a test works with: the players, and what lies behind them."""

    teacher: Teacher
    policy: Policy
    ledger: Ledger
    budget: Budget
    endpoint: ScriptedEndpoint


class WithModel(Protocol):
    """Runs `work` against a scripted endpoint; keywords other than these go into the `ModelConfig`."""

    def __call__(
        self,
        script: Script,
        work: Callable[[Stand], Awaitable[None]],
        faults: Sequence[Plan] = (),
        limit: float | None = None,
        latency_s: float = 0.0,
        **config: Any,
    ) -> ScriptedEndpoint: ...


@pytest.fixture
def verdict_ask(tmp_path: Path) -> Ask[Question, Verdict]:
    folder = tmp_path / "prompts"
    folder.mkdir()
    user = "BEGIN DATA\n{{ text | tojson }}\nEND DATA\n"
    (folder / "verdict.md.jinja").write_text(f"You judge. Answer in JSON.\n---user---\n{user}")
    return Ask("verdict", 1, "judge", Question, Verdict, folder)


@pytest.fixture
def with_model(tmp_path: Path) -> WithModel:
    def run(
        script: Script,
        work: Callable[[Stand], Awaitable[None]],
        faults: Sequence[Plan] = (),
        limit: float | None = None,
        latency_s: float = 0.0,
        **config: Any,
    ) -> ScriptedEndpoint:
        async def play(endpoint: ScriptedEndpoint) -> None:
            ledger, budget = Ledger.open(tmp_path / "ledger.sqlite"), Budget(limit)
            model = ModelConfig(**{"model": "scripted", "base_url": endpoint.base_url, "max_retries": 2, **config})
            roles = build({"default": model}, ledger, budget, NoTeacher(), NoTeacher(), environ={})
            try:
                await work(Stand(roles.teacher("judge"), roles.policy("policy"), ledger, budget, endpoint))
            finally:
                await roles.close()
                await ledger.close()

        with ScriptedEndpoint(script, faults, latency_s=latency_s) as endpoint:
            asyncio.run(play(endpoint))
        return endpoint

    return run
