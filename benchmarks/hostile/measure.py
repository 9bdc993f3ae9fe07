"""What hostile inputs did: run all of them, print what fails as it is found, and count it.

    found = measured("1", each=1)
    print(table(found)); show(figures(found))
"""

import collections
import shlex
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from astra_data.errors import NothingKept
from benchmarks.figure import Figure, at_least, equal
from benchmarks.hostile.around import Around
from benchmarks.hostile.judging import CODES
from benchmarks.hostile.kinds import KINDS
from benchmarks.hostile.lures import new_secrets
from benchmarks.hostile.running import WITH_TORCH, Ran, Result, Runs, cases, sound_cases
from benchmarks.hostile.sound import Sound

INPUTS = 60
COLUMNS = ("inputs", "commands", "refused", "canary", "traceback", "hang", "raw")
LISTED = 400


def measured(seed: str, each: int, only: str = "", kinds: Sequence[str] = (), jobs: int = 2,
             keep: Path | None = None) -> list[Ran]:
    """Run everything; sound things first. Prints what fails as it is found."""
    chosen = cases(seed, each, only, kinds)
    torch, trees = (any(case.kind in some for case in chosen) for some in (WITH_TORCH, ("tree",)))
    keep, keys = keep or Path(tempfile.mkdtemp(prefix="hostile-")), new_secrets()
    with tempfile.TemporaryDirectory(prefix="hostile-run-") as folder, ExitStack() as stack:
        slots = [stack.enter_context(Around(Path(folder) / f"slot{number}", keys, torch=torch)) for number in range(jobs)]
        runs = Runs(slots, Sound.made(Path(folder) / "sound", slots[0], model=torch, trees=trees), keep)
        found = list(runs.all(sound_cases(chosen)))
        for ran in found:
            _tell(ran, also_refused=True)
        for ran in runs.all(chosen):
            _tell(ran)
            found.append(ran)
    return found


def _fails(result: Result) -> bool:
    """Whether a command on a sound thing failed. That the scripted answers are worth no row is no failure."""
    return result.ended.code not in (0, NothingKept.exit_code) and not result.command.may_refuse


def _tell(ran: Ran, *, also_refused: bool = False) -> None:
    if ran.error:
        print(f"{ran.case.name}: could not be laid out: {ran.error}", flush=True)
    for result in ran.results:
        if not result.found.clean:
            print(f"{ran.case.name}: {_line(result)}\n    {result.found.told()[:LISTED]}", flush=True)
        elif also_refused and _fails(result):
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
    return {"inputs": 1, "commands": len(finds), "refused": sum(result.ended.code in CODES for result in ran.results),
            "canary": sum(bool(found.touched) for found in finds), "traceback": sum(bool(found.traceback) for found in finds),
            "hang": sum(bool(found.hang) for found in finds), "raw": sum(bool(found.raw) for found in finds)}


def figures(found: Sequence[Ran], least: int = INPUTS) -> list[Figure]:
    """What must be: enough inputs, nothing touched, nothing broken, and sound things as before."""
    hostile, sound = [ran for ran in found if ran.case.spoil], [ran for ran in found if not ran.case.spoil]
    total = sum((collections.Counter(_counted(ran)) for ran in hostile), collections.Counter())
    results = [result for ran in sound for result in ran.results]
    failed = sum(not result.found.clean or _fails(result) for result in results)
    return [
        at_least("hostile: inputs", len(hostile), least), equal("hostile: commands on sound things that failed", failed, 0),
        equal("hostile: inputs that could not be laid out", sum(bool(ran.error) for ran in found), 0),
        *(equal(f"hostile: commands, {what}", total[name], 0) for name, what in (
            ("canary", "that touched a canary"), ("traceback", "with a traceback"), ("hang", "10 s longer than on sound things"),
            ("raw", "with raw escapes or markup"))),
    ]


def soak() -> list[Figure]:
    """The figures at full size; the table and what fails go to standard output."""
    found = measured("1", each=1)
    print(table(found))
    return figures(found)
