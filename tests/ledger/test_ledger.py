"""One answer per key, committed before it is returned, counted, and found again."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from astra_data.errors import DataError
from astra_data.ledger import Answer, Ledger, Totals, Unanswered, Usage
from astra_data.tools.scrub import Scrub

PAID = Usage(input_tokens=10, output_tokens=2, cost=0.5)


class Source:
    """Counts how often it is asked; waits for `gate` where there is one; fails the first `failures` times."""

    def __init__(self, failures: int = 0, gate: asyncio.Event | None = None) -> None:
        self.asked, self.failures, self.gate = 0, failures, gate

    async def __call__(self) -> Answer:
        self.asked += 1
        if self.gate:
            await self.gate.wait()
        if self.asked <= self.failures:
            raise Unanswered("endpoint: 500 - busy", Answer(["half"], PAID))
        return Answer({"n": self.asked}, PAID)


def with_ledger(path: Path, work: Callable[[Ledger], Awaitable[None]]) -> None:
    async def run() -> None:
        ledger = Ledger.open(path)
        try:
            await work(ledger)
        finally:
            await ledger.close()

    asyncio.run(run())


def test_an_answer_is_produced_once_and_found_by_a_later_process(tmp_path: Path) -> None:
    path, source = tmp_path / "store" / "ledger.sqlite", Source()

    async def ask(ledger: Ledger) -> None:
        assert await ledger.once("k", "ask", {"q": "é"}, source) == Answer({"n": 1}, PAID)

    with_ledger(path, ask)
    with_ledger(path, ask)
    assert source.asked == 1
    row = sqlite3.connect(path).execute("SELECT key, attempt, kind, request, response, outcome FROM effects").fetchall()
    assert row == [("k", 1, "ask", '{"q":"é"}', '{"n":1}', "ok")]


def test_an_answer_is_on_disk_when_it_is_returned(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        await ledger.once("k", "tool", {}, Source())
        assert sqlite3.connect(ledger.path).execute("SELECT COUNT(*) FROM effects").fetchone() == (1,)

    with_ledger(tmp_path / "l", ask)


def test_equal_asks_in_flight_share_one(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        gate = asyncio.Event()
        source = Source(gate=gate)
        waiting = [asyncio.create_task(ledger.once("k", "ask", {}, source)) for _ in range(100)]
        await asyncio.sleep(0)
        gate.set()
        assert {answer.response["n"] for answer in await asyncio.gather(*waiting)} == {1}
        assert source.asked == 1
        assert ledger.totals() == Totals(asked=1, reused=99, input_tokens=10, output_tokens=2, cost=0.5)

    with_ledger(tmp_path / "l", ask)


def test_a_failure_reaches_all_waiters_is_recorded_and_asked_again(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        gate = asyncio.Event()
        source = Source(failures=1, gate=gate)
        waiting = [asyncio.create_task(ledger.once("k", "ask", {}, source)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, Unanswered) and outcome.reason == "endpoint: 500 - busy"
        assert ledger.find("k") is None
        assert (await ledger.once("k", "ask", {}, source)).response == {"n": 2}
        failed, good = ledger.export()
        assert (failed["attempt"], failed["outcome"]) == (1, "failed")
        assert failed["response"] == {"reason": "endpoint: 500 - busy", "response": ["half"]}
        assert failed["usage"] == {"input_tokens": 10, "output_tokens": 2, "cost": 0.5}
        assert (good["attempt"], good["outcome"], good["response"]) == (2, "ok", {"n": 2})
        assert ledger.totals() == Totals(2, 2, 1, input_tokens=20, output_tokens=4, cost=1.0)

    with_ledger(tmp_path / "l", ask)


def test_what_was_never_sent_is_no_attempt(tmp_path: Path) -> None:
    async def refuse() -> Answer:
        raise Unanswered("budget: exhausted", sent=False)

    async def ask(ledger: Ledger) -> None:
        with pytest.raises(Unanswered):
            await ledger.once("k", "ask", {}, refuse)
        assert list(ledger.export()) == []
        assert ledger.totals() == Totals()

    with_ledger(tmp_path / "l", ask)


def test_other_errors_pass_through_unrecorded(tmp_path: Path) -> None:
    async def break_down() -> Answer:
        raise ValueError("a bug")

    async def ask(ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="a bug"):
            await ledger.once("k", "ask", {}, break_down)
        assert list(ledger.export()) == []
        assert (await ledger.once("k", "ask", {}, Source())).response == {"n": 1}

    with_ledger(tmp_path / "l", ask)


def test_a_cancelled_waiter_leaves_the_work_to_the_others(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        gate = asyncio.Event()
        source = Source(gate=gate)
        first, second = (asyncio.create_task(ledger.once("k", "ask", {}, source)) for _ in range(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        gate.set()
        assert (await second).response == {"n": 1}
        assert first.cancelled()

    with_ledger(tmp_path / "l", ask)


def test_work_that_nobody_waits_for_is_cancelled_and_can_start_anew(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        source = Source(gate=asyncio.Event())
        only = asyncio.create_task(ledger.once("k", "ask", {}, source))
        while not source.asked:
            await asyncio.sleep(0)
        only.cancel()
        await asyncio.wait([only])
        again = Source()
        assert (await ledger.once("k", "ask", {}, again)).response == {"n": 1}
        assert next(iter(ledger.export()))["attempt"] == 1

    with_ledger(tmp_path / "l", ask)


def test_put_supersedes(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        await asyncio.gather(*(ledger.put("k", "ask", {}, Answer(n)) for n in range(5)))
        found = ledger.find("k")
        assert found is not None
        assert found.response == 4
        assert [effect["attempt"] for effect in ledger.export()] == [1, 2, 3, 4, 5]

    with_ledger(tmp_path / "l", ask)


def test_export_is_ordered_by_key_and_may_be_narrowed(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        for key in ("b", "c", "a"):
            await ledger.put(key, "tool", {"of": key}, Answer({}))
        assert [effect["key"] for effect in ledger.export()] == ["a", "b", "c"]
        assert [effect["request"] for effect in ledger.export(["c", "a", "c", "?"])] == [{"of": "a"}, {"of": "c"}]

    with_ledger(tmp_path / "l", ask)


def test_any_text_survives(tmp_path: Path) -> None:
    text = "\x00 \\u0000 ' \" \u2028 \U0001f600 \n" * 100

    async def ask(ledger: Ledger) -> None:
        await ledger.put("k'\"", "ask", {"t": text}, Answer({"t": text}))
        (effect,) = ledger.export()
        assert effect["request"] == effect["response"] == {"t": text}
        assert effect["key"] == "k'\""

    with_ledger(tmp_path / "l", ask)


def test_closing_twice_is_harmless_and_folds_the_log_into_the_file(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        await ledger.put("k", "ask", {}, Answer(1))
        await ledger.close()

    with_ledger(tmp_path / "l", ask)
    assert [path.name for path in tmp_path.iterdir()] == ["l"]


def test_closing_keeps_what_was_paid_a_moment_before(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        tasks = [asyncio.create_task(ledger.put(str(n), "ask", {}, Answer(n))) for n in range(50)]
        await asyncio.sleep(0)
        await ledger.close()
        await asyncio.gather(*tasks)

    with_ledger(tmp_path / "l", ask)
    assert sqlite3.connect(tmp_path / "l").execute("SELECT COUNT(*) FROM effects").fetchone() == (50,)


def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("not a database at all, " * 50)
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine(a)")
    before = other.read_bytes()
    for path in (text, other):
        with pytest.raises(DataError, match="this is not a ledger"):
            Ledger.open(path)
    assert other.read_bytes() == before


def test_another_schema_version_is_refused_by_number(tmp_path: Path) -> None:
    with_ledger(tmp_path / "l", lambda ledger: ledger.put("k", "ask", {}, Answer(1)))
    with sqlite3.connect(tmp_path / "l") as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(DataError, match="schema version 9, this astra-data writes version 1"):
        Ledger.open(tmp_path / "l")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file/ledger\.sqlite: the ledger cannot be used"):
        Ledger.open(tmp_path / "file" / "ledger.sqlite")


def test_two_open_ledgers_share_a_file(tmp_path: Path) -> None:
    async def ask(ledger: Ledger) -> None:
        other = Ledger.open(ledger.path)
        writes = [(ledger, other)[n % 2].put("k", "ask", {}, Answer(n)) for n in range(40)]
        await asyncio.gather(*writes)
        assert [effect["attempt"] for effect in other.export()] == list(range(1, 41))
        await other.close()

    with_ledger(tmp_path / "l", ask)


SECRET = "qX7Kz90aZw"


def test_no_known_secret_enters_the_file_or_leaves_it(tmp_path: Path) -> None:
    scrub, told = Scrub({SECRET}), {"said": f"key {SECRET}", SECRET: [f"YQ{SECRET}"]}

    async def produce() -> Answer:
        return Answer(told)

    async def fail() -> Answer:
        raise Unanswered(f"endpoint: 500 - {SECRET}", Answer([SECRET]))

    async def work() -> None:
        ledger = Ledger.open(tmp_path / "l", scrub)
        clean = {"said": "key ***", "***": ["YQ***"]}
        assert (await ledger.once("k", "tool", {"with": SECRET}, produce)).response == clean
        assert (await ledger.once("k", "tool", {"with": SECRET}, produce)).response == clean
        assert (await ledger.put("p", "ask", SECRET, Answer(SECRET))).response == "***"
        with pytest.raises(Unanswered):
            await ledger.once("f", "ask", {}, fail)
        await ledger.close()

    asyncio.run(work())
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes()


def test_what_an_older_ledger_holds_is_found_under_its_key_and_told_without_secrets(tmp_path: Path) -> None:
    with_ledger(tmp_path / "l", lambda ledger: ledger.put("k", "tool", {"q": SECRET}, Answer([SECRET, "plain"])))
    ledger = Ledger.open(tmp_path / "l", Scrub({SECRET}))
    assert ledger.find("k") == Answer(["***", "plain"])
    assert SECRET not in repr(list(ledger.export()))
    asyncio.run(ledger.close())
