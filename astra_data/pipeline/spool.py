"""The spool of one stage run: where outcomes go until the whole set has been decided on.

Candidates are written in order to a scratch folder, refused rows straight to their own. `select` then sees the typed columns of
the candidates as a Polars LazyFrame and answers `(id, keep, reason)`; the kept ids are streamed into `data/`.
"""

import dataclasses
import typing
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from astra_data.characters import whole
from astra_data.errors import DataError
from astra_data.hub.writer import Writer, Written, read_rows
from astra_data.pipeline.stage import Keep, Outcome, Reject
from astra_data.rows import Row, fields, identity, to_dict
from astra_data.rows.schema import is_typed, unwrap
from astra_data.tools.scrub import Scrub

if TYPE_CHECKING:
    import polars as pl

DUPLICATE = "duplicate: same identity as an earlier row"
UNSTORABLE = "row: cannot be stored"
TOLD = 5
"""Failures of a stage that are told in full."""


class Spool:
    """Takes the outcomes of a stage in order. Counts what it took, by reason class (what precedes ` - `).

    `first_rejection` is the whole reason of the first outcome that was rejected, empty while there is none; `failures` are
    those of the first that were quarantined, each once, and `first_failures` the first of each kind, by what precedes the
    colon. No row and no reason is taken with a secret that `scrub` knows.
    """

    def __init__(self, folder: Path, row_type: type, *, deferred: bool, scrub: Scrub | None = None) -> None:
        self._folder, self._row_type, self._deferred, self._scrub = folder, row_type, deferred, scrub or Scrub()
        self._stack = ExitStack()
        self._kept = self._stack.enter_context(Writer(folder / ("candidates" if deferred else "data"), row_type))
        self._refused: dict[str, Writer] = {}
        self._item_of: dict[str, str] = {}
        self._taken = 0
        self.candidates = 0
        self.rejected: Counter[str] = Counter()
        self.quarantined: Counter[str] = Counter()
        self.first_rejection, self.first_failures = "", dict[str, str]()
        self.failures: list[str] = []

    def add(self, item_id: str, outcome: Outcome) -> None:
        """File one outcome of the item."""
        self._taken += 1
        row = None if outcome.row is None else self._scrubbed(to_dict(outcome.row))
        item_id = whole(self._scrub(item_id))
        if isinstance(outcome, Keep):
            self._keep(item_id, row or {})
            return
        reason = whole(self._scrub(outcome.reason))
        if isinstance(outcome, Reject):
            self.first_rejection = self.first_rejection or reason
            self._refuse("rejected", row, item_id, reason)
        else:
            if reason not in self.failures and len(self.failures) < TOLD:
                self.failures.append(reason)
            self.first_failures.setdefault(reason.partition(":")[0], reason)
            self._refuse("quarantined", row, item_id, reason)

    def _scrubbed(self, row: Row) -> Row:
        """The row without known secrets, under the id of what is left."""
        clean: Row = self._scrub.json(row)
        return row if clean is row else clean | {"id": identity(self._row_type, clean)}

    def _keep(self, item_id: str, row: Row) -> None:
        if row["id"] in self._item_of:
            self._refuse("rejected", row, item_id, DUPLICATE)
            return
        try:
            self._kept.write(row)
        except DataError as error:
            self._refuse("rejected", None, item_id, f"{UNSTORABLE} - {error}")
            return
        self._item_of[row["id"]] = item_id
        self.candidates += 1
        if row["id"] != identity(self._row_type, row):
            raise AssertionError(f"a row of item {item_id} has an id that is not that of its content: make it with `new_row`")

    def _refuse(self, config: str, row: Row | None, item_id: str, reason: str) -> None:
        counts = self.rejected if config == "rejected" else self.quarantined
        counts[reason.partition(" - ")[0]] += 1
        if config not in self._refused:
            self._refused[config] = self._stack.enter_context(Writer(self._folder / config, self._row_type, refused=True))
        try:
            self._refused[config].refuse(row, item_id, [reason])
        except DataError as error:
            self._refused[config].refuse(None, item_id, [reason, f"{UNSTORABLE} - {error}"])

    def settle(self, select: "Callable[[pl.LazyFrame], pl.LazyFrame] | None") -> dict[str, Written]:
        """Decide over the whole set, close all files, and say what each config holds."""
        if self._deferred and select is not None:
            self._decide(select)
        self._stack.close()
        written = {"default": self._written(self._kept)} | {name: self._written(w) for name, w in self._refused.items()}
        total = sum(result.num_rows for result in written.values())
        counted = written["default"].num_rows + self.rejected.total() + self.quarantined.total()
        if not total == counted == self._taken:
            raise DataError(f"the stage lost rows: it gave {self._taken}, {counted} were counted, {total} were written")
        return written

    def _decide(self, select: "Callable[[pl.LazyFrame], pl.LazyFrame]") -> None:
        candidates = self._kept.close()
        files = [self._folder / "candidates" / name for name in candidates.files]
        reasons = self._reasons(files, select)
        self._kept = self._stack.enter_context(Writer(self._folder / "data", self._row_type))
        for row in read_rows(files, self._row_type):
            reason = reasons.pop(row["id"], None)
            if reason is None:
                self._kept.write(row)
            else:
                self._refuse("rejected", row, self._item_of[row["id"]], reason)
        for path in files:
            path.unlink()
        (self._folder / "candidates").rmdir()

    def _reasons(self, files: list[Path], select: "Callable[[pl.LazyFrame], pl.LazyFrame]") -> dict[str, str]:
        """Reason by id of the candidates that do not stay. Raises `DataError` unless every candidate is decided on once."""
        import polars as pl

        decided = select(typed_columns(files, self._row_type)).select("id", "keep", "reason").collect()
        for name in ("id", "keep"):
            if decided[name].null_count():
                raise DataError(f"the stage's select left {name!r} null")
        unknown = next((name for name in decided["id"] if name not in self._item_of), None)
        if unknown is not None:
            raise DataError(f"the stage's select decided on a row it was not given: {unknown}")
        if decided.height != self.candidates or decided["id"].n_unique() != self.candidates:
            raise DataError(f"the stage's select decided {decided.height} times on {self.candidates} rows")
        refused = decided.filter(~pl.col("keep"))
        if refused["reason"].null_count():
            raise DataError("the stage's select gave no reason for a row it refused")
        return dict(refused.select("id", "reason").iter_rows())

    @staticmethod
    def _written(writer: Writer) -> Written:
        assert writer.written is not None
        return writer.written

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)


def typed_columns(files: list[Path], row_type: type) -> "pl.LazyFrame":
    """The columns of Parquet files that hold no JSON, lazily; of a list of structs, the fields that hold none."""
    import polars as pl

    columns = [column for name, kind in fields(row_type).items() if (column := _typed_column(name, kind)) is not None]
    return pl.scan_parquet(files).select(columns)


def _typed_column(name: str, kind: Any) -> "pl.Expr | None":
    import polars as pl

    if is_typed(kind):
        return pl.col(name)
    inner, _ = unwrap(kind)
    item: Any = typing.get_args(inner)[0] if typing.get_origin(inner) is list else None
    is_struct = isinstance(item, type) and dataclasses.is_dataclass(item)
    parts = [part for part, of in fields(item).items() if is_typed(of)] if is_struct else []
    return pl.col(name).list.eval(pl.struct(pl.element().struct.field(part) for part in parts)) if parts else None
