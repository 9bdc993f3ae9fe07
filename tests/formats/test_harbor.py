"""Harbor task trees: read back equal by `load_dataset`, and run: a real server, a real MCP client, the verifier."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from any_rows import rows_of, shaped
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from sample_environments import shop, wallet
from small_versions import record

from astra_data.errors import DataError
from astra_data.formats import harbor, harbor_task
from astra_data.formats.card import card
from astra_data.pipeline.stage import taken
from astra_data.rollout.replay import replay
from astra_data.rows import Environment, from_dict, identity
from astra_data.sandbox import Sandbox


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    written = harbor.write([shop(), wallet()], folder, card("harbor", record([], kind="environments"), "shops", "0" * 40))
    assert written == 2
    return folder


def test_load_dataset_reads_a_tree_and_gives_equal_environments(tree: Path) -> None:
    from datasets import load_dataset

    rows = load_dataset(str(tree), split="train", cache_dir=str(tree.parent / "cache"))
    assert {row["name"] for row in rows} == {f"astra/{shop().id}", f"astra/{wallet().id}"}
    assert {row["location"]: harbor.from_row(row) for row in rows} == {each.id: each for each in (shop(), wallet())}
    assert all("tests/test.sh" in row["files"] for row in rows)
    streamed = load_dataset(str(tree), split="train", streaming=True)
    assert {harbor.from_row(row).id for row in streamed} == {shop().id, wallet().id}


def test_load_dataset_reads_a_tree_without_its_card(tree: Path) -> None:
    from datasets import load_dataset

    (tree / "README.md").unlink()
    rows = load_dataset(str(tree), cache_dir=str(tree.parent / "cache"))["test"]
    assert {harbor.from_row(row).id for row in rows} == {shop().id, wallet().id}


def test_a_task_folder_is_read_back_equal(tree: Path) -> None:
    assert harbor.read(tree / shop().id) == shop()
    assert harbor.read(tree / wallet().id) == wallet()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_the_row_type_allows_comes_back_from_task_toml(data: st.DataObject) -> None:
    row = shaped(Environment, data.draw(rows_of(Environment).filter(lambda row: row["turns"])), data.draw)
    environment = from_dict(Environment, row | {"id": identity(Environment, row)})
    config = tomllib.loads(harbor_task.task_toml(environment))
    assert harbor.from_row({"metadata": config["metadata"]}) == environment


@pytest.mark.parametrize("name", [harbor_task.GOALS, harbor_task.TOOLS])
def test_a_file_that_was_edited_is_not_passed_over(tree: Path, name: str) -> None:
    file = tree / shop().id / name
    file.write_text(file.read_text().replace("A1", "A2"))
    with pytest.raises(DataError, match=name):
        harbor.read(tree / shop().id)


def test_a_task_of_others_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "task.toml").write_text('schema_version = "1.1"\n[metadata]\ncategory = "x"\n')
    with pytest.raises(DataError, match=r"hello/task.toml.*no environment is in this task"):
        [taken(item.value) for item in harbor.import_stage(tmp_path).items({}, None, None)]  # type: ignore[arg-type]


def test_the_agents_files_hold_no_goal(tree: Path) -> None:
    given = json.loads((tree / wallet().id / harbor_task.TOOLS).read_text())
    assert set(given) == {"tools", "modules", "users", "world", "states", "next"}
    assert set(given["world"]) == {"initial_state", "load", "dump"}


@contextmanager
def serving(task: Path) -> Iterator[str]:
    """The address of the task's tool server, run as in its container: without any package."""
    command = [sys.executable, "-I", "-S", "server.py", "environment.json", "0"]
    with subprocess.Popen(command, cwd=task / "environment/tools", stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def verified(task: Path, url: str, folder: Path) -> dict[str, Any]:
    """What the verifier writes."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-I", "-S", "tests/verify.py", "tests/goals.json", f"{url}/calls", str(folder)]
    subprocess.run(command, cwd=task, check=True)
    told: dict[str, Any] = json.loads((folder / "breakdown.json").read_text())
    assert float((folder / "reward.txt").read_text()) == told["f1"]
    return told


def shell(task: Path, url: str, script: str) -> str:
    """Standard output of a shell script in the agent's container, where `tool` is on the path."""
    environ = os.environ | {"TOOLS_URL": f"{url}/mcp"}
    defined = f'tool() {{ "{sys.executable}" -I -S environment/tool.py "$@"; }}\n{script}'
    return subprocess.run(["sh", "-c", defined], cwd=task, env=environ, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.mark.parametrize("make", [shop, wallet])
def test_the_solution_has_reward_one_and_no_call_has_none(tree: Path, make: Any) -> None:
    task = tree / make().id
    with serving(task) as url:
        assert verified(task, url, tree.parent / "logs")["f1"] == 0.0
        shell(task, url, (task / "solution/solve.sh").read_text())
        assert verified(task, url, tree.parent / "logs")["f1"] == 1.0


def test_the_verifier_gives_our_reward_for_any_calls(tree: Path) -> None:
    task = tree / wallet().id
    script = """
        tool pay '{"amount": 50}'; tool receive '{"amount": 5}'; tool look; tool nothing '{}'; tool receive '{"amount": "five"}'
        tool next_message; tool pay '{"amount": 12}'; tool look; tool look
    """
    with serving(task) as url:
        said = shell(task, url, script).splitlines()
        told = verified(task, url, tree.parent / "logs")
    calls = [
        [("pay", {"amount": 50}), ("receive", {"amount": 5}), ("look", {}), ("nothing", {}), ("receive", {"amount": "five"})],
        [("pay", {"amount": 12}), ("look", {}), ("look", {})],
    ]
    with Sandbox(workers=1) as sandbox:
        ours = replay(wallet(), calls, sandbox).breakdown
    assert (told["credits"], told["f1"]) == (ours.credits, ours.f1)
    assert told["credits"] == [None, "g0", None, None, None, None, "g2", None]
    assert "not enough" in said[0] and "there is no tool 'look'" in said[2] and said[5] == "What is left?"
    assert said[4] == "Error: argument amount must be of type integer"


async def session_of(url: str) -> tuple[list[str], str, bool, list[str]]:
    async with streamable_http_client(f"{url}/mcp") as streams, ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        before = [tool.name for tool in (await session.list_tools()).tools]
        result = await session.call_tool("receive", {"amount": 5})
        await session.call_tool("next_message", {})
        after = [tool.name for tool in (await session.list_tools()).tools]
        return before, result.content[0].text, bool(result.is_error), after  # type: ignore[union-attr]


def test_a_real_mcp_client_lists_and_calls_the_tools(tree: Path) -> None:
    import asyncio

    with serving(tree / wallet().id) as url:
        before, text, failed, after = asyncio.run(session_of(url))
    assert before == ["receive", "pay", "next_message"] and after == ["receive", "pay", "look"]
    assert (json.loads(text), failed) == ({"balance": 15}, False)


def test_without_a_log_there_is_no_reward(tree: Path) -> None:
    task, folder = tree / shop().id, tree.parent / "logs"
    folder.mkdir()
    command = [sys.executable, "-I", "tests/verify.py", "tests/goals.json", "http://127.0.0.1:9/calls", str(folder)]
    assert subprocess.run(command, cwd=task, check=False, stderr=subprocess.DEVNULL).returncode != 0
    assert list(folder.iterdir()) == []


def test_packages_that_tools_import_are_installed_in_their_container() -> None:
    assert "pip install" not in harbor_task.files_of(shop())["environment/tools/Dockerfile"]
    files = harbor_task.files_of(from_dict(Environment, _with_import()))
    assert "RUN pip install --no-cache-dir mpmath\n" in files["environment/tools/Dockerfile"]


def _with_import() -> dict[str, Any]:
    from astra_data.rows import to_dict

    row = to_dict(shop())
    return row | {"modules": [*row["modules"], {"name": "more", "source": "import json, mpmath\nfrom stock import STOCK\n"}]}
