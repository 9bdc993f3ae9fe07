"""The results of a rollout are recorded as they come, and a replay needs no server until it leaves what was recorded."""

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from scripted import TEXT, card, schema, server

from astra_data.ledger import Answer, Ledger, Unanswered
from astra_data.messages import JsonObject
from astra_data.rollout.toolbox import Diverged, LiveToolbox
from astra_data.tools import permission
from astra_data.tools.mcp_config import ServerEntry, Writes
from astra_data.tools.pool import Pool
from astra_data.tools.session import Deadlines
from astra_data.tools.workspace import Template

SERVERS = Path(__file__).parents[1] / "mcp_servers"
NOTES = server(card("add_note", "Keeps a note.", schema({"text": TEXT})), name="notes")
MANNERS = server(card("add", "Adds."), name="notes")
ROWS = {"desk.py": NOTES, "server.py": MANNERS}
FIRST: list[tuple[str, JsonObject]] = [("add_note", {"text": "tea"}), ("add_note", {"text": "milk"}), ("count_notes", {})]


class Bench:
    """A ledger, and the notes server: one process for each rollout, whose starts are counted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._starts = folder, folder / "starts"

    @property
    def starts(self) -> int:
        return len(self._starts.read_text().splitlines()) if self._starts.exists() else 0

    def play(
        self,
        work: Callable[[LiveToolbox], Awaitable[None]],
        *,
        rollout: str = "r",
        notes: str = "",
        program: tuple[str, ...] = ("desk.py", "notes"),
        then: Callable[[], Awaitable[None]] | None = None,
        writes: Writes = "allow",
    ) -> None:
        """Run `work` on the toolbox of a rollout whose workspace begins with these notes, and wait for `then` after it."""
        template = self.folder / f"template-{len(notes)}"
        template.mkdir(exist_ok=True)
        (template / "notes.txt").write_text(notes)
        arguments = (str(SERVERS / program[0]), *program[1:])
        entry = ServerEntry("notes", "stdio", sys.executable, arguments, env={"STARTS": str(self._starts)}, writes=writes)

        async def main() -> None:
            ledger = Ledger.open(self.folder / "ledger.sqlite")
            try:
                async with (
                    Pool({"notes": entry}, Template(template), deadlines=Deadlines(60, 60, 60)) as pool,
                    LiveToolbox(ROWS[program[0]], pool, ledger, rollout=rollout, fixture="f") as toolbox,
                ):
                    await work(toolbox)
                if then:
                    await then()
            finally:
                await ledger.close()

        asyncio.run(main())

    def results(self, *wanted: tuple[str, JsonObject], **how: Any) -> list[str]:
        """What these calls give in one rollout."""
        found: list[str] = []

        async def work(toolbox: LiveToolbox) -> None:
            found.extend([(await toolbox.call(name, arguments)).content for name, arguments in wanted])

        self.play(work, **how)
        return found

    def recorded(self) -> list[str]:
        ledger = Ledger.open(self.folder / "ledger.sqlite")
        outcomes = [effect["outcome"] for effect in ledger.export()]
        asyncio.run(ledger.close())
        return outcomes


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_results_are_recorded_and_a_replay_starts_no_server(bench: Bench) -> None:
    expected = ['{"number": 1}', '{"number": 2}', '{"notes": 2}']
    assert bench.results(*FIRST) == expected
    assert (bench.starts, bench.recorded()) == (1, ["ok"] * 3)
    assert bench.results(*FIRST) == expected
    assert (bench.starts, bench.recorded()) == (1, ["ok"] * 3)


def test_no_call_starts_no_server(bench: Bench) -> None:
    assert bench.results() == []
    assert bench.starts == 0


def test_the_same_call_later_is_another_call(bench: Bench) -> None:
    count: tuple[str, JsonObject] = ("count_notes", {})
    assert bench.results(count, FIRST[0], count) == ['{"notes": 0}', '{"number": 1}', '{"notes": 1}']


def test_a_server_sees_the_calls_that_another_answered_before_it_acts_again(bench: Bench) -> None:
    bench.results(*FIRST, rollout="elsewhere")

    async def work(toolbox: LiveToolbox) -> None:
        await toolbox.call(*FIRST[0])
        find, answer = functools.partial(Ledger.find, toolbox._ledger), Answer({"content": '{"number": 2}', "is_error": False})
        with patch.object(Ledger, "find", lambda ledger, key: find(key) or answer):
            await toolbox.call(*FIRST[1])
        assert (await toolbox.call("count_notes", {})).content == '{"notes": 2}'

    bench.play(work)
    assert bench.starts == 2


def test_one_process_plays_a_rollout_at_a_time(bench: Bench) -> None:
    order: list[str] = []

    async def second() -> None:
        ledger = Ledger.open(bench.folder / "ledger.sqlite")
        async with Pool({}, Template()) as pool, LiveToolbox(NOTES, pool, ledger, rollout="r", fixture="f") as toolbox:
            order.append((await toolbox.call(*FIRST[0])).content)
        await ledger.close()

    async def first(toolbox: LiveToolbox) -> None:
        other = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        await toolbox.call(*FIRST[0])
        order.append("first")
        waiting.append(other)

    waiting: list[asyncio.Task[None]] = []
    bench.play(first, then=lambda: waiting[0])
    assert order == ["first", '{"number": 1}']


def test_rollouts_share_nothing(bench: Bench) -> None:
    assert bench.results(FIRST[0], rollout="one") == bench.results(FIRST[0], rollout="two") == ['{"number": 1}']
    assert bench.starts == 2


def test_where_a_replay_leaves_the_record_the_server_is_brought_to_the_same_state(bench: Bench) -> None:
    bench.results(*FIRST)
    assert bench.results(*FIRST, ("find_notes", {"word": "m"}))[-1] == '{"found": ["milk"]}'
    assert (bench.starts, len(bench.recorded())) == (2, 4)
    assert bench.results(FIRST[0], ("strike_note", {"number": 1}))[-1] == '{"left": 0}'
    assert bench.starts == 3


def test_a_state_that_cannot_be_restored_begins_afresh_and_a_replay_does_the_same(bench: Bench) -> None:
    bench.results(*FIRST)

    async def further(toolbox: LiveToolbox) -> None:
        for name, arguments in FIRST:
            await toolbox.call(name, arguments)
        with pytest.raises(Diverged):
            await toolbox.call("count_notes", {})
        await toolbox.restart()
        assert (await toolbox.call("add_note", {"text": "salt"})).content == '{"number": 2}'

    bench.play(further, notes="already here\n")
    assert bench.starts == 3, "one to record, one to find that the state is another, one after the restart"
    assert bench.results(("add_note", {"text": "salt"})) == ['{"number": 2}']
    assert bench.starts == 3
    assert bench.results(FIRST[0], notes="already here\n") == ['{"number": 2}'], "what came before the restart is forgotten"


@pytest.mark.parametrize(("manner", "reason"), [("die-at-start", "start failed"), ("", "died")])
def test_a_backend_that_is_down_is_no_answer_and_recorded_as_none(bench: Bench, manner: str, reason: str) -> None:
    async def work(toolbox: LiveToolbox) -> None:
        with pytest.raises(Unanswered, match=f"tool backend: {reason}"):
            await toolbox.call("die", {})

    bench.play(work, program=("server.py", manner) if manner else ("server.py",))
    assert "ok" not in bench.recorded()
    found = bench.results(("add", {"a": 1, "b": 2}), program=("server.py",))
    assert found == ["3"]


def test_a_backend_that_was_down_is_asked_again_by_the_next_run(bench: Bench) -> None:
    async def work(toolbox: LiveToolbox) -> None:
        with pytest.raises(Unanswered):
            await toolbox.call(*FIRST[0])

    bench.play(work, program=("server.py", "die-at-start"))
    assert bench.results(FIRST[0]) == ['{"number": 1}']


def test_an_error_of_the_tool_is_a_result_and_recorded(bench: Bench) -> None:
    async def work(toolbox: LiveToolbox) -> None:
        result = await toolbox.call("fail", {})
        assert (result.content, result.is_error) == ("the thing broke", True)
        assert (await toolbox.call("refuse", {})).is_error

    bench.play(work, program=("server.py",))
    assert bench.recorded() == ["ok", "ok"]
    bench.play(work, program=("server.py", "die-at-start"))


def test_only_the_shown_workspace_is_recorded(bench: Bench) -> None:
    async def work(toolbox: LiveToolbox) -> None:
        await toolbox.call("write", {"path": "/workspace/a.txt", "content": "/workspace"})
        assert (await toolbox.call("read", {"path": "/workspace/a.txt"})).content == "/workspace"
        assert (await toolbox.call("where", {})).content.startswith("cwd /workspace home /home/agent")

    bench.play(work, program=("server.py",))
    assert str(bench.folder).encode() not in (bench.folder / "ledger.sqlite").read_bytes()


def test_a_call_that_is_refused_for_its_place_is_no_answer_and_leaves_no_trace(bench: Bench) -> None:
    """The recipe decides whether it is sent; what was refused is not recorded, nor part of what later calls are known by."""
    away: tuple[str, JsonObject] = ("read", {"path": "/proc/self/../version"})
    ask: tuple[str, JsonObject] = ("echo", {"value": "a"})
    how: Any = {"program": ("server.py",)}
    refused = "Error: /proc/self/../version lies outside of /workspace"
    with patch.object(permission, "names_a_place", lambda entry: False):
        judged = how | {"writes": frozenset({"echo"})}
        assert bench.results(away, **judged) == [refused] and bench.recorded() == []
        assert bench.results(ask, away, ask, **judged) == ["a", refused, "a"] and bench.recorded() == ["ok"] * 2
        assert bench.results(ask, ask, **judged) == ["a", "a"] and bench.recorded() == ["ok"] * 2
        assert "version" in bench.results(ask, away, **how)[1] and bench.recorded() == ["ok"] * 3
        assert bench.results(ask, away, ask, **judged)[1] == refused, "what was done when it was allowed is not shown"
