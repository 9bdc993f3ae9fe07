"""What a run knows to be secret is in none of its rows, reasons, records and errors."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from small_stages import SmallConfig, numbered, task

from astra_data.errors import AstraError, DataError, InnerError, StoreError, UsageError
from astra_data.hub.writer import read_rows
from astra_data.pipeline.execute import Options, Outcome, execute
from astra_data.pipeline.recipe import Recipe, load
from astra_data.pipeline.secrecy import known
from astra_data.pipeline.stage import Keep, Quarantine, Reject, Resources
from astra_data.rows import Task, identity
from astra_data.tools.mcp_config import ServerEntry

SECRET, KEY = "qX7Kz90aZw", "model-Key-4711x"
ENTRY = {"command": "run", "env": {"TOKEN": SECRET}}


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe with a secret in its `mcp.json`, a key of a model, and a user of an address."""
    monkeypatch.setenv("MODEL_KEY", KEY)
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"one": ENTRY}}))
    models = {"default": {"model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "MODEL_KEY"},
              "judge": {"model": "m", "base_url": "http://joe:login-4411@127.0.0.1:9/v1", "api_key_env": None}}
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump({"name": "r", "mcp": "mcp.json", "models": models}))
    return load(path, {"tasks": numbered(nothing)})


async def nothing(number: int, resources: Resources) -> list[Any]:
    return []


def ran(recipe: Recipe, folder: Path, expand: Any, command: str = "astra run r") -> Outcome:
    stages = {"tasks": numbered(expand, 1)}
    return asyncio.run(execute(Recipe(recipe.head, {"tasks": SmallConfig()}, recipe.folder, "r"), stages,
                               Options(folder / "hub", command=command)))


def test_a_run_knows_the_secrets_of_servers_models_addresses_and_set_up(recipe: Recipe) -> None:
    scrub = known(recipe, {"one": ServerEntry("one", "stdio", "run", env={"TOKEN": SECRET})}, {"MODEL_KEY": KEY})
    assert scrub(f"{SECRET}, {KEY} and login-4411") == "***, *** and ***"


def test_an_entry_whose_variable_is_not_set_is_known_as_far_as_it_goes(recipe: Recipe) -> None:
    entry = ServerEntry("one", "stdio", "run", ("--token", SECRET, "${NOT_SET}"))
    assert known(recipe, {"one": entry}, {})(SECRET) == "***"


def test_a_word_that_is_the_name_of_a_server_stays(recipe: Recipe) -> None:
    entry = ServerEntry("harbour", "stdio", "run", env={"PASSWORD": "harbour"})
    assert known(recipe, {"harbour": entry}, {})("harbour") == "harbour"


def test_rows_reasons_and_records_are_written_without_secrets_and_ids_fit(recipe: Recipe, tmp_path: Path) -> None:
    async def expand(number: int, resources: Resources) -> list[Any]:
        return [Keep(task(f"kept {SECRET}")), Keep(task("plain")), Reject(f"task: bad - {KEY}", task(f"not {KEY}")),
                Quarantine(f"endpoint: 500 - {SECRET} and login-4411")]

    outcome = ran(recipe, tmp_path, expand, f"astra run r models.judge.base_url=http://joe:login-4411@h x={SECRET}")
    version = outcome.reports[0].version
    rows = list(read_rows(version.files(), Task))
    assert [row["text"] for row in rows] == ["kept ***", "plain"]
    assert [row["id"] for row in rows] == [identity(Task, row) for row in rows]
    tables = [pq.read_table(path).to_pylist() for path in version.path.rglob("*.parquet")]
    files = [path.read_text() for path in (tmp_path / "hub").rglob("*") if path.suffix in (".json", ".md")]
    for secret in (SECRET, KEY, "login-4411"):
        assert secret not in repr(tables) + repr(files)


@pytest.mark.parametrize(
    "error", [UsageError(f"no {SECRET}"), StoreError(f"row {KEY}"), DataError(f"row {KEY}"), KeyError(SECRET)]
)
def test_an_error_of_a_run_is_told_without_secrets(recipe: Recipe, tmp_path: Path, error: Exception) -> None:
    async def expand(number: int, resources: Resources) -> list[Any]:
        raise error

    with pytest.raises(type(error) if isinstance(error, AstraError) else InnerError) as raised:
        ran(recipe, tmp_path, expand)
    kept = "".join(path.read_text() for path in (tmp_path / "hub").glob(".faults/*"))
    assert bool(kept) == isinstance(error, KeyError)
    for said in (repr(raised.value), str(raised.value), kept):
        assert SECRET not in said and KEY not in said


def test_a_value_of_a_recipe_that_is_wrong_is_quoted_without_the_user_of_its_address(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    for models in ("http://joe:login-4411@h/v1", {"default": {"model": ["http://joe:login-4411@h"]}}, {"default": 7}):
        path.write_text(yaml.safe_dump({"name": "r", "models": models}))
        with pytest.raises(UsageError) as raised:
            load(path, {})
        assert "login" not in str(raised.value)
