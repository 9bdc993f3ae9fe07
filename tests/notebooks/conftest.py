"""A small trajectories dataset, made by the real pipeline on the servers of the tests."""

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from astra_data.pipeline.execute import Options, execute
from astra_data.pipeline.recipe import load
from astra_data.stages import STAGES


@pytest.fixture(scope="session")
def small_trajectories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a version with a few accepted rows of the demo's calculator servers."""
    recipe = load(Path(__file__).parents[2] / "recipes" / "demo" / "pipeline.yaml", STAGES, ["tasks.per_server=4"])
    mcp = _two_servers(tmp_path_factory.mktemp("mcp"))
    small = replace(recipe, head=recipe.head.model_copy(update={"mcp": str(mcp)}))
    outcome = asyncio.run(execute(small, STAGES, Options(tmp_path_factory.mktemp("store"))))
    return next(report.version.path for report in outcome.reports if report.stage == "trajectories")


def _two_servers(folder: Path) -> Path:
    servers = orjson.loads((Path(__file__).parents[2] / "recipes" / "demo" / "mcp.json").read_bytes())["mcpServers"]
    path = folder / "mcp.json"
    path.write_bytes(orjson.dumps({"mcpServers": {name: servers[name] for name in ("units", "loans")}}))
    return path
