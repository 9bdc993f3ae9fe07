"""Stages on rows and players of the tests' own, without a runner."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from scripted import ScriptedPolicy, ScriptedTeacher

from astra_data.ledger import Ledger
from astra_data.pipeline.stage import Outcome, Resources, ServerOptions, Stage
from astra_data.teacher.roles import Player, Roles
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.workspace import Template

Expand = Callable[..., list[Outcome]]


@pytest.fixture
def expand(tmp_path: Path) -> Expand:
    """expand(STAGE, {"tools": [row]}, teacher=..., policy=..., seed=7, **config) -> the outcomes of all items in order."""

    def run(
        stage: Stage,
        inputs: Mapping[str, list[Any]],
        *,
        teacher: Any = None,
        policy: Any = None,
        seed: int = 7,
        servers: Mapping[str, ServerEntry] | None = None,
        options: Mapping[str, ServerOptions] | None = None,
        **config: Any,
    ) -> list[Outcome]:
        async def main() -> list[Outcome]:
            ledger = Ledger.open(tmp_path / "ledger.sqlite")
            player = Player(teacher or ScriptedTeacher({}), policy or ScriptedPolicy(), {})
            resources = Resources(seed, ledger, Roles({"default": player}), servers or {}, (), options or {}, Template())
            checked = stage.config.model_validate(config)
            given: Any = inputs
            try:
                async with stage.open(given, checked, resources) as one:
                    items = list(stage.items(given, checked, resources))
                    total = stage.total(given, checked, resources)
                    assert total is None or total == len(items)
                    return [outcome for item in items for outcome in await one(item.value)]
            finally:
                await ledger.close()

        return asyncio.run(main())

    return run
