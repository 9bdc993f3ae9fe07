"""A second look at stored rows, as `score` and `audit` take it: all rows of a version, and which of them it moved.

    source = all_rows(place, "environments")
    tell(outcome, moves(outcome, place, source, limit=2), as_json=False)      # entered: 1, and its id; left: 0
"""

from dataclasses import dataclass, replace
from itertools import islice

from astra_data.cli.options import tell_left_out
from astra_data.cli.run import as_object, tell_outcome
from astra_data.errors import UsageError
from astra_data.hub.digests import check_rows
from astra_data.hub.files import configs_of
from astra_data.hub.load import Located
from astra_data.hub.writer import read_rows
from astra_data.pipeline.execute import Outcome
from astra_data.pipeline.sources import Source, lineage_of, row_type_of, source_at
from astra_data.pipeline.stage import Rows
from astra_data.rows.fit import Unfit
from astra_data.terminal import say, say_json

SHOWN = 10
"""Ids of rows that are printed of each kind."""
ACCEPTED = "data/"
"""Where the accepted rows of a version are. What is only known in part of the others is no surprise."""


def all_rows(place: Located, kind: str) -> Source:
    """Accepted rows, then rejected ones that are whole; just those of its config where the address names one. Raises `UsageError`
    where the version holds another kind."""
    source = source_at(place)
    if source.record.role != kind:
        raise UsageError(f"{place.address} holds {source.record.role}", mend=f"give the address of {kind}")
    if "rejected" not in place.configs() or place.config not in (None, "default"):
        return source
    check_rows(place, "rejected")
    rows = Rows(source.rows.row_type, (*source.rows.files, *place.files("rejected")))
    return replace(source, rows=rows, further=lineage_of(place).rows("rejected"))


@dataclass(frozen=True, slots=True)
class Moves:
    """Ids of rows: accepted now and not before; refused now and accepted before; accepted before and without an answer now, so
    that nobody knows. Nothing is said of rows that were not looked at."""

    entered: list[str]
    left: list[str]
    open: list[str]


def moves(outcome: Outcome, place: Located, source: Source, limit: int | None) -> Moves:
    """What became of the first `limit` rows of `source`, which are of the version at `place`."""
    row_type, version = row_type_of(place), outcome.reports[0].version
    unfit: list[Unfit] = []
    rows = read_rows(source.rows.files, row_type, unfit.append, partial=False)
    seen = dict.fromkeys(row["id"] for row in islice(rows, limit))
    for one in unfit:
        if one.file.startswith(ACCEPTED):
            tell_left_out(one)
    before = {row["id"] for row in read_rows(place.files("default"), row_type, lambda _: None)}
    after = dict.fromkeys(row["id"] for row in read_rows(version.files(), row_type))
    has_open = "quarantined" in configs_of(version.lineage())
    unknown = {row["input_id"] for row in read_rows(version.files("quarantined"), row_type)} if has_open else set()
    gone = [one for one in seen if one in before and one not in after]
    return Moves(
        entered=[one for one in after if one not in before],
        left=[one for one in gone if one not in unknown],
        open=[one for one in gone if one in unknown],
    )


def tell(outcome: Outcome, found: Moves, *, as_json: bool) -> None:
    """Print what was made, and which rows moved."""
    if as_json:
        say_json(as_object(outcome) | {"entered": found.entered, "left": found.left, "open": found.open})
    else:
        tell_outcome(outcome)
        moved = {"entered": found.entered, "left": found.left} | ({"without an answer": found.open} if found.open else {})
        for word, ids in moved.items():
            say(f"{word}: {len(ids)}")
            for row_id in ids[:SHOWN]:
                say(f"    {row_id}")
            if len(ids) > SHOWN:
                say(f"    and {len(ids) - SHOWN} more; --json has them all")
    outcome.check()
