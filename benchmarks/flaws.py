"""How many spoiled trajectories the checks find, and whether they leave sound ones alone.

    python -m benchmarks.flaws STORE [NAME]

Takes the trajectories of a store that were accepted, or rejected by a check alone, spoils each in every way of `mutations`, and
asks the checks, no judge. Prints which check found what. Sound rows are the same rows unspoiled.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from astra_data.hub.store import Store, Version
from astra_data.hub.writer import read_rows
from astra_data.rows import Row, Task, Trajectory, from_dict
from astra_data.stages.trajectories.checks import find
from benchmarks.figure import Figure, at_least, equal, show
from benchmarks.mutations import OPERATORS

PER_OPERATOR = 200
TUNED_ON = frozenset({"git", "excel", "units", "loans", "word"})
"""Servers that were looked at while the checks were written."""


def found(row: Row, reference: list[str]) -> list[str]:
    """Names of the checks that find something."""
    trajectory: Trajectory = from_dict(Trajectory, row)
    return [flaw.check for flaw in find(trajectory.messages, trajectory.calls, trajectory.tools, reference)]


def table(rows: list[Row], reference: dict[str, list[str]]) -> dict[str, Counter[str]]:
    """Operator -> how often which check spoke first; `nothing` where none did."""
    outcome: dict[str, Counter[str]] = {}
    for name, operator in OPERATORS.items():
        outcome[name] = Counter()
        for index in range(PER_OPERATOR):
            row = rows[index % len(rows)]
            spoiled = operator(row, random.Random(f"{name}/{index}"))
            if spoiled is not None:
                outcome[name][next(iter(found(spoiled, reference[row["task_id"]])), "nothing")] += 1
    return outcome


def figures(store: Path, name: str = "demo") -> Iterator[Figure]:
    """The figures on the servers that were not looked at; the table goes to standard output."""
    shelf = Store.open(store)
    reference = {row["id"]: row["target_tools"] for row in read_rows(shelf.version(f"{name}-tasks").files(), Task)}
    rows = list(_sound(shelf.version(f"{name}-trajectories")))
    tuned = [row for row in rows if row["server"] in TUNED_ON]
    unseen = [row for row in rows if row["server"] not in TUNED_ON]
    if tuned:
        _print("servers seen while the checks were written", tuned, table(tuned, reference))
    outcome = table(unseen, reference)
    _print("servers not seen", unseen, outcome)
    made = sum(counts.total() for counts in outcome.values())
    caught = made - sum(counts["nothing"] for counts in outcome.values())
    accused = sum(bool(found(row, reference[row["task_id"]])) for row in unseen)
    yield at_least("flaws found on unseen servers, share", caught / made, 0.85)
    yield equal("sound rows accused on unseen servers", accused, 0)


def _sound(version: Version) -> Iterator[Row]:
    """Rows that nothing but a check may have kept out."""
    yield from read_rows(version.files(), Trajectory)
    if (version.path / "rejected").is_dir():
        rejected = read_rows(version.files("rejected"), Trajectory)
        yield from (row for row in rejected if row["reasons"][0].startswith("check:"))


def _print(title: str, rows: list[Row], outcome: dict[str, Counter[str]]) -> None:
    print(f"\n{title}: {len(rows)} sound rows of {', '.join(sorted({row['server'] for row in rows}))}")
    for operator, counts in outcome.items():
        print(f"  {operator:<20} {counts.total():>4}  {', '.join(f'{check} {count}' for check, count in counts.most_common())}")


def main() -> None:
    sys.exit(0 if show(figures(Path(sys.argv[1]), *sys.argv[2:3])) else 1)


if __name__ == "__main__":
    main()
