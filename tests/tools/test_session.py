"""One server, with the good and bad manners of real ones; what it says reaches us without paths and secrets."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from processes import until_ended

from astra_data.messages import JsonObject
from astra_data.tools.launch import for_old_sdk
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.result import DIED, START_FAILED, TIMEOUT, DownReason, ToolBackendDown, ToolResult
from astra_data.tools.session import Deadlines, McpSession
from astra_data.tools.workspace import Template

PATIENT = Deadlines(60, 60, 60)
HASTY = Deadlines(60, 60, 0.3)


@asynccontextmanager
async def started(entry: ServerEntry, deadlines: Deadlines = PATIENT) -> AsyncIterator[McpSession]:
    with closing(Template()) as template, template.fresh(entry.secrets()) as workspace:
        session = await McpSession.start(entry, workspace, deadlines=deadlines)
        try:
            yield session
        finally:
            await session.close()


def with_session(entry: ServerEntry, use: Callable[[McpSession], Awaitable[None]], deadlines: Deadlines = PATIENT) -> None:
    async def main() -> None:
        async with started(entry, deadlines) as session:
            await use(session)

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("tool", "arguments", "result"),
    [
        ("add", {"a": 1, "b": 2}, ToolResult("3", is_error=False)),
        ("echo", {"value": "/workspace/a is /workspace/a"}, ToolResult("/workspace/a is /workspace/a", is_error=False)),
        ("fail", {}, ToolResult("the thing broke", is_error=True)),
        ("refuse", {}, ToolResult("invalid params: no", is_error=True)),
        ("unknown", {}, ToolResult("unknown tool unknown", is_error=True)),
        ("picture", {}, ToolResult("look:\n[image image/png, 3 bytes]", is_error=False)),
        ("structured", {}, ToolResult('{"path":"/workspace","sum":3}', is_error=False)),
    ],
)
def test_every_answer_to_a_call_is_a_result(
    entry: Callable[..., ServerEntry], tool: str, arguments: JsonObject, result: ToolResult
) -> None:
    async def use(session: McpSession) -> None:
        assert await session.call(tool, arguments) == result
        assert session.alive

    with_session(entry(writes="allow" if tool == "unknown" else frozenset()), use)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("manner", ["noise", "no-type", "pages"])
def test_tools_are_listed_whatever_the_manners(entry: Callable[..., ServerEntry], manner: str) -> None:
    async def use(session: McpSession) -> None:
        names = [tool["name"] for tool in await session.list_tools()]
        assert len(names) == len(set(names)) == 14
        assert await session.call("add", {"a": 1, "b": 2}) == ToolResult("3", is_error=False)

    with_session(entry(manner), use)


@pytest.mark.usefixtures("nothing_left")
def test_a_server_says_who_it_is_without_a_path_of_this_machine(entry: Callable[..., ServerEntry]) -> None:
    async def use(session: McpSession) -> None:
        assert (session.info.name, session.info.version) == ("manners", "1.2.3")
        assert session.info.title == "Good and bad manners"
        assert session.info.instructions == "Files are in /workspace."

    with_session(entry(), use)


def test_a_server_sees_its_own_folders_and_nothing_of_the_user(
    entry: Callable[..., ServerEntry], nothing_left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.setenv("GIVEN", "g-0123456789")

    async def use(session: McpSession) -> None:
        env = json.loads((await session.call("environment", {})).content)
        assert "OPENAI_API_KEY" not in env
        assert (env["TOKEN"], env["DB"], env["HOME"]) == ("***", "/workspace/db", "/home/agent")
        where = (await session.call("where", {})).content
        assert where.startswith("cwd /workspace home /home/agent")
        assert str(nothing_left) not in where
        await session.call("write", {"path": "/workspace/told", "content": "g-0123456789 at /workspace"})
        assert (await session.call("read", {"path": "/workspace/told"})).content == "*** at /workspace"
        assert (session.workspace.root / "told").read_text() == f"g-0123456789 at {session.workspace.root}"

    with_session(entry(env={"TOKEN": "${GIVEN}", "DB": "/workspace/db"}, writes="allow"), use)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(("tool", "deadlines", "reason"), [("die", PATIENT, DIED), ("hang", HASTY, TIMEOUT)])
def test_a_lost_backend_is_raised_with_a_stable_reason(
    entry: Callable[..., ServerEntry], tool: str, deadlines: Deadlines, reason: DownReason
) -> None:
    async def use(session: McpSession) -> None:
        with pytest.raises(ToolBackendDown) as raised:
            await session.call(tool, {})
        assert raised.value.reason == reason
        assert not session.alive
        if tool == "die":
            assert "out of luck" in raised.value.detail
        with pytest.raises(ToolBackendDown):
            await session.call("add", {"a": 1, "b": 2})

    with_session(entry(), use, deadlines)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("manner", "seconds", "detail"),
    [("die-at-start", 60, "its last words: cannot go on"), ("hang-at-start", 0.3, "no handshake within 0.3 s")],
)
def test_a_server_that_does_not_start_says_why(
    entry: Callable[..., ServerEntry], manner: str, seconds: float, detail: str
) -> None:
    async def use(_: McpSession) -> None:
        raise AssertionError("it started")

    with pytest.raises(ToolBackendDown) as raised:
        with_session(entry(manner), use, Deadlines(start=seconds))
    assert raised.value.reason == START_FAILED
    assert detail in raised.value.detail


@pytest.mark.usefixtures("nothing_left")
def test_a_missing_program_is_named() -> None:
    async def use(_: McpSession) -> None:
        raise AssertionError("it started")

    with pytest.raises(ToolBackendDown, match="the command no-such-program is not installed"):
        with_session(ServerEntry("s", "stdio", "no-such-program"), use)


@pytest.mark.usefixtures("nothing_left")
def test_what_a_server_started_ends_with_it(entry: Callable[..., ServerEntry]) -> None:
    pids: list[int] = []

    async def use(session: McpSession) -> None:
        pids.extend(int(pid) for pid in (await session.call("spawn", {})).content.split())
        for pid in pids:
            os.kill(pid, 0)

    with_session(entry(), use)
    until_ended(pids)


@pytest.mark.usefixtures("nothing_left")
def test_a_session_is_used_from_many_tasks_and_survives_a_cancelled_call(entry: Callable[..., ServerEntry]) -> None:
    async def use(session: McpSession) -> None:
        sums = await asyncio.gather(*(session.call("add", {"a": n, "b": 1}) for n in range(50)))
        assert [result.content for result in sums] == [str(n + 1) for n in range(50)]
        first = asyncio.create_task(session.call("add", {"a": 1, "b": 1}))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await session.call("add", {"a": 2, "b": 2})).content == "4"

    with_session(entry(), use)


@pytest.mark.usefixtures("nothing_left")
def test_a_cancelled_start_leaves_nothing(entry: Callable[..., ServerEntry]) -> None:
    async def main() -> None:
        async def start() -> None:
            async with started(entry("hang-at-start")):
                raise AssertionError("it started")

        task = asyncio.create_task(start())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.parametrize(
    ("command", "args", "older"),
    [
        ("uvx", ("a",), ("--with", "mcp<2", "a")),
        ("/x/bin/uvx", ("--from", "a", "b"), ("--with", "mcp<2", "--from", "a", "b")),
        ("uv", ("tool", "run", "a"), ("tool", "run", "--with", "mcp<2", "a")),
        ("uvx", ("--with", "mcp<2", "a"), None),
        ("npx", ("-y", "a"), None),
    ],
)
def test_only_uv_servers_can_be_started_with_the_old_sdk(
    command: str, args: tuple[str, ...], older: tuple[str, ...] | None
) -> None:
    found = for_old_sdk(ServerEntry("s", "stdio", command, args))
    assert (found and found.args) == older
