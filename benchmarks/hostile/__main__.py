"""Takes hostile inputs through all commands that could take them, and prints one table: see the package.

    python -m benchmarks.hostile [--seed S] [--each N] [--only TEXT] [--kinds KIND,...] [--jobs N] [--keep FOLDER]

The same seed makes the same inputs; `--only` runs those whose name holds the text, such as one that is listed as failing.
"""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.figure import show
from benchmarks.hostile.measure import INPUTS, figures, measured, table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--each", type=int, default=1, metavar="N", help="inputs of each mutation")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--kinds", default="", metavar="KIND,...")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where inputs are kept that something was found with")
    given = parser.parse_args()
    begun = time.monotonic()
    found = measured(given.seed, given.each, given.only, [kind for kind in given.kinds.split(",") if kind], given.jobs,
                     given.keep)
    print(f"\n{table(found)}\n{time.monotonic() - begun:.0f} s\n")
    least = 1 if given.only or given.kinds else INPUTS
    sys.exit(0 if show(figures(found, least)) else 1)


if __name__ == "__main__":
    main()
