"""`Budget`: a limit in USD that no number of concurrent requests can pass.

    async with budget.reserve(bound) as spend:     # waits while others hold the money, refuses when it is gone
        spend(cost)                                # what it did cost

Before a request its upper bound is set aside; afterwards its cost is booked and the rest is free again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from astra_data.ledger import Unanswered


class Budget:
    """`spent` and the bounds set aside never sum to more than `limit` (USD; None is no limit)."""

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._reserved = 0.0
        self._holders = 0
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def reserve(self, bound: float) -> AsyncIterator[Callable[[float], None]]:
        """Set `bound` USD aside for the block. Raises `Unanswered` when it cannot be had any more."""
        await self._acquire(bound)
        paid = 0.0

        def spend(cost: float) -> None:
            nonlocal paid
            paid += cost

        try:
            yield spend
        finally:
            self.spent += paid
            self._holders -= 1
            self._reserved = self._reserved - bound if self._holders else 0.0
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def _acquire(self, bound: float) -> None:
        while self.limit is not None and self.spent + self._reserved + bound > self.limit:
            if self.spent + bound > self.limit:
                reason = f"budget: exhausted - {self.spent:.4f} of {self.limit:.4f} USD spent"
                raise Unanswered(reason, sent=False)
            freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(freed)
            await freed
        self._holders += 1
        self._reserved += bound
