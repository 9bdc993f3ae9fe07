"""Errors of our own that items met: named in a row, kept whole for developers.

    faults = Faults(store.root, "weather-tasks", scrub)
    faults.noted("3f2a...", error)         # "inner error: KeyError - in tools/validate.py:88"
    faults.file                            # the tracebacks, one after the other

What one item brings with it ends that item and no other. What an error says may be anything, so a row tells its type and where it
was raised, and no more.
"""

import traceback
from pathlib import Path

import astra_data
from astra_data.errors import InnerError
from astra_data.filenames import inside
from astra_data.tools.scrub import Scrub

FOLDER = ".faults"
INNER = "inner error"
PACKAGE = f"{astra_data.__name__}."


class Faults:
    """Those of one run of a stage on the store at `root`. `count` items met one; nothing is written before the first."""

    def __init__(self, root: Path, dataset: str, scrub: Scrub) -> None:
        self.file = inside(root / FOLDER, f"{dataset}.txt")
        self.count = 0
        self._scrub, self._first = scrub, ""

    def noted(self, item_id: str, error: Exception) -> str:
        """Keep the traceback, and give the reason for which the item is quarantined."""
        where = _where(error)
        told = self._scrub("".join(traceback.format_exception(error)))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a" if self.count else "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"item {self._scrub(item_id)}\n{told}\n")
        self.count += 1
        self._first = self._first or where
        return f"{INNER}: {type(error).__name__} - in {where}"

    def error(self, stage: str) -> InnerError | None:
        """What people are told at the end of the run; None if there is nothing to tell."""
        if not self.count:
            return None
        return InnerError(
            f"{stage}: an inner error met {self.count} {'item' if self.count == 1 else 'items'}, the first in {self._first}",
            mend=f"all others are done, and these are tried again by the next run; please report {self.file}",
        )


def _where(error: Exception) -> str:
    """The innermost line of ours that the error came through."""
    lines = [(str(frame.f_globals.get("__name__")), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [(name.removeprefix(PACKAGE), line) for name, line in lines if name.startswith(PACKAGE)]
    return f"{ours[-1][0].replace('.', '/')}.py:{ours[-1][1]}" if ours else "what it calls"
