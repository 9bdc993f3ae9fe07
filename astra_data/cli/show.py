"""`astra show ADDR [ID]`: a dataset, or one of its rows, as a person wants to read it."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from astra_data.characters import one_line
from astra_data.cli import options
from astra_data.cli.ancestors import ancestors
from astra_data.cli.factory_rendering import audit_lines, environment_lines, question_lines
from astra_data.cli.rendering import WIDTH, field_lines, lineage_lines, reasons_of, row_lines
from astra_data.console import plain_console
from astra_data.errors import DataError, Place, UsageError
from astra_data.hub.addresses import parse
from astra_data.hub.load import Located, resolve
from astra_data.hub.store import Store
from astra_data.hub.writer import count_rows, read_rows
from astra_data.pipeline.progress import funnel_table
from astra_data.pipeline.sources import lineage_of, row_type_of
from astra_data.rows import Row
from astra_data.terminal import say, say_json

FIRST_ROWS = 5
UNLIKE_OURS = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
"""What reading JSON of another form than ours ends in."""


@click.command("show")
@click.argument("address")
@click.argument("row_id", required=False, metavar="[ID]")
@click.option("--lineage", "walk", is_flag=True, help="Walk the row back to the tool documents it came from.")
@click.option("--why", is_flag=True, help="Say why the row scored what it scored, and why it was not accepted.")
@options.store
@options.as_json
def command(address: str, row_id: str | None, walk: bool, why: bool, store: Path, as_json: bool) -> None:
    """Show the dataset at ADDRESS, or its row ID (its first digits are enough).

    With --json the rows themselves are printed, one per line. A config is named by ADDRESS#rejected or ADDRESS#quarantined.
    """
    shelf = Store.open(store)
    place = resolve(parse(address), shelf)
    if row_id is None:
        if walk or why:
            raise UsageError("--lineage and --why speak of one row", mend="name it: astra show ADDRESS ID")
        _print_rows(place) if as_json else _dataset(place)
        return
    row = _row(place, row_id)
    if walk:
        steps = list(ancestors(row, place, shelf))
        say_json(steps) if as_json else _say(lineage_lines(steps))
    elif as_json:
        say_json(row)
    else:
        _say(_as_far_as_it_fits(_why if why else _lines, row))


def _lines(row: Row) -> Iterator[str]:
    """The row in the form that its kind is best read in."""
    if "turns" in row and "modules" in row:
        return environment_lines(row)
    return question_lines(row) if "nodes" in row and "knowledge" in row else row_lines(row)


def _why(row: Row) -> Iterator[str]:
    return audit_lines(row) if row.get("audit") else reasons_of(row)


def _as_far_as_it_fits(form: Callable[[Row], Iterator[str]], row: Row) -> list[str]:
    """The row in this form; field by field where its JSON is not of the kind that we write."""
    try:
        return list(form(row))
    except UNLIKE_OURS:
        return list(field_lines(row))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


def _rows(place: Located) -> Iterator[Row]:
    return read_rows(place.files(), row_type_of(place), options.tell_left_out)


def _print_rows(place: Located) -> None:
    for row in _rows(place):
        say_json(row)


def _dataset(place: Located) -> None:
    lineage, total = lineage_of(place), count_rows(place.files())
    rows = list(itertools.islice(_rows(place), FIRST_ROWS))
    shown = plain_console(width=WIDTH)
    source = f", pulled from {place.origin}" if place.origin else ""
    state = source if lineage.complete else source + "  (incomplete: run again to retry what is quarantined)"
    shown.print(Text(one_line(place.address), "bold") + Text(one_line(f"  {lineage.kind}{state}")), soft_wrap=True)
    others = [f"#{config}" for config in place.configs() if config not in ("default", place.config)]
    where, also = f" in #{place.config}" if place.config else "", f"; also {', '.join(others)}" if others else ""
    shown.print(f"{total} {'row' if total == 1 else 'rows'}{where}{also}\n")
    shown.print(funnel_table([(lineage.stage, lineage.funnel)]))
    if rows:
        shown.print(_table(rows, total))


def _table(rows: list[Row], total: int) -> Table:
    title = "\nRows" if total == len(rows) else f"\nFirst {len(rows)} of {total} rows"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("id", no_wrap=True, min_width=16)
    table.add_column("server", no_wrap=True, min_width=8, max_width=16, overflow="ellipsis")
    table.add_column("why not" if rows[0].get("reasons") else "what", no_wrap=True, overflow="ellipsis")
    for row in rows:
        name = row.get("server") or row.get("name") or row.get("domain") or ""
        told = (row["id"] or row.get("input_id") or "", name, (row.get("reasons") or _as_far_as_it_fits(_gist, row) or [""])[0])
        table.add_row(*map(one_line, told))
    return table


def _gist(row: Row) -> Iterator[str]:
    """One line that says what the row is."""
    if said := row.get("text") or row.get("question") or (row.get("turns") or [{}])[0].get("user"):
        yield str(said)
    elif row.get("messages"):
        yield next((str(message["content"]) for message in row["messages"] if message["role"] == "user"), "")
    else:
        yield ", ".join(tool if isinstance(tool, str) else tool["name"] for tool in row.get("tools") or [])


def _row(place: Located, row_id: str) -> Row:
    """The row whose id, or whose input's id where it has none, starts with `row_id`."""
    found = [row for row in _rows(place) if (row["id"] or row.get("input_id") or "").startswith(row_id)]
    if len(found) == 1:
        return found[0]
    mend = f"`astra show {place.address} --json` prints all rows"
    others = [f"#{config}" for config in place.configs() if config != (place.config or "default")]
    what = f"{len(found)} rows have" if found else "no row has"
    also = f"; there is also {', '.join(others)}" if others and not found else ""
    raise DataError(f"{what} an id that starts with {row_id}", place=Place(place.address), mend=mend + also)
