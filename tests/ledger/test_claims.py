"""One request in flight per key among all that share a ledger, and the first committed answer is everybody's."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from astra_data.ledger import Answer, Ledger, Unanswered
from astra_data.ledger.claims import Claims

HOLDER = """
import asyncio, sys
from pathlib import Path
from astra_data.ledger.claims import Claims

async def hold():
    async with Claims(Path(sys.argv[1])).held("k"):
        print("held", flush=True)
        await asyncio.sleep(600)

asyncio.run(hold())
"""


def with_two(path: Path, work: Callable[[Ledger, Ledger], Awaitable[None]]) -> None:
    async def run() -> None:
        one, other = Ledger.open(path), Ledger.open(path)
        try:
            await work(one, other)
        finally:
            await one.close()
            await other.close()

    asyncio.run(run())


def test_what_one_asks_another_waits_for_and_takes(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(name: str) -> Callable[[], Awaitable[Answer]]:
        async def produce() -> Answer:
            asked.append(name)
            await asyncio.sleep(0.05)
            return Answer(name)

        return produce

    async def work(one: Ledger, other: Ledger) -> None:
        answers = await asyncio.gather(*(
            ledger.once(f"k{number}", "ask", {}, ask(f"{name} {number}"))
            for number in range(20) for name, ledger in (("one", one), ("other", other))
        ))  # fmt: skip
        assert len(asked) == 20 and answers[::2] == answers[1::2]
        assert one.totals().asked + other.totals().asked == one.totals().reused + other.totals().reused == 20

    with_two(tmp_path / "ledger", work)


def test_where_one_gets_no_answer_another_asks(tmp_path: Path) -> None:
    async def fail() -> Answer:
        await asyncio.sleep(0.05)
        raise Unanswered("endpoint: 500")

    async def produce() -> Answer:
        return Answer(1)

    async def work(one: Ledger, other: Ledger) -> None:
        failing = asyncio.create_task(one.once("k", "ask", {}, fail))
        await asyncio.sleep(0.01)
        assert (await other.once("k", "ask", {}, produce)).response == 1
        with pytest.raises(Unanswered):
            await failing

    with_two(tmp_path / "ledger", work)


def test_a_claim_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    async def taken() -> None:
        async with Claims(tmp_path / "ledger").held("k"):
            pass

    async def waited() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(taken(), 0.2)
        async with Claims(tmp_path / "ledger").held("another"):
            holder.kill()
        await asyncio.wait_for(taken(), 30)

    words = [sys.executable, "-c", HOLDER, str(tmp_path / "ledger")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        asyncio.run(waited())
