"""The tools of a live server, as a document.

    document = await collect(entry, pool, ledger)

What the server listed is recorded in the ledger under its `mcp.json` entry without secrets, so that it is asked once; `refresh`
asks again. Paths of this machine and secrets are gone before anything is recorded.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from astra_data.ledger import Answer, Ledger, Unanswered
from astra_data.rows.canonical import digest
from astra_data.rows.tools import Source
from astra_data.tools.connect import connection_of, listing_of
from astra_data.tools.documents import Document
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.packages import package_of
from astra_data.tools.pool import Pool
from astra_data.tools.result import EXPIRED, ToolBackendDown
from astra_data.tools.session import McpSession


async def collect(
    entry: ServerEntry, pool: Pool, ledger: Ledger, *, refresh: bool = False, licenses: Mapping[str, str] | None = None
) -> Document:
    """The document of one server of the pool. `licenses` maps server names to SPDX identifiers.

    Raises `ToolBackendDown` with the server's last words if it does not start or does not list its tools.
    """
    request = listing_of(entry)
    key = digest(request)

    async def ask() -> Answer:
        for last in (False, True):
            try:
                async with pool.lease(entry.name) as session:
                    return Answer((await listed(entry, session)).to_json())
            except ToolBackendDown as down:
                if last or down.reason != EXPIRED:
                    raise Unanswered(str(down)) from down
        raise AssertionError("the second attempt answers or raises")

    try:
        if refresh:
            answer = await ledger.put(key, "tool", request, await ask())
        else:
            answer = await ledger.once(key, "tool", request, ask)
    except Unanswered as failure:
        if isinstance(failure.__cause__, ToolBackendDown):
            raise failure.__cause__ from None
        raise
    try:
        document = Document.from_json(answer.response)
    except ValueError as error:
        raise Unanswered(f"ledger: {error}; it is another's, or damaged", sent=False) from error
    return replace(document, name=entry.name, license=(licenses or {}).get(entry.name, document.license))


async def listed(entry: ServerEntry, session: McpSession) -> Document:
    """What a running server says of itself and its tools, without paths of this machine."""
    info = session.info
    package, pin = package_of(entry)
    tools = await session.list_tools()
    flags = list(entry.flags) + (["started with mcp<2"] if session.entry.args != entry.args else [])
    flags += [flag for flag in (session.hello_flag, session.list_flag) if flag]
    return Document(
        entry.name,
        tools,
        Source("live", package, pin, f"{Path(entry.file).name}#{entry.name}"),
        version=info.version or pin or "",
        title=info.title or info.name or entry.name,
        description=info.instructions or "",
        connection=connection_of(entry),
        flags=flags,
    )
