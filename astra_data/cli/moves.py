"""A second look at stored rows, as `score` and `audit` take it: all rows of a version, and which of them it moved.

    source = all_rows(place, "environments")
    tell(outcome, place, as_json=False)        # ... entered: 1, and its id; left: 0
"""

from dataclasses import replace

from astra_data.cli.options import tell_left_out
from astra_data.cli.run import as_object, tell_outcome
from astra_data.errors import UsageError
from astra_data.hub.digests import check_rows
from astra_data.hub.load import Located
from astra_data.hub.writer import read_rows
from astra_data.pipeline.execute import Outcome
from astra_data.pipeline.sources import Source, lineage_of, row_type_of, source_at
from astra_data.pipeline.stage import Rows
from astra_data.terminal import say, say_json

SHOWN = 10
"""Ids of rows that are printed of each kind."""


def all_rows(place: Located, kind: str) -> Source:
    """Accepted rows, then rejected ones that are whole. Raises `UsageError` where the version holds another kind."""
    source = source_at(place)
    if source.record.role != kind:
        raise UsageError(f"{place.address} holds {source.record.role}", mend=f"give the address of {kind}")
    if "rejected" not in place.configs():
        return source
    check_rows(place, "rejected")
    rows = Rows(source.rows.row_type, (*source.rows.files, *place.files("rejected")))
    return replace(source, rows=rows, further=lineage_of(place).rows("rejected"))


def tell(outcome: Outcome, place: Located, *, as_json: bool) -> None:
    """Print what was made, and the ids of the rows that are accepted now and were not, and of those that were and are not."""
    row_type = row_type_of(place)
    before = {row["id"]: None for row in read_rows(place.files(), row_type, tell_left_out)}
    after = {row["id"]: None for row in read_rows(outcome.reports[0].version.files(), row_type)}
    moved = {"entered": [row for row in after if row not in before], "left": [row for row in before if row not in after]}
    if as_json:
        say_json(as_object(outcome) | moved)
    else:
        tell_outcome(outcome)
        for word, ids in moved.items():
            say(f"{word}: {len(ids)}")
            for row_id in ids[:SHOWN]:
                say(f"    {row_id}")
            if len(ids) > SHOWN:
                say(f"    and {len(ids) - SHOWN} more; --json has them all")
    outcome.check()
