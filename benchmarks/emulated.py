"""Failures made on purpose in front of an emulated server: their share, their runs, and that a seed decides them.

    python -m benchmarks.emulated

A thousand rollouts of ten calls each, on the emulator of the offline teacher. Then ten thousand calls by a policy that makes a
failed call again until it succeeds, which is where the limit of two in a row shows.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

from astra_data.rollout.emulator import EmulatedToolbox, Emulator
from astra_data.rollout.failures import IN_A_ROW, SHARE, Failures, Injection
from astra_data.teacher.asks import ServerCard, ToolCard
from astra_data.teacher.offline.teacher import OfflineTeacher
from benchmarks.figure import Figure, at_most, equal, show

CALLS, ROLLOUT = 10_000, 10
COUNT: dict[str, Any] = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
TOOL = ToolCard(name="count", description="Counts.", parameters=COUNT, output_schema=COUNT)
EMULATOR = Emulator(OfflineTeacher(), ServerCard(name="shop", title="Shop", description="A shop."), [TOOL])


def toolbox(seed: int, rollout: int) -> EmulatedToolbox:
    return EmulatedToolbox(EMULATOR, Failures(Injection(), f"{seed}/emulator/{rollout}"))


async def marks(seed: int) -> list[bool]:
    """Whether each of `CALLS` different calls failed on purpose."""
    return [(await tools.call("count", {"count": call})).injected
            for rollout in range(CALLS // ROLLOUT) for tools in [toolbox(seed, rollout)] for call in range(ROLLOUT)]


async def runs(seed: int) -> AsyncIterator[int]:
    """How often a call failed before it succeeded, of as many calls as `CALLS` draws allow."""
    tools, drawn, number = toolbox(seed, 0), 0, 0
    while drawn < CALLS:
        failed = 0
        while (await tools.call("count", {"count": number % 100})).injected:
            failed += 1
        drawn, number = drawn + failed + 1, number + 1
        tools.log.clear()
        yield failed


def figures(seed: int = 7) -> list[Figure]:
    async def measure() -> tuple[list[bool], list[bool], int]:
        return await marks(seed), await marks(seed), max([run async for run in runs(seed)])

    first, again, longest = asyncio.run(measure())
    share = sum(first) / len(first)
    return [
        Figure(f"emulated: failing on purpose of {CALLS} calls", f"{share:.4f}", f"{SHARE} +- 0.01", abs(share - SHARE) <= 0.01),
        at_most("emulated: failures of the same call in a row", longest, IN_A_ROW, ""),
        equal("emulated: draws that differ for the same seed", sum(a != b for a, b in zip(first, again, strict=True)), 0),
    ]


if __name__ == "__main__":
    sys.exit(0 if show(figures()) else 1)
