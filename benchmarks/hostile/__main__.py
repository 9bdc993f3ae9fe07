"""Takes hostile inputs through all commands that could take them, and prints one table: see the package.

    python -m benchmarks.hostile [--seed S] [--each N] [--only TEXT] [--kinds KIND,...] [--jobs N] [--keep FOLDER]

The same seed makes the same inputs; `--only` runs those whose name holds the text, such as one that is listed as failing.
"""

import argparse
import collections
import shlex
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.figure import Figure, at_least, equal, show
from benchmarks.hostile.kinds import KINDS
from benchmarks.hostile.running import WITH_TORCH, Ran, Result, Runs, cases, sound_cases

INPUTS = 60
COLUMNS = ("inputs", "commands", "refused", "canary", "traceback", "hang", "raw")
LISTED = 400


def measured(seed: str, each: int, only: str = "", kinds: Sequence[str] = (), jobs: int = 2,
             keep: Path | None = None) -> list[Ran]:
    """Run everything; sound things first. Prints what fails as it is found."""
    chosen = cases(seed, each, only, kinds)
    torch = any(case.kind in WITH_TORCH for case in chosen)
    keep = keep or Path(tempfile.mkdtemp(prefix="hostile-"))
    with tempfile.TemporaryDirectory(prefix="hostile-run-") as folder, Runs(
        Path(folder), jobs, keep, torch=torch, model=torch
    ) as runs:
        found = list(runs.all(sound_cases(chosen)))
        for ran in found:
            _tell(ran, also_refused=True)
        for ran in runs.all(chosen):
            _tell(ran)
            found.append(ran)
    return found


def _tell(ran: Ran, *, also_refused: bool = False) -> None:
    if ran.error:
        print(f"{ran.case.name}: could not be laid out: {ran.error}", flush=True)
    for result in ran.results:
        if not result.found.clean:
            print(f"{ran.case.name}: {_line(result)}\n    {result.found.told()[:LISTED]}", flush=True)
        elif also_refused and result.ended.code and not result.command.may_refuse:
            print(f"{ran.case.name}: {_line(result)}\n    refused: {result.ended.err.decode(errors='replace')[:LISTED]}",
                  flush=True)
    if ran.folder:
        print(f"    the input is in {ran.folder}", flush=True)


def _line(result: Result) -> str:
    order = result.command.order
    return shlex.join(["astra", *order["words"]]) if "words" in order else result.command.name


def table(found: Iterable[Ran]) -> str:
    """One line for each kind of input."""
    counts: dict[str, collections.Counter[str]] = {kind: collections.Counter() for kind in KINDS}
    for ran in found:
        if ran.case.spoil:
            counts[ran.case.kind] += collections.Counter(_counted(ran))
    lines = [f"{'input':<12}{''.join(f'{name:>11}' for name in COLUMNS)}"]
    lines += [f"{kind:<12}{''.join(f'{count[name]:>11}' for name in COLUMNS)}" for kind,
              count in counts.items() if count["inputs"]]
    return "\n".join(lines)


def _counted(ran: Ran) -> dict[str, int]:
    finds = [result.found for result in ran.results]
    return {"inputs": 1, "commands": len(finds), "refused": sum(result.ended.code in range(2, 7) for result in ran.results),
            "canary": sum(bool(found.touched) for found in finds), "traceback": sum(bool(found.traceback) for found in finds),
            "hang": sum(bool(found.hang) for found in finds), "raw": sum(bool(found.raw) for found in finds)}


def figures(found: Sequence[Ran], least: int = INPUTS) -> list[Figure]:
    """What must be: enough inputs, nothing touched, nothing broken, and sound things as before."""
    hostile, sound = [ran for ran in found if ran.case.spoil], [ran for ran in found if not ran.case.spoil]
    total = sum((collections.Counter(_counted(ran)) for ran in hostile), collections.Counter())
    results = [result for ran in sound for result in ran.results]
    failed = sum(not result.found.clean or bool(result.ended.code and not result.command.may_refuse) for result in results)
    return [
        at_least("hostile: inputs", len(hostile), least), equal("hostile: commands on sound things that failed", failed, 0),
        equal("hostile: inputs that could not be laid out", sum(bool(ran.error) for ran in found), 0),
        *(equal(f"hostile: commands, {what}", total[name], 0) for name, what in (
            ("canary", "that touched a canary"), ("traceback", "with a traceback"), ("hang", "10 s longer than on sound things"),
            ("raw", "with raw escapes or markup"))),
    ]


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
