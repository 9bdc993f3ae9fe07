"""A live server is asked once for its tools; what is recorded could be published."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from astra_data.ledger import Ledger
from astra_data.tools.collect import collect
from astra_data.tools.connect import connection_of
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.normalise import normalise
from astra_data.tools.packages import package_of
from astra_data.tools.pool import Pool
from astra_data.tools.result import ToolBackendDown
from astra_data.tools.workspace import Template

Entry = Callable[..., ServerEntry]


@pytest.mark.usefixtures("nothing_left")
def test_tools_are_asked_for_once_and_again_on_refresh(entry: Entry, tmp_path: Path) -> None:
    server = entry(env={"TOKEN": "hunter2222"})

    async def main() -> None:
        ledger = Ledger.open(tmp_path / "ledger.sqlite")
        async with Pool({"manners": server}, Template()) as pool:
            first = await collect(server, pool, ledger, licenses={"manners": "MIT"})
            row = normalise(first).server
            assert row is not None
            assert (row.name, row.version, row.license, len(row.tools)) == ("manners", "1.2.3", "MIT", 14)
            assert row.connection == connection_of(server)
            assert row.source.kind == "live"
        async with Pool({}, Template()) as empty:
            assert await collect(server, empty, ledger, licenses={"manners": "MIT"}) == first
        async with Pool({"manners": server}, Template()) as pool:
            assert await collect(server, pool, ledger, refresh=True, licenses={"manners": "MIT"}) == first
        recorded = json.dumps(list(ledger.export()))
        assert recorded.count('"outcome": "ok"') == 2
        assert "hunter2222" not in recorded
        assert "astra-" not in recorded
        assert sys.prefix not in recorded
        await ledger.close()

    asyncio.run(main())


@pytest.mark.usefixtures("nothing_left")
def test_a_server_that_does_not_start_is_down_with_its_last_words_and_the_attempt_is_recorded(
    entry: Entry, tmp_path: Path
) -> None:
    server = entry("die-at-start")

    async def main() -> None:
        ledger = Ledger.open(tmp_path / "ledger.sqlite")
        async with Pool({"manners": server}, Template()) as pool:
            with pytest.raises(ToolBackendDown, match=r"^tool backend: start failed - manners.*cannot go on"):
                await collect(server, pool, ledger)
        [attempt] = ledger.export()
        assert attempt["outcome"] == "failed"
        await ledger.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("command", "args", "package"),
    [
        ("uvx", ("mcp-server-git==1.2", "--repository", "/workspace"), ("pypi:mcp-server-git", "1.2")),
        ("uvx", ("--with", "mcp<2", "a-server"), ("pypi:a-server", None)),
        ("/x/uvx", ("--from", "pack[all]==2", "script"), ("pypi:pack", "2")),
        ("npx", ("-y", "@scope/server@3.0.1", "/workspace"), ("npm:@scope/server", "3.0.1")),
        ("npx", ("-y", "server"), ("npm:server", None)),
        ("python", ("server.py",), (None, None)),
        ("uvx", ("--index-url", "https://example.org/simple", "x==1"), ("pypi:x", "1")),
        ("uvx", ("--from=x", "y"), ("pypi:x", None)),
        ("uv", ("tool", "run", "--with", "a", "x@2"), ("pypi:x", "2")),
        ("uv", ("run", "--with", "x", "server.py"), (None, None)),
        ("npx", ("-y", "-p", "x@1", "y"), ("npm:x", "1")),
        ("npx", ("--package=x", "y", "-p", "z"), ("npm:x", None)),
        ("npm", ("exec", "-y", "--", "@a/x@1.2"), ("npm:@a/x", "1.2")),
        ("pnpm", ("dlx", "x"), ("npm:x", None)),
        ("bunx", ("x",), ("npm:x", None)),
        ("pipx", ("run", "x==3"), ("pypi:x", "3")),
        ("npm", ("install", "x"), (None, None)),
        ("uvx", ("git+https://example.org/x.git",), (None, None)),
    ],
)
def test_the_package_and_its_pin_are_read_from_the_command(
    command: str, args: tuple[str, ...], package: tuple[str | None, str | None]
) -> None:
    assert package_of(ServerEntry("s", "stdio", command, args)) == package
