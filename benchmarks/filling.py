"""Adaptive batch filling against stock TRL, on the same arenas with the same seed.

    python -m benchmarks.filling        # a table of what each step was made of

One arena in three can teach something: its rollouts differ in reward. The policy is scripted, so that the table depends on the
filling alone.
"""

import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figure import ROOT, Figure, at_most, equal, show

STEPS, GROUPS, REFILLS = 6, 4, 8


def figures() -> list[Figure]:
    """Filled share of stock TRL and of ours, and whether a group was used twice. Prints the table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    warnings.simplefilter("ignore", FutureWarning)
    sys.path.insert(0, str(ROOT / "tests"))
    from filling_runs import run

    with tempfile.TemporaryDirectory() as folder:
        stock, _, _ = run(Path(folder) / "stock", refills=0, steps=STEPS, groups=GROUPS, count=120)
        ours, asked, logged = run(Path(folder) / "ours", refills=REFILLS, steps=STEPS, groups=GROUPS, count=120)
    generated = [int(line["filling/groups"]) for line in logged]
    print(f"groups of a step that teach something, of {GROUPS}; at most {REFILLS} refills")
    print(f"{'step':>6}{'stock TRL':>12}{'filled':>10}{'groups generated':>20}")
    for number, (theirs, filled, made) in enumerate(zip(stock, ours, generated, strict=True), 1):
        print(f"{number:>6}{theirs.filled:>12.2f}{filled.filled:>10.2f}{made:>20}")
    used = Counter(number for step in ours for number in step.counted)
    return [
        at_most("filling: filled share, stock TRL", _mean([step.filled for step in stock]), 0.99, ""),
        equal("filling: steps of informative groups alone", sum(step.filled == 1 for step in ours), STEPS),
        equal("filling: most uses of a group", max(used.values()), 1),
        equal("filling: most rollouts of a prompt in an epoch", max(Counter(asked).values()), 1),
    ]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    sys.exit(not show(figures()))
