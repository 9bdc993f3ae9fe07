"""Servers that are killed, crash and hang under many rollouts at once: each ends, sees only its own, and leaves nothing."""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from chaos import Report, chaos, kill_one, servers
from scripted import card, server
from tools.conftest import servers_under

from astra_data.ledger import Ledger, Unanswered
from astra_data.rollout.toolbox import LiveToolbox
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.pool import Pool
from astra_data.tools.result import DIED, OUT_OF_SERVICE, ToolBackendDown
from astra_data.tools.session import Deadlines
from astra_data.tools.workspace import Template

Entry = Callable[..., ServerEntry]
PATIENT = Deadlines(60, 60, 60)
ROW = server(card("echo", "Echoes."), name="manners")


def pool_of(entry: ServerEntry, stateless: str = "", deadlines: Deadlines = PATIENT) -> Pool:
    return Pool({entry.name: entry}, Template(), stateless=frozenset(stateless.split()), deadlines=deadlines)


def kill_all(folder: Path) -> None:
    for group in servers_under(folder):
        os.killpg(group, signal.SIGKILL)


def test_under_kills_and_a_hang_every_rollout_ends_and_none_sees_another(nothing_left: Path) -> None:
    """200 rollouts on 10 servers at full size: `python -m benchmarks.pool_chaos`."""
    turns = 0
    killed = 0
    rng = random.Random(7)

    async def think() -> None:
        """Every twelfth turn of all rollouts together a process is killed."""
        nonlocal turns, killed
        turns += 1
        if turns % 12 == 0:
            killed += kill_one(nothing_left, rng)

    async def nobody(folder: Path, report: Report) -> None:
        await asyncio.Event().wait()

    report = asyncio.run(chaos(servers(4), nothing_left, rollouts=24, concurrency=8, limit=6, deadlines=Deadlines(60, 60, 5),
                               think=think, killer=nobody))
    assert sum(report.endings.values()) == 24
    assert set(report.endings) <= {"answered", "tool_backend_down"}
    assert report.endings["answered"] >= 12, report.endings
    assert killed >= 3
    assert report.foreign == []
    assert (report.processes_left, report.folders_left) == (0, 0)
    assert all(done.terminal == "tool_backend_down" for _, name, done in report.rollouts if name == "server3")


@pytest.mark.parametrize("stateless", ["", "manners"])
def test_a_process_killed_within_a_rollout_is_replaced_and_its_state_restored(
    entry: Entry, nothing_left: Path, tmp_path: Path, stateless: str
) -> None:
    async def main() -> None:
        ledger = Ledger.open(tmp_path / "ledger.sqlite")
        try:
            async with pool_of(entry(), stateless) as pool, LiveToolbox(ROW, pool, ledger, rollout="r", fixture="") as toolbox:
                await toolbox.call("write", {"path": "/workspace/a", "content": "one"})
                kill_all(nothing_left)
                if stateless:
                    assert (await toolbox.call("files", {})).content == "", "what keeps no state has none to restore"
                else:
                    assert (await toolbox.call("files", {})).content == "/workspace/a"
                    assert (await toolbox.call("read", {"path": "/workspace/a"})).content == "one"
        finally:
            await ledger.close()

    asyncio.run(main())


def test_a_call_that_kills_its_server_is_made_twice_and_no_more(entry: Entry, nothing_left: Path, tmp_path: Path) -> None:
    async def main() -> list[str]:
        ledger = Ledger.open(tmp_path / "ledger.sqlite")
        try:
            async with pool_of(entry()) as pool, LiveToolbox(ROW, pool, ledger, rollout="r", fixture="") as toolbox:
                with pytest.raises(Unanswered, match=DIED):
                    await toolbox.call("die", {})
            return [effect["outcome"] for effect in ledger.export()]
        finally:
            await ledger.close()

    assert asyncio.run(main()) == ["failed", "failed"]


@pytest.mark.usefixtures("nothing_left")
def test_a_server_that_dies_in_every_call_is_out_of_service_for_a_while(entry: Entry) -> None:
    async def attempt(pool: Pool, tool: str) -> str:
        try:
            async with pool.lease("manners") as session:
                return (await session.call(tool, {})).content
        except ToolBackendDown as down:
            return down.reason

    async def main() -> None:
        async with pool_of(entry()) as pool:
            assert [await attempt(pool, "die") for _ in range(11)] == [DIED] * 3 + [OUT_OF_SERVICE] * 8
            assert (await attempt(pool, "where")).startswith("cwd /workspace"), "one attempt is let through, and it works"
            assert await attempt(pool, "die") == DIED

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_a_shared_server_that_was_lost_counts_once_however_many_used_it(entry: Entry) -> None:
    async def use(pool: Pool, everybody: asyncio.Barrier) -> None:
        async with pool.lease("manners") as session:
            await everybody.wait()
            with pytest.raises(ToolBackendDown):
                await session.call("die", {})

    async def main() -> None:
        async with pool_of(entry(), "manners") as pool:
            everybody = asyncio.Barrier(5)
            await asyncio.gather(*(use(pool, everybody) for _ in range(5)))
            async with pool.lease("manners") as session:
                assert (await session.call("add", {"a": 1, "b": 1})).content == "2"

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_those_who_wait_for_a_server_that_breaks_meanwhile_are_refused(entry: Entry) -> None:
    async def attempt(pool: Pool) -> str:
        try:
            async with pool.lease("manners"):
                raise AssertionError("it started")
        except ToolBackendDown as down:
            return down.reason

    async def main() -> None:
        async with Pool({"manners": entry("die-at-start")}, Template(), limit=1, deadlines=PATIENT) as pool:
            reasons = await asyncio.gather(*(attempt(pool) for _ in range(8)))
        assert sorted(reasons) == ["tool backend: out of service"] * 5 + ["tool backend: start failed"] * 3

    asyncio.run(main())
