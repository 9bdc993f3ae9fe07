"""`astra show ADDR [ID]`: a dataset, or one of its rows, as a person wants to read it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table

from astra_data.cli import options
from astra_data.cli.rendering import ancestors, conversation, reasons_of, row_lines
from astra_data.errors import DataError, Place, UsageError
from astra_data.hub.addresses import parse
from astra_data.hub.lineage import Lineage
from astra_data.hub.load import Located, resolve
from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.pipeline.progress import funnel_table
from astra_data.rows import ROW_TYPES, Row

FIRST_ROWS = 5


@click.command("show")
@click.argument("address")
@click.argument("row_id", required=False, metavar="[ID]")
@click.option("--lineage", "walk", is_flag=True, help="Walk the row back to the tool documents it came from.")
@click.option("--why", is_flag=True, help="Say why the row scored what it scored.")
@options.store
@options.as_json
def command(address: str, row_id: str | None, walk: bool, why: bool, store: Path, as_json: bool) -> None:
    """Show the dataset at ADDRESS, or its row ID (its first digits are enough).

    With --json the rows themselves are printed, one per line. A config is named by ADDRESS#rejected or ADDRESS#quarantined.
    """
    shelf = Store.open(store)
    place = resolve(parse(address), shelf)
    lineage = _lineage(place)
    if row_id is None:
        if walk or why:
            raise UsageError("--lineage and --why speak of one row", mend="name it: astra show ADDRESS ID")
        _dataset(place, lineage, as_json)
        return
    row = _row(place, lineage, row_id)
    if walk:
        steps = list(ancestors(row, lineage, shelf))
        click.echo(orjson.dumps(steps).decode() if as_json else "\n".join(row_lines(steps)))
    elif as_json:
        click.echo(orjson.dumps(row).decode())
    else:
        _print(row, why)


def _lineage(place: Located) -> Lineage:
    lineage = place.lineage()
    if lineage is None:
        raise DataError("no lineage.json", place=Place(place.address), mend="read it with datasets.load_dataset")
    return lineage


def _rows(place: Located, lineage: Lineage) -> Iterator[Row]:
    return read_rows(place.files(), ROW_TYPES[lineage.kind])


def _dataset(place: Located, lineage: Lineage, as_json: bool) -> None:
    if as_json:
        for row in _rows(place, lineage):
            click.echo(orjson.dumps(row).decode())
        return
    console = Console(width=140)
    state = "" if lineage.complete else "  (incomplete: some rows are quarantined)"
    console.print(f"[bold]{place.address}[/]  {lineage.kind}{state}", highlight=False)
    console.print(funnel_table([(lineage.stage, lineage.funnel)]))
    table = Table(title=f"First rows of {place.config or 'default'}", title_justify="left", box=None, pad_edge=False)
    table.add_column("id", no_wrap=True, min_width=16)
    table.add_column("server", no_wrap=True, min_width=12, overflow="ellipsis")
    table.add_column("what", no_wrap=True, overflow="ellipsis")
    for row in itertools.islice(_rows(place, lineage), FIRST_ROWS):
        table.add_row(row["id"], row.get("server") or row.get("name"), _gist(row))
    console.print(table)


def _gist(row: Row) -> str:
    """One line that says what the row is."""
    if row.get("text"):
        return str(row["text"])
    if row.get("messages"):
        return next((message["content"] for message in row["messages"] if message["role"] == "user"), "")
    tools = row.get("tools") or []
    return ", ".join(tool if isinstance(tool, str) else tool["name"] for tool in tools)


def _row(place: Located, lineage: Lineage, row_id: str) -> Row:
    found = [row for row in _rows(place, lineage) if (row["id"] or "").startswith(row_id)]
    if len(found) == 1:
        return found[0]
    what = "no row" if not found else f"{len(found)} rows"
    raise DataError(f"{what} with an id that starts with {row_id}", place=Place(place.address),
                    mend="`astra show ADDRESS --json` prints all rows; rejected ones are at ADDRESS#rejected")


def _print(row: Row, why: bool) -> None:
    console = Console(width=120)
    lines = reasons_of(row) if why else (conversation(row) if row.get("messages") else row_lines([row]))
    for line in lines:
        console.print(line, markup=False, highlight=False)
