"""Small stages over real row types, and the means to run them, for tests of whatever runs stages.

stage = numbered(expand, count=3)                    # expand(0), expand(1), expand(2) make tasks
report = run(tmp_path, stage)
texts(report) == ["0", "1", "2"]
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from small_versions import task as task_dict

from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.ledger import Answer, Ledger, Unanswered
from astra_data.pipeline.progress import Silent
from astra_data.pipeline.runner import Report, Run, run_stage
from astra_data.pipeline.sources import Source
from astra_data.pipeline.stage import Expand, Inputs, Item, Outcome, Resources, Stage, StageConfig
from astra_data.rows import ROW_TYPES, Task, from_dict
from astra_data.teacher.roles import Roles
from astra_data.tools.workspace import Template


class SmallConfig(StageConfig):
    """Something that a recipe may change."""

    size: int = 1


Numbered = Callable[[int, Resources], Awaitable[list[Outcome]]]


def task(text: object) -> Task:
    """A task row; equal texts are equal rows."""
    row: Task = from_dict(Task, task_dict(str(text)))
    return row


def numbered(expand: Numbered, count: int = 3, **changes: Any) -> Stage:
    """A stage `tasks` that reads nothing and expands the numbers below `count`, under the ids item-0, item-1 ..."""

    def items(inputs: Inputs, config: Any, resources: Resources) -> Iterator[Item]:
        return (Item(f"item-{number}", number) for number in range(count))

    @asynccontextmanager
    async def opened(inputs: Inputs, config: Any, resources: Resources) -> AsyncIterator[Expand]:
        async def expand_one(number: int) -> list[Outcome]:
            return await expand(number, resources)

        yield expand_one

    return replace(Stage("tasks", 1, (), SmallConfig, items, opened), **changes)


def resources(ledger: Ledger, **changes: Any) -> Resources:
    return replace(Resources(7, ledger, Roles({}), {}, (), {}, Template(None, ())), **changes)


async def run_in(store: Store, stage: Stage, *, config: StageConfig | None = None, inputs: Mapping[str, Source] | None = None,
                 concurrency: int = 8, limit: int | None = None, **changes: Any) -> Report:
    """Run one stage as `astra run` would, with a ledger in the store."""
    ledger = Ledger.open(store.root / "ledger.sqlite")
    try:
        shared = Run("small", store, resources(ledger, **changes), "astra run small", concurrency, limit)
        return await run_stage(stage, config or SmallConfig(), inputs or {}, shared, Silent())
    finally:
        await ledger.close()


def run(folder: Path, stage: Stage, **options: Any) -> Report:
    """`run_in` the store of a folder, to its end."""
    return asyncio.run(run_in(Store.open(folder / "store"), stage, **options))


def rows(report: Report, config: str = "default") -> list[dict[str, Any]]:
    """The stored rows of one config; none where the version lacks it."""
    known = {output.config for output in report.version.lineage().outputs}
    return list(read_rows(report.version.files(config), ROW_TYPES[report.stage])) if config in known else []


def texts(report: Report, config: str = "default") -> list[str | None]:
    return [row["text"] for row in rows(report, config)]


class Endpoint:
    """Something to ask for a price: it counts what it is asked, and does not answer what it is down for."""

    def __init__(self, *down: int) -> None:
        self.down, self.asked = set(down), []  # type: tuple[set[int], list[int]]

    async def ask(self, number: int, resources: Resources) -> str:
        async def produce() -> Answer:
            self.asked.append(number)
            if number in self.down:
                raise Unanswered(f"endpoint: down - {number}")
            return Answer(f"answer {number}")

        answer = await resources.ledger.once(f"question {number}", "ask", {"number": number}, produce)
        return str(answer.response)
