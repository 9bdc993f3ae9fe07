"""The walk from a row back to the tool documents it came from.

    for step in ancestors(row, place, store):
        step["dataset"], step["address"], step["id"]        # trajectories, then tasks, chains, tools
"""

from collections.abc import Iterator
from typing import Any

from astra_data.cli.options import tell_left_out
from astra_data.errors import DataError, Place
from astra_data.hub.load import Located, input_of
from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.pipeline.sources import row_type_of
from astra_data.rows import Row

PARENTS = {
    "question_id": "questions", "trajectory_id": "trajectories", "task_id": "tasks", "chain_id": "chains", "server_id": "tools",
}
"""Field that names an ancestor -> the kind of dataset it is in, nearest first. A question has its own in its `knowledge`."""

BULK = {
    "messages", "scores", "evidence", "verdicts", "calls", "usage", "sampling", "walk", "weights", "difficulty", "knowledge",
    "nodes", "checks",
}


def ancestors(row: Row, place: Located, store: Store, seen: frozenset[tuple[str, str]] = frozenset()) -> Iterator[Row]:
    """The row, then those it came from, each with its `dataset` and `address`, without what only a machine reads.

    Ends where a lineage names no further input, as that of rows from a file. Raises `DataError` where a dataset or a row that
    is named is not there, is in a place that only a stranger's lineage names, or is one of those that are `seen` already.
    """
    if (place.tree, row["id"]) in seen:
        raise DataError("its lineage leads round in a circle", place=Place(place.address), mend="show its ancestors one by one")
    lineage = place.record
    kind = lineage.kind if lineage else ""
    yield {"dataset": kind, "address": place.address, **_without_bulk(row)}
    knowledge = row.get("knowledge")
    named = (knowledge if isinstance(knowledge, dict) else {}) | row
    for field, parent in PARENTS.items():
        if named.get(field) and (above := input_of(place, parent, store)):
            yield from ancestors(_named(named[field], above), above, store, seen | {(place.tree, row["id"])})
            return


def _named(row_id: str, place: Located) -> Row:
    for row in read_rows(place.files(), row_type_of(place), tell_left_out):
        if row["id"] == row_id:
            return row
    raise DataError(f"has no row {row_id}", place=Place(place.address), mend="make the dataset below it again")


def _without_bulk(row: Row) -> Row:
    short = {name: value for name, value in row.items() if name not in BULK}
    if isinstance(short.get("tools"), list):
        short["tools"] = [_name(tool) for tool in short["tools"]]
    return short


def _name(tool: Any) -> Any:
    """The name of a tool as a server or as OpenAI has it; what has none stays as it is."""
    about = tool.get("function", tool) if isinstance(tool, dict) else {}
    return about["name"] if isinstance(about, dict) and "name" in about else tool
