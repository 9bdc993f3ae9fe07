"""A server as people run it: fetched by uvx, started in a workspace, called."""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from astra_data.ledger import Ledger
from astra_data.tools.collect import collect
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.normalise import normalise
from astra_data.tools.pool import Pool
from astra_data.tools.session import Deadlines
from astra_data.tools.validate import argument_error
from astra_data.tools.workspace import Template

UVX = shutil.which("uvx") or shutil.which("uvx", path=str(Path(sys.executable).parent))


pytestmark = [pytest.mark.skipif(UVX is None, reason="uv is not installed"), pytest.mark.usefixtures("nothing_left")]
PATIENT = Deadlines(300, 60, 60)


def test_a_package_from_the_index_is_collected_and_called(tmp_path: Path) -> None:
    entry = ServerEntry("units", "stdio", "uvx", ("unit-converter-mcp==0.1.2",))

    async def main() -> None:
        ledger = Ledger.open(tmp_path / "ledger.sqlite")
        async with Pool({"units": entry}, Template(), stateless=frozenset({"units"}), deadlines=PATIENT) as pool:
            document = await collect(entry, pool, ledger)
            server = normalise(document).server
            assert server is not None
            assert (server.source.package, server.source.version) == ("pypi:unit-converter-mcp", "0.1.2")
            length = next(tool for tool in server.tools if tool.name == "convert_length")
            mile = {"value": 1, "from_unit": "mile", "to_unit": "kilometer"}
            assert argument_error(length.parameters, mile) is None
            assert argument_error(length.parameters, mile | {"value": "one"}) is not None
            async with pool.lease("units") as session:
                result = await session.call("convert_length", mile)
            assert not result.is_error
            assert "1.609" in result.content
        await ledger.close()

    asyncio.run(main())


def test_a_server_made_for_the_old_sdk_is_started_with_it() -> None:
    entry = ServerEntry("sqlite", "stdio", "uvx", ("mcp-server-sqlite==2025.4.25", "--db-path", "/workspace/db.sqlite"))

    async def main() -> None:
        async with Pool({"sqlite": entry}, Template(), deadlines=PATIENT) as pool, pool.lease("sqlite") as session:
            assert session.entry.args[:2] == ("--with", "mcp<2")
            await session.call("create_table", {"query": "create table t (id integer)"})
            assert (await session.call("list_tables", {})).content == "[{'name': 't'}]"
            refused = await session.call("read_query", {"query": "drop table t"})
            assert "Only SELECT" in refused.content

    asyncio.run(main())
