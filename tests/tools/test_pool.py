"""A bounded number of processes: fresh for servers with state, shared for those without, and none left at the end."""

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from tools.conftest import servers_under

from astra_data.errors import UsageError
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.pool import Pool
from astra_data.tools.result import ToolBackendDown
from astra_data.tools.session import Deadlines
from astra_data.tools.workspace import Template

Entry = Callable[..., ServerEntry]
PATIENT = Deadlines(60, 60, 60)


def pool_of(*entries: ServerEntry, stateless: str = "", limit: int = 6, template: Template | None = None) -> Pool:
    named = {entry.name: entry for entry in entries}
    return Pool(named, template or Template(), stateless=frozenset(stateless.split()), limit=limit, deadlines=PATIENT)


@pytest.mark.usefixtures("nothing_left")
def test_each_lease_of_a_server_with_state_begins_from_the_template(entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "note").write_text("first")

    async def main() -> None:
        async with pool_of(entry(), template=Template(tmp_path / "start")) as pool:
            for _ in range(2):
                async with pool.lease("manners") as session:
                    assert (await session.call("read", {"path": "/workspace/note"})).content == "first"
                    await session.call("write", {"path": "/workspace/note", "content": "changed"})
                    assert (await session.call("files", {})).content == "/workspace/note"

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_a_stateless_server_is_shared_and_started_again_when_it_died(entry: Entry) -> None:
    async def main() -> None:
        async with pool_of(entry(), stateless="manners") as pool:
            async with pool.lease("manners") as first, pool.lease("manners") as second:
                assert first is second
            async with pool.lease("manners") as third:
                assert third is first
                with pytest.raises(ToolBackendDown, match="died"):
                    await third.call("die", {})
            async with pool.lease("manners") as fourth:
                assert fourth is not first
                assert (await fourth.call("add", {"a": 1, "b": 1})).content == "2"

    asyncio.run(main())


def test_no_more_processes_run_than_allowed_and_nobody_starves(entry: Entry, nothing_left: Path) -> None:
    async def main() -> None:
        order: list[int] = []
        most = 0

        async def use(pool: Pool, number: int) -> None:
            nonlocal most
            async with pool.lease("manners" if number % 3 else "shared") as session:
                order.append(number)
                most = max(most, len(servers_under(nothing_left)))
                assert (await session.call("add", {"a": number, "b": 0})).content == str(number)

        async with pool_of(entry(), entry(name="shared"), stateless="shared", limit=2) as pool:
            await asyncio.gather(*(use(pool, number) for number in range(9)))
        assert sorted(order) == list(range(9))
        assert 1 <= most <= 2

    asyncio.run(main())


def test_an_idle_shared_server_makes_way(entry: Entry, nothing_left: Path) -> None:
    async def main() -> None:
        entries = [entry(name=name) for name in ("a", "b", "c")]
        async with pool_of(*entries, stateless="a b c", limit=1) as pool:
            for name in ("a", "b", "c", "a"):
                async with pool.lease(name) as session:
                    assert (await session.call("add", {"a": 1, "b": 1})).content == "2"
                    assert len(servers_under(nothing_left)) == 1

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_a_server_that_never_starts_is_down_at_once_after_three_attempts(entry: Entry) -> None:
    async def main() -> None:
        async with pool_of(entry("die-at-start"), limit=1) as pool:
            for expected in ["cannot go on"] * 3 + ["3 times in a row"]:
                with pytest.raises(ToolBackendDown, match=expected):
                    async with pool.lease("manners"):
                        raise AssertionError("it started")

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_closing_ends_leases_that_are_still_held(entry: Entry) -> None:
    async def main() -> None:
        pool = pool_of(entry(), limit=1)
        async with pool.lease("manners") as session:
            await pool.close()
            with pytest.raises(ToolBackendDown, match="died"):
                await session.call("add", {"a": 1, "b": 1})

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_an_unknown_server_is_a_usage_error_that_names_the_known_ones(entry: Entry) -> None:
    async def main() -> None:
        async with pool_of(entry(name="git"), entry(name="time")) as pool:
            with pytest.raises(UsageError, match="one of: git, time"):
                async with pool.lease("gti"):
                    raise AssertionError("it started")

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("moment", ["waiting", "starting", "calling"])
def test_cancellation_at_any_moment_ends_everything_and_frees_the_place(entry: Entry, moment: str) -> None:
    async def main() -> None:
        async with pool_of(entry(), entry("hang-at-start", name="slow"), limit=1) as pool:
            reached = asyncio.Event()

            async def use() -> None:
                if moment != "calling":
                    reached.set()
                async with pool.lease("slow" if moment == "starting" else "manners") as session:
                    reached.set()
                    await session.call("hang", {})

            async def cancel_one() -> None:
                task = asyncio.create_task(use())
                await reached.wait()
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

            if moment == "waiting":
                async with pool.lease("manners"):
                    await cancel_one()
            else:
                await cancel_one()
            async with pool.lease("manners") as session:
                assert (await session.call("add", {"a": 1, "b": 1})).content == "2"

    asyncio.run(main())


def test_a_pool_closes_though_a_session_ended_this_very_moment() -> None:
    """The task that ended it is done, and the loop has not yet said so to the pool."""
    code = """
        import asyncio
        from astra_data.tools.pool import Pool
        from astra_data.tools.workspace import Template

        async def main():
            pool = Pool({}, Template())
            ending = asyncio.create_task(asyncio.sleep(0))
            pool._endings.add(ending)
            ending.add_done_callback(pool._endings.discard)
            while not ending.done():
                await asyncio.sleep(0)
            assert pool._endings
            await pool.close()

        asyncio.run(main())
    """
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-c", textwrap.dedent(code)]
    assert subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, timeout=120).returncode == 0
