"""What a person sees while a stage runs, and the funnel at the end.

On a terminal one live line per stage: rate, kept, rejected, quarantined, cost so far, time left. Elsewhere (a log file, CI) one
line per stage when it ends. Everything goes to standard error; standard output is for results.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from astra_data.hub.lineage import Funnel


class Meter(Protocol):
    """Told of every filed item: how many items so far, and what became of them."""

    def update(self, items: int, kept: int, rejected: int, quarantined: int) -> None: ...


class Silent:
    """A meter that shows nothing."""

    def update(self, items: int, kept: int, rejected: int, quarantined: int) -> None:
        pass


class Board:
    """The live display of a run. `cost` is asked for the USD spent so far. Use as a context manager."""

    def __init__(self, console: Console, cost: Callable[[], float]) -> None:
        self._console, self._cost = console, cost
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<14}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:>6.0f}/{task.fields[total_text]} {task.fields[tally]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def meter(self, stage: str, total: int | None) -> Meter:
        """A meter for one stage; `total` is its item count where it is known."""
        total_text = "?" if total is None else str(total)
        task = self._progress.add_task(stage, total=total, total_text=total_text, tally="")
        return _Line(self._progress, task, self._cost)

    def say(self, line: str) -> None:
        """One line above the live display."""
        self._console.print(line, highlight=False)

    def __enter__(self) -> "Board":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


class _Line:
    def __init__(self, progress: Progress, task: object, cost: Callable[[], float]) -> None:
        self._progress, self._task, self._cost = progress, task, cost
        self._started = time.monotonic()

    def update(self, items: int, kept: int, rejected: int, quarantined: int) -> None:
        rate = items / max(time.monotonic() - self._started, 1e-9)
        tally = f"{rate:6.1f}/s  [green]{kept} ok[/]  {rejected} rejected  {quarantined} quarantined  ${self._cost():.4f}"
        self._progress.update(self._task, completed=items, tally=tally)  # type: ignore[arg-type]


def funnel_table(funnels: Sequence[tuple[str, Funnel]]) -> Table:
    """The closing funnel: one line per stage, then every reason with its count."""
    table = Table(title="Funnel", title_justify="left", box=None, pad_edge=False)
    for name in ("stage", "items", "kept", "rejected", "quarantined"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    table.add_column("reason")
    for stage, funnel in funnels:
        rejected, quarantined = sum(funnel.rejected.values()), sum(funnel.quarantined.values())
        table.add_row(stage, str(funnel.items), str(funnel.kept), str(rejected), str(quarantined), "", style="bold")
        for reason, count in funnel.rejected.items():
            table.add_row("", "", "", str(count), "", reason)
        for reason, count in funnel.quarantined.items():
            table.add_row("", "", "", "", str(count), reason)
    return table
