"""A run may be killed at any moment: what was answered is kept, what is left is done, and no row can tell.

`ASTRA_KILLS` and `ASTRA_TASKS` set how often, and how large the run is.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import running, until_ended
from runs.bench import DEADLINE_S, ROOT, TESTS, Bench, kill, sent_id
from runs.conftest import TASKS, Undisturbed

KILLS = int(os.environ.get("ASTRA_KILLS", "3"))
CONCURRENCY = 16
Moment = Callable[[], bool]


def moments(bench: Bench, whole: Undisturbed) -> list[tuple[Moment, float]]:
    """When to kill, and how many seconds later: as the first server starts, then after drawn shares of all requests."""
    rng = random.Random(f"kill/{KILLS}")
    log, size = bench.folder / "requests.jsonl", (whole.bench.folder / "requests.jsonl").stat().st_size
    shares = sorted(rng.uniform(0, size) for _ in range(KILLS - 1))

    def logged(share: float) -> Moment:
        return lambda: log.exists() and log.stat().st_size >= share

    return [(bench.starts.exists, 0.0), *((logged(share), rng.uniform(0, 0.2)) for share in shares)]


def kill_at(bench: Bench, recipe: Path, moment: Moment, later_s: float) -> None:
    process = bench.start("run", recipe, "--store", bench.store, "--concurrency", CONCURRENCY, "--json")
    deadline = time.monotonic() + DEADLINE_S
    while not moment() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(later_s)
    kill(process)


def asked_again(requests: list[dict[str, Any]], kills: list[tuple[int, set[str]]]) -> list[set[str]]:
    """For each kill the questions after it that had been put before it. None may have been answered by then."""
    ids = [sent_id(request["request"]) for request in requests]
    ends = [index for index, _ in kills[1:]] + [len(ids)]
    repeated = []
    for (start, answered), end in zip(kills, ends, strict=True):
        assert not answered & set(ids[start:]), "an answer that was in the ledger was asked for again"
        repeated.append(set(ids[:start]) & set(ids[start:end]))
    return repeated


def test_a_run_killed_again_and_again_ends_with_the_rows_of_one_that_was_not(
    bench: Bench, undisturbed: Undisturbed, record_testsuite_property: Callable[[str, object], None]
) -> None:
    kills: list[tuple[int, set[str]]] = []
    with bench.endpoint() as endpoint:
        recipe = bench.recipe(endpoint, TASKS)
        for moment, later_s in moments(bench, undisturbed):
            kill_at(bench, recipe, moment, later_s)
            kills.append((endpoint.admin()["requests"], set(bench.answered())))
            bench.wait_until_clean()
        result = bench.run(recipe, "--concurrency", CONCURRENCY)
        repeated = asked_again(endpoint.requests(), kills)

    assert result["complete"]
    assert bench.made() == undisturbed.bench.made()
    assert len(kills[-1][1]) > 0
    assert all(len(ids) <= CONCURRENCY for ids in repeated), repeated
    assert [request["fault"] for request in endpoint.requests() if request["fault"]] == []
    record_testsuite_property("repeats per kill", [len(ids) for ids in repeated])
    assert list((bench.folder / "tmp").iterdir()) == []
    assert list((bench.store / ".staging").iterdir()) == []


HELD = """
import asyncio, sys
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.session import McpSession
from astra_data.tools.workspace import Template

async def main():
    workspace = Template().fresh()
    session = await McpSession.start(ServerEntry("manners", "stdio", sys.executable, (sys.argv[1],)), workspace)
    pids = (await session.call("spawn", {})).content
    print(workspace.base, pids, flush=True)
    await session.call("hang", {})

asyncio.run(main())
"""


SWEEPING = """
from astra_data.tools.workspace import Template
template = Template()
template.fresh().close()
template.close()
"""


@pytest.fixture
def held(tmp_path: Path) -> "subprocess.Popen[str]":
    """A process with a server that hangs in a call, and a child of that server that does not look at its input."""
    environ = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    words = [sys.executable, "-c", HELD, str(TESTS / "mcp_servers" / "server.py")]
    return subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, text=True)


def test_a_hanging_server_and_its_children_end_with_a_killed_process(held: "subprocess.Popen[str]") -> None:
    assert held.stdout
    _, *pids = held.stdout.readline().split()
    assert len(pids) == 2
    assert all(running(int(pid)) for pid in pids)
    kill(held)
    until_ended(map(int, pids))


def test_the_folders_of_a_killed_process_go_with_the_next_and_those_of_a_live_one_stay(
    held: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert held.stdout
    base = Path(held.stdout.readline().split()[0])
    others = {tmp_path / "astra-notes", tmp_path / "astra-x"}
    for folder in others:
        folder.mkdir()
    sweep = [sys.executable, "-c", SWEEPING]
    environ = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    subprocess.run(sweep, env=environ, check=True)
    assert base.exists()
    kill(held, signal.SIGKILL)
    subprocess.run(sweep, env=environ, check=True)
    assert set(tmp_path.iterdir()) == others
