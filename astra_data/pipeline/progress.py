"""What a person sees while a stage runs, and the funnel at the end.

On a terminal one live line per stage: rate, kept, rejected, quarantined, cost so far, time left. Elsewhere (a log file, CI) a
plain line every few seconds, whether an item is done or not, and one per stage when it ends. Everything goes to standard
error; standard output is for results.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from astra_data.characters import one_line
from astra_data.hub.lineage import Funnel

PLAIN_SECONDS = 8.0
"""Between two lines about a stage where there is no terminal."""


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
        self._console, self.cost = console, cost
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<14}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:>6.0f}/{task.fields[total_text]} {task.fields[tally]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._line: _Line | None = None
        self._over = threading.Event()

    def meter(self, stage: str, total: int | None) -> Meter:
        """A meter for one stage; `total` is its item count where it is known."""
        total_text = "?" if total is None else str(total)
        task = self.progress.add_task(stage, total=total, total_text=total_text, tally="")
        self._line = _Line(self, stage, task)
        return self._line

    def say(self, line: str) -> None:
        """One line above the live display."""
        self._console.print(one_line(line), highlight=False, soft_wrap=True, markup=False, emoji=False)

    def __enter__(self) -> "Board":
        self.progress.start()
        if self.progress.disable and not self._console.quiet:
            threading.Thread(target=self._tell, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.progress.stop()

    def _tell(self) -> None:
        while not self._over.wait(PLAIN_SECONDS):
            self.say("starting" if self._line is None else str(self._line))


class _Line:
    """The line of one stage; as a text, what is said of it where there is no terminal."""

    def __init__(self, board: Board, stage: str, task: TaskID) -> None:
        self._board, self._stage, self._task = board, stage, task
        self._started = time.monotonic()
        self._items, self._kept, self._rejected, self._quarantined = 0, 0, 0, 0

    def update(self, items: int, kept: int, rejected: int, quarantined: int) -> None:
        self._items, self._kept, self._rejected, self._quarantined = items, kept, rejected, quarantined
        self._board.progress.update(self._task, completed=items, tally=self._tally())

    def _tally(self) -> str:
        rate = self._items / max(time.monotonic() - self._started, 1e-9)
        counts = f"{self._kept} ok  {self._rejected} rejected  {self._quarantined} quarantined"
        return f"{rate:6.1f}/s  {counts}  ${self._board.cost():.4f}"

    def __str__(self) -> str:
        return f"{self._stage:<14}{self._items} items  {self._tally().strip()}"


def funnel_table(funnels: Sequence[tuple[str, Funnel]]) -> Table:
    """The closing funnel: one line per stage, then every reason with its count."""
    table = Table(title="Funnel", title_justify="left", box=None, pad_edge=False)
    for name in ("stage", "items", "kept", "rejected", "quarantined"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    table.add_column("reason")
    for stage, funnel in funnels:
        rejected, quarantined = sum(funnel.rejected.values()), sum(funnel.quarantined.values())
        counts = map(str, (funnel.items, funnel.kept, rejected, quarantined))
        table.add_row(Text(one_line(stage)), *counts, "", style="bold")
        for reason, count in funnel.rejected.items():
            table.add_row("", "", "", str(count), "", Text(one_line(reason)))
        for reason, count in funnel.quarantined.items():
            table.add_row("", "", "", "", str(count), Text(one_line(reason)))
    return table
