"""Sources -> `tools`: servers of an `mcp.json` listed live, and servers described in documents [A 1].

An item is a server. Its tools are normalised and filtered; every tool that is dropped is a rejected row of its own, with the
reason. The listing of a live server is recorded, so a replay starts no server; `--refresh` lists anew.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from astra_data.errors import UsageError
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Quarantine, Reject, Resources, Stage, StageConfig
from astra_data.tools.connect import connection_of
from astra_data.tools.documents import Document, file_digest, read_documents
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.normalise import normalise
from astra_data.tools.result import ToolBackendDown

if TYPE_CHECKING:
    import polars as pl


class ToolsConfig(StageConfig):
    """Nothing to choose yet: the filters are those of [A 1, 20.1]."""


def items(inputs: Inputs, config: ToolsConfig, resources: Resources) -> Iterator[Item]:
    if not resources.servers and not resources.documents:
        raise UsageError("the recipe names no tools", mend="add `mcp: mcp.json`, or `documents: [FILE]`, or both")
    for name, entry in resources.servers.items():
        yield Item(name, entry)
    for path in resources.documents:
        for document in read_documents(path):
            yield Item(f"{path.name}/{document.name}", document)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: ToolsConfig, resources: Resources) -> AsyncIterator[Expand]:
    from astra_data.tools.collect import collect
    from astra_data.tools.pool import Pool

    async with Pool(resources.servers, resources.template) as pool:

        async def expand(source: ServerEntry | Document) -> list[Outcome]:
            if isinstance(source, Document):
                return _outcomes(source, resources)
            try:
                document = await collect(source, pool, resources.ledger, refresh=resources.refresh)
            except ToolBackendDown as down:
                return [Quarantine(str(down))]
            return _outcomes(document, resources)

        yield expand


def _outcomes(document: Document, resources: Resources) -> list[Outcome]:
    named = replace(document, license=resources.option(document.name).license or document.license)
    result = normalise(named)
    refused: list[Outcome] = [Reject(reason, row) for row, reason in result.rejected]
    return [Keep(result.server), *refused] if result.server else refused


def select(candidates: "pl.LazyFrame", config: ToolsConfig, resources: Resources) -> "pl.LazyFrame":
    """Of servers with one name, the first stays."""
    import polars as pl

    return candidates.select("id", keep=pl.col("name").is_first_distinct(), reason=pl.lit("server: duplicate name"))


def fingerprint(config: ToolsConfig, resources: Resources) -> dict[str, Any]:
    """The entries without secrets, the bytes of the documents, and the licences the recipe states."""
    return {
        "servers": {name: connection_of(entry) for name, entry in resources.servers.items()},
        "documents": [[path.name, file_digest(path)] for path in resources.documents],
        "licenses": {name: option.license for name, option in sorted(resources.options.items())},
        "workspace": resources.template.digest,
    }


STAGE = Stage(
    name="tools",
    version=1,
    reads=(),
    config=ToolsConfig,
    items=items,
    open=open_stage,
    select=select,
    fingerprint=fingerprint,
)
