"""Any mixture of outcomes, at any concurrency: everything is filed once, in order, under what it is."""

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from small_stages import SmallConfig, numbered, rows, run, task, texts

from astra_data.ledger import Unanswered
from astra_data.pipeline.spool import DUPLICATE
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject, Resources

KINDS = ("keep", "reject", "reject without a row", "quarantine", "quarantine without a row")
Given = list[list[tuple[str, int]]]
GIVEN = st.lists(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), max_size=3), max_size=8)
"""Outcomes by item, as (kind, number); rows of equal numbers are equal rows. An item without outcomes is unanswered."""


def outcome(kind: str, number: int) -> Outcome:
    row = None if kind.endswith("without a row") else task(number)
    if kind == "keep":
        return Keep(row)
    return Reject(f"no: {number % 2} - {number}", row) if kind.startswith("reject") else Quarantine(f"down: {number % 2}", row)


@dataclass
class Expected:
    """What a reader of the outcomes, one by one, would file."""

    kept: list[str] = field(default_factory=list)
    rejected: list[tuple[str, str | None]] = field(default_factory=list)
    quarantined: list[tuple[str, str | None]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def take(self, item: str, kind: str, number: int) -> None:
        text = None if kind.endswith("without a row") else str(number)
        if kind == "keep" and text not in self.kept:
            self.kept.append(str(number))
        elif kind.startswith("quarantine"):
            self.quarantined.append((item, text))
            self.reasons[f"down: {number % 2}"] += 1
        else:
            self.rejected.append((item, text))
            self.reasons[DUPLICATE if kind == "keep" else f"no: {number % 2}"] += 1


def expected(given: Given) -> Expected:
    files = Expected()
    for index, outcomes in enumerate(given):
        for kind, number in outcomes:
            files.take(f"item-{index}", kind, number)
        if not outcomes:
            files.quarantined.append((f"item-{index}", None))
            files.reasons["unanswered"] += 1
    return files


def large(frame: pl.LazyFrame, config: SmallConfig, resources: Resources) -> pl.LazyFrame:
    return frame.select("id", keep=pl.col("text").cast(pl.Int64) < 3, reason=pl.lit("large"))


@settings(max_examples=40, deadline=None)
@given(GIVEN, st.sampled_from([1, 2, 32]), st.booleans())
def test_everything_is_filed_once_in_order_under_what_it_is(given: Given, concurrency: int, selects: bool) -> None:
    async def expand(number: int, resources: Resources) -> list[Outcome]:
        await asyncio.sleep(0.001 * (number % 3))
        if not given[number]:
            raise Unanswered("unanswered")
        return [outcome(*one) for one in given[number]]

    stage = numbered(expand, len(given), reads=("nothing",), select=large if selects else None)
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder), stage, concurrency=concurrency)
        wanted, funnel = expected(given), report.funnel
        small = [text for text in wanted.kept if not selects or int(text) < 3]
        assert texts(report) == small
        refused = [(row["input_id"], row["text"]) for row in rows(report, "rejected")]
        assert refused[: len(wanted.rejected)] == wanted.rejected
        assert [text for _, text in refused[len(wanted.rejected):]] == [text for text in wanted.kept if text not in small]
        assert [(row["input_id"], row["text"]) for row in rows(report, "quarantined")] == wanted.quarantined
        assert report.version.complete is not bool(wanted.quarantined)

    decided = Counter({"large": len(wanted.kept) - len(small)})
    assert Counter(funnel.rejected) + Counter(funnel.quarantined) == wanted.reasons + decided
    given_rows = sum(max(len(outcomes), 1) for outcomes in given)
    assert funnel.kept + sum(funnel.rejected.values()) + sum(funnel.quarantined.values()) == given_rows
    assert funnel.items == len(given)
