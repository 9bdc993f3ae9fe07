"""How the values of a column are distributed, for the card.

    histograms(["reward", "distractors.similarity"], folder, written)       # name -> Histogram
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from astra_data.hub.lineage import Histogram
from astra_data.hub.writer import Written

if TYPE_CHECKING:
    import polars as pl

BINS = 10


def histograms(names: Sequence[str], folder: Path, written: Mapping[str, Written]) -> dict[str, Histogram]:
    """Ten equal bins over [0, 1] of the named columns, over kept and rejected rows alike. `column.field` is that field of all
    structs of a list."""
    import polars as pl

    if not names:
        return {}
    places = [("data" if config == "default" else config, result) for config, result in written.items()]
    files = [folder / place / name for place, result in places for name in result.files]
    frame = pl.scan_parquet(files, missing_columns="insert", extra_columns="ignore").select(map(_column, names)).collect()
    return {name: _histogram(_exploded(frame[name]) if "." in name else frame[name]) for name in names}


def _column(name: str) -> "pl.Expr":
    import polars as pl

    column, _, part = name.partition(".")
    whole = pl.col(column)
    return whole.list.eval(pl.element().struct.field(part)).alias(name) if part else whole


def _exploded(lists: "pl.Series") -> "pl.Series":
    """The items of all lists: an empty one has none."""
    return lists.filter(lists.list.len() > 0).list.explode()


def _histogram(found: "pl.Series") -> Histogram:
    import polars as pl

    bins = (found.drop_nulls() * BINS).floor().clip(0, BINS - 1).cast(pl.Int64)
    counts = [int((bins == index).sum()) for index in range(BINS)]
    return Histogram([round(edge / BINS, 1) for edge in range(BINS + 1)], counts, found.null_count())
