"""Waiting that has an end, and waiting that must not be cut short.

    async with asyncio.timeout(30) as limit: options["on_progress"] = extending(limit, 30)
    await finished(task)
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

MOST_DEADLINES = 20
"""Of a call that reports progress."""


def extending(limit: asyncio.Timeout, deadline: float) -> Callable[..., Awaitable[None]]:
    """What is to be done when a call reports progress: from now on it has the whole deadline again."""
    latest = time.monotonic() + MOST_DEADLINES * deadline

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        left = min(deadline, latest - time.monotonic())
        if left > 0 and not limit.expired():
            limit.reschedule(asyncio.get_running_loop().time() + left)

    return heard


async def finished(task: "asyncio.Task[Any]") -> None:
    """Wait for `task` to its end, even if the waiting task is cancelled meanwhile; the cancellation follows."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
