"""The stage that CONTRIBUTING.md shows is a stage that runs."""

import asyncio
import importlib
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from astra_data.hub.writer import read_rows
from astra_data.pipeline.execute import Options, Outcome, execute
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.rows import ROW_TYPES
from astra_data.stages.imported import import_stage

ROOT = Path(__file__).parents[2]
IMPORTS = """
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Reject, Resources, Stage, StageConfig
from astra_data.rows import SftRow, new_row
from astra_data.rows.schema import Json
"""


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The Python of the page, as a module."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = "\n\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    (tmp_path / "shown_stage.py").write_text(IMPORTS + "\n\n" + code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("shown_stage")
    monkeypatch.setitem(ROW_TYPES, "short", module.Short)
    return module


def sft_rows(calls: list[int]) -> bytes:
    return b"".join(orjson.dumps(_row(index, count)) + b"\n" for index, count in enumerate(calls))


def _row(index: int, calls: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello to you."}]
    difficulty = {"calls": calls, "turns": 1, "distinct_tools": calls, "offered_tools": calls, "horizon": 1}
    return {"trajectory_id": f"{index:016x}", "server": "units", "messages": messages, "tools": [], "reward": 1.0,
            "difficulty": difficulty, "models": {}, "split": "train", "tokens": None}


def test_the_stage_shown_keeps_and_rejects_and_is_found_again(shown: Any, tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_bytes(sft_rows([1, 3, 4]))
    stages = {"sft": import_stage("sft", source), "short": shown.STAGE}
    recipe = Recipe(RecipeHead(name="small"), {name: stage.config() for name, stage in stages.items()}, tmp_path, "small.yaml")

    def run() -> Outcome:
        return asyncio.run(execute(recipe, stages, Options(tmp_path / "store")))

    first, second = run().reports[-1], run().reports[-1]
    assert [row["calls"] for row in read_rows(first.version.files(), shown.Short)] == [1, 3]
    assert (first.funnel.kept, first.funnel.rejected, first.found) == (2, {"short: too many calls": 1}, False)
    assert (second.version.tree, second.found) == (first.version.tree, True)
