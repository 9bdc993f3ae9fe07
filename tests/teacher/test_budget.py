"""A budget is a limit, whatever runs at once."""

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astra_data.ledger import Unanswered
from astra_data.teacher import Budget

SLACK = 1e-9
"""Sums of floats differ in their last digits."""


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.0, 20.0))
def test_spending_never_passes_the_limit_at_concurrency_64(seed: int, limit: float) -> None:
    draw = random.Random(seed)
    requests = [(bound := draw.uniform(0, 0.5), draw.uniform(0, bound), draw.randrange(4)) for _ in range(150)]

    async def run() -> tuple[float, int]:
        budget, at_once, refused = Budget(limit), asyncio.Semaphore(64), 0

        async def request(bound: float, cost: float, turns: int) -> None:
            nonlocal refused
            async with at_once:
                try:
                    async with budget.reserve(bound) as spend:
                        for _ in range(turns):
                            await asyncio.sleep(0)
                        spend(cost)
                        assert budget.spent + cost <= limit + SLACK
                except Unanswered as error:
                    assert not error.sent
                    assert budget.spent + bound > limit
                    refused += 1

        await asyncio.gather(*(request(*one) for one in requests))
        return budget.spent, refused

    spent, refused = asyncio.run(run())
    assert spent <= limit + SLACK
    assert refused or spent == pytest.approx(sum(cost for _, cost, _ in requests))


def test_money_that_was_set_aside_and_not_spent_is_waited_for() -> None:
    async def run() -> None:
        budget, order = Budget(1.0), []

        async def request(name: str) -> None:
            async with budget.reserve(0.8) as spend:
                await asyncio.sleep(0)
                spend(0.1)
                order.append(name)

        await asyncio.gather(request("first"), request("second"), request("third"))
        assert order == ["first", "second", "third"]
        with pytest.raises(Unanswered, match=r"budget: exhausted - 0\.3000 of 1\.0000 USD spent"):
            async with budget.reserve(0.8):
                pass

    asyncio.run(run())


def test_a_failed_request_gives_back_what_it_did_not_spend() -> None:
    async def run() -> None:
        budget = Budget(1.0)
        for _ in range(5):
            with pytest.raises(ValueError, match="broken"):
                async with budget.reserve(1.0):
                    raise ValueError("broken")
        assert budget.spent == 0.0

    asyncio.run(run())


def test_a_run_against_an_endpoint_stays_within_its_budget(with_model: Any, verdict_ask: Any) -> None:
    """Every request costs 0.006 USD and is bound by less than 0.024: the limit pays for 80 to 83 of 200."""

    def script(request: dict[str, Any]) -> dict[str, Any]:
        return {"content": '{"ok": true, "score": 1}', "usage": {"prompt_tokens": 100, "completion_tokens": 500}}

    refused = []

    async def work(stand: Any) -> None:
        at_once = asyncio.Semaphore(64)

        async def one(number: int) -> None:
            async with at_once:
                try:
                    await stand.teacher.answer(verdict_ask, verdict_ask.inputs(text=f"question {number}"))
                except Unanswered as error:
                    refused.append(error)

        await asyncio.gather(*(one(number) for number in range(200)))
        assert stand.budget.spent <= 0.5 + SLACK
        assert stand.ledger.totals().cost == pytest.approx(stand.budget.spent)
        assert stand.ledger.totals().failed == 0

    price = {"input": 10.0, "output": 10.0}
    endpoint = with_model(script, work, limit=0.5, price=price, max_tokens=500, structured=False)
    assert len(refused) + len(endpoint.requests) == 200
    assert 80 <= len(endpoint.requests) <= 83
    assert all(error.reason.startswith("budget: exhausted") for error in refused)
