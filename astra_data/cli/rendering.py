"""Rows as text for people."""

import json
from collections.abc import Iterator

from astra_data.errors import UsageError
from astra_data.hub.addresses import parse
from astra_data.hub.lineage import Lineage
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.rows import ROW_TYPES, Row

PARENTS = {"trajectory_id": "trajectories", "task_id": "tasks", "chain_id": "chains", "server_id": "tools"}
"""Field that names an ancestor -> the kind of dataset it is in, nearest first."""


def conversation(row: Row) -> Iterator[str]:
    """A trajectory or a training conversation, turn by turn."""
    yield f"{row['id']}  {row['server']}  reward {_number(row.get('reward'))}  {row.get('terminal', '')}".rstrip()
    for message in row["messages"]:
        yield ""
        yield f"{message['role']}:"
        if message.get("reasoning_content"):
            yield f"  (thinks) {message['reasoning_content']}"
        if message.get("content"):
            yield "  " + str(message["content"]).replace("\n", "\n  ")
        for call in message.get("tool_calls") or ():
            arguments = json.dumps(call["function"]["arguments"], ensure_ascii=False)
            yield f"  -> {call['function']['name']} {arguments}"


def reasons_of(row: Row) -> Iterator[str]:
    """Why a row scored what it scored: every axis with its value or why it has none, the judge, and the words it went by.

    Raises `UsageError` for a row that carries no scores.
    """
    if not row.get("scores"):
        raise UsageError(f"row {row['id']} has no scores", mend="--why is for trajectories")
    yield f"{row['id']}  reward {_number(row['reward'])}  {row['terminal']}"
    for score in row["scores"]:
        yield f"{score['axis']:<4} {_number(score['value']):<6} {score['status']:<15} by {score['judge']}: {score['reason']}"
        for quote in score["evidence"]:
            if quote["text"]:
                yield f"       message {quote['message']}: {quote['text']}"
    for reason in row.get("reasons") or ():
        yield f"not accepted: {reason}"


def ancestors(row: Row, lineage: Lineage, shelf: Store) -> Iterator[Row]:
    """The row, then the rows it came from, back to the server's tools."""
    yield {"dataset": lineage.kind, **_without_bulk(row)}
    for field, kind in PARENTS.items():
        address = next((item.address for item in lineage.inputs if item.role == kind), None)
        if row.get(field) and address is not None:
            place = resolve(parse(address), shelf)
            above = place.lineage()
            parent = next((found for found in read_rows(place.files(), ROW_TYPES[kind]) if found["id"] == row[field]), None)
            if parent is not None and above is not None:
                yield from ancestors(parent, above, shelf)
                return


def _without_bulk(row: Row) -> Row:
    """The row without what only a machine reads; tool documents shrink to names."""
    short = {name: value for name, value in row.items() if name not in ("messages", "scores", "evidence", "verdicts")}
    if short.get("tools") and not isinstance(short["tools"][0], str):
        short["tools"] = [tool.get("name") or tool["function"]["name"] for tool in short["tools"]]
    return short


def row_lines(rows: list[Row]) -> Iterator[str]:
    """Rows field by field, empty fields left out."""
    for row in rows:
        for name, value in row.items():
            if value not in (None, "", [], {}):
                yield f"{name:<14} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        yield ""


def _number(value: float | None) -> str:
    return "null" if value is None else f"{value:.3g}"
