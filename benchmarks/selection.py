"""A million tasks through the runner, the `select` of the tasks stage and the writer: time and peak memory.

    python -m benchmarks.selection [ROWS]

One item in ten has the text of an earlier one, in other case and spacing, so that `select` rejects it.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from astra_data.hub.store import Store
from astra_data.ledger import Ledger
from astra_data.pipeline.progress import Silent
from astra_data.pipeline.runner import Run, run_stage
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Resources, Stage
from astra_data.rows import Task, new_row
from astra_data.stages.tasks import STAGE, TasksConfig
from astra_data.teacher.roles import Roles
from astra_data.tools.workspace import Template
from benchmarks.figure import Figure, at_most, equal, peak_mb, python, show

ROWS = 1_000_000
PEAK_MB = 1_500
REPEATED = 10
SYLLABLES = "ba be da do fi ga ho ka ki la lo ma mi na no pa ra ri sa se ta ti to va".split()


def text_of(number: int) -> str:
    """About 20 made up words, a text like no other."""
    rng = random.Random(number)
    words = ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 3))) for _ in range(rng.randint(14, 26))]
    return f"{' '.join(words).capitalize()}."


def task(number: int) -> Task:
    """The task of that number; every tenth says what the one before it says, louder."""
    repeats = number % REPEATED == REPEATED - 1
    text = text_of(number - repeats)
    row: Task = new_row(
        Task, server_id="0123456789abcdef", server="parcels", chain_id=None, kind="server", parent_id=None, augmentation=None,
        text=text.upper().replace(" ", "  ") if repeats else text, language="en", target_tools=["find_parcel", "send_message"],
        scores=[], models={"writer": "offline"},
    )
    return row


def stage(count: int) -> Stage:
    """The tasks stage, with made up tasks in place of written ones."""

    def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
        return (Item(f"{number:016x}", number) for number in range(count))

    @asynccontextmanager
    async def opened(inputs: Inputs, config: Any, resources: Resources) -> AsyncIterator[Expand]:
        async def expand(number: int) -> list[Outcome]:
            return [Keep(task(number))]

        yield expand

    return replace(STAGE, reads=(), roles=(), asks=(), items=items, open=opened)


async def measure(folder: Path, count: int) -> dict[str, float]:
    """Wall seconds, peak MB and rows kept, in this process."""
    store, ledger = Store.open(folder), Ledger.open(folder / "ledger.sqlite")
    resources = Resources(7, ledger, Roles({}), {}, (), {}, Template(None, ()))
    start = time.perf_counter()
    try:
        report = await run_stage(stage(count), TasksConfig(), {}, Run("select", store, resources, "benchmark"), Silent())
    finally:
        await ledger.close()
    return {"seconds": time.perf_counter() - start, "peak_mb": peak_mb(), "kept": report.funnel.kept}


def figures(count: int = ROWS) -> list[Figure]:
    result = json.loads(python("-m", "benchmarks.selection", str(count), "measure"))
    print(f"select: {count} rows in {result['seconds']:.0f} s, {count / result['seconds']:.0f} rows/s")
    return [
        equal("select: tasks kept", int(result["kept"]), count - count // REPEATED),
        at_most("select: peak memory", result["peak_mb"], PEAK_MB, "MB"),
    ]


if __name__ == "__main__":
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    if len(sys.argv) > 2:
        with tempfile.TemporaryDirectory() as where:
            print(json.dumps(asyncio.run(measure(Path(where), rows))))
    else:
        sys.exit(not show(figures(rows)))
