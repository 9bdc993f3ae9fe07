"""A server over streamable HTTP: the same session, no workspace, and its token stays secret."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing

import pytest
from mcp_servers.http import serving

from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.result import DIED, START_FAILED, ToolBackendDown, ToolResult
from astra_data.tools.session import Deadlines, McpSession
from astra_data.tools.workspace import Template

TOKEN = "s3cret-token"


def with_session(use: Callable[[McpSession], Awaitable[None]], token: str = TOKEN) -> None:
    async def main(url: str) -> None:
        entry = ServerEntry("remote", "http", url=url, headers={"Authorization": f"Bearer {token}"}, writes="allow")
        with closing(Template()) as template, template.fresh(entry.secrets()) as workspace:
            session = await McpSession.start(entry, workspace, deadlines=Deadlines(60, 60, 60))
            try:
                await use(session)
            finally:
                await session.close()

    with serving(TOKEN) as url:
        asyncio.run(main(url))


@pytest.mark.usefixtures("nothing_left")
def test_tools_are_listed_and_called_and_paths_stay_as_they_are() -> None:
    async def use(session: McpSession) -> None:
        assert session.info.name == "over-http"
        assert [tool["name"] for tool in await session.list_tools()] == ["echo", "die", "gone"]
        assert await session.call("echo", {"value": "/workspace/a"}) == ToolResult("/workspace/a ***", is_error=False)
        assert await session.responsive()

    with_session(use)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("tool", ["die", "gone"])
def test_a_lost_connection_is_a_lost_backend(tool: str) -> None:
    async def use(session: McpSession) -> None:
        with pytest.raises(ToolBackendDown) as raised:
            await session.call(tool, {"value": "x"})
        assert raised.value.reason == DIED

    with_session(use)


@pytest.mark.usefixtures("nothing_left")
def test_a_refused_token_is_a_failed_start_that_does_not_show_it() -> None:
    async def use(_: McpSession) -> None:
        raise AssertionError("it started")

    with pytest.raises(ToolBackendDown) as raised:
        with_session(use, token="wrong-token")
    assert raised.value.reason == START_FAILED
    assert "wrong-token" not in str(raised.value)


@pytest.mark.usefixtures("nothing_left")
def test_nobody_at_the_address_is_a_failed_start() -> None:
    async def main() -> None:
        entry = ServerEntry("none", "http", url="http://127.0.0.1:9/mcp")
        failing = pytest.raises(ToolBackendDown, match="start failed")
        with closing(Template()) as template, template.fresh() as workspace, failing:
            await McpSession.start(entry, workspace)

    asyncio.run(main())
