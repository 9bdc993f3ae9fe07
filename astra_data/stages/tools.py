"""Sources -> `tools`: servers of an `mcp.json` listed live, and servers described in documents [A 1].

An item is a server, or a file that cannot be read. Its tools are normalised
and filtered, and a labeller names its domain and looks again at descriptions that say little; every tool that is dropped is a
rejected row of its own, with the reason. The listing of a live server is recorded, so a replay starts no server; `--refresh`
lists anew.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from astra_data.errors import DataError, Place, UsageError
from astra_data.pipeline.stage import (
    Expand,
    Inputs,
    Item,
    Keep,
    Outcome,
    Quarantine,
    Reject,
    Resources,
    Stage,
    StageConfig,
    taken,
)
from astra_data.teacher.teacher import Teacher
from astra_data.teacher.tool_asks import JUDGE_DESCRIPTION, LABEL_DOMAIN
from astra_data.tools.connect import connection_of
from astra_data.tools.documents import Document, documents_of, file_digest
from astra_data.tools.duplicates import LEAST_SIMILARITY, near_duplicate_servers
from astra_data.tools.filters import SERVER_DUPLICATE, SERVER_NEAR_DUPLICATE
from astra_data.tools.labels import ROLE, with_domain, without_ambiguous
from astra_data.tools.mcp_config import ServerEntry
from astra_data.tools.normalise import normalise
from astra_data.tools.result import ToolBackendDown

if TYPE_CHECKING:
    import polars as pl


class ToolsConfig(StageConfig):
    """What is done with servers beyond the filters of [A 1, 20.1]."""

    near_duplicate: float | None = Field(
        default=LEAST_SIMILARITY, gt=0, le=1, description="similarity of tool names from which on the later server goes, or null"
    )
    judge_descriptions: bool = Field(default=True, description="ask the labeller whether a short description says enough")


def items(inputs: Inputs, config: ToolsConfig, resources: Resources) -> Iterator[Item]:
    if not resources.servers and not resources.documents:
        raise UsageError("the recipe names no tools", mend="add `mcp: mcp.json`, or `documents: [FILE]`, or both")
    for name, entry in resources.servers.items():
        yield Item(name, entry)
    for path in resources.documents:
        yield from _of_file(path, _shown(path, resources))


def _of_file(path: Path, shown: str) -> Iterator[Item]:
    """The servers of a file. What is wrong with it is an item like any other, for `taken`."""
    try:
        for found in documents_of(path):
            yield _placed(shown, found) if isinstance(found, DataError) else Item(f"{shown}/{found.name}", found)
    except DataError as error:
        yield _placed(shown, error)
    except Exception as error:
        yield Item(shown, error)


def _placed(shown: str, error: DataError) -> Item:
    """The item of what is wrong in a file, under its whole name and row."""
    place = replace(error.place, file=shown) if error.place else Place(shown)
    name = f"{shown}, row {place.row}" if place.row else shown
    return Item(name, DataError(error.message, place=place, mend=error.mend))


def _shown(path: Path, resources: Resources) -> str:
    """The file as it is named from the recipe's folder, or its name alone where it lies elsewhere."""
    folder = resources.folder.absolute()
    return path.absolute().relative_to(folder).as_posix() if path.absolute().is_relative_to(folder) else path.name


@asynccontextmanager
async def open_stage(inputs: Inputs, config: ToolsConfig, resources: Resources) -> AsyncIterator[Expand]:
    from astra_data.tools.collect import collect
    from astra_data.tools.pool import Pool

    labeller = resources.roles.teacher(ROLE)
    async with Pool(resources.servers, resources.template) as pool:

        async def expand(given: ServerEntry | Document | Exception) -> list[Outcome]:
            source = taken(given)
            if isinstance(source, Document):
                return await _outcomes(source, config, resources, labeller)
            try:
                document = await collect(source, pool, resources.ledger, refresh=resources.refresh)
            except ToolBackendDown as down:
                return [Quarantine(str(down))]
            return await _outcomes(document, config, resources, labeller)

        yield expand


async def _outcomes(document: Document, config: ToolsConfig, resources: Resources, labeller: Teacher) -> list[Outcome]:
    document = replace(document, license=resources.option(document.name).license or document.license)
    found = normalise(document)
    if config.judge_descriptions:
        found = await without_ambiguous(found, document, labeller)
    refused: list[Outcome] = [Reject(reason, row) for row, reason in found.rejected]
    return [Keep(await with_domain(found.server, labeller)), *refused] if found.server else refused


def select(candidates: "pl.LazyFrame", config: ToolsConfig, resources: Resources) -> "pl.LazyFrame":
    """Of servers with one name, and of those that offer nearly the same tools, the first stays."""
    import polars as pl

    names = pl.col("tools").list.eval(pl.element().struct.field("name"))
    frame = candidates.select("id", "name", names).collect()
    again = frame.filter(~pl.col("name").is_first_distinct())
    lost = dict.fromkeys(again["id"], SERVER_DUPLICATE)
    lost |= _repeated(frame.filter(~pl.col("id").is_in(list(lost))), config.near_duplicate)
    reasons = [lost.get(row) for row in frame["id"]]
    decided = frame.select("id").with_columns(reason=pl.Series(reasons, dtype=pl.String))
    return decided.lazy().with_columns(keep=pl.col("reason").is_null())


def _repeated(servers: "pl.DataFrame", threshold: float | None) -> dict[str, str]:
    """Reason by id of the servers that offer nearly the same tools as an earlier one."""
    if threshold is None:
        return {}
    ids, names = servers["id"].to_list(), servers["name"].to_list()
    similar = near_duplicate_servers(servers["tools"].to_list(), threshold)
    found = [(name, earlier) for name, earlier in zip(ids, similar, strict=True) if earlier is not None]
    return {name: f"{SERVER_NEAR_DUPLICATE} - of {names[earlier]}" for name, earlier in found}


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
    version=3,
    reads=(),
    config=ToolsConfig,
    items=items,
    open=open_stage,
    roles=(ROLE,),
    asks=(LABEL_DOMAIN, JUDGE_DESCRIPTION),
    select=select,
    fingerprint=fingerprint,
    starts=lambda config, resources: bool(resources.servers or resources.documents),
)
