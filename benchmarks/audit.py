"""How many cheats the audit finds with the right check, and whether it leaves sound environments alone.

    python -m benchmarks.audit [--sound 150] [--each 3] [--seed unseen] [OPERATOR ...]

Makes environments of worlds, of recorded calls and of written code, audits them as they are, and spoils `--each` of those of
worlds in each way of `cheats`, others for each way. The seed decides what they are: one that nobody tuned a check on shows most.
"""

import argparse
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from astra_data.audit import Bench, audit
from astra_data.rows import Environment
from astra_data.sandbox import Limits
from benchmarks import unseen
from benchmarks.cheats import CHEATS
from benchmarks.figure import Figure, at_least, at_most, equal, show

SOUND = 150
"""Environments of worlds; of recorded calls and of written code there are a quarter each."""
EACH = 3
"""Environments that each operator spoils."""
SLOW = {"hangs_on_others": 2, "exhausts_memory_on_others": 2}
"""Fewer for those whose calls run into the limits, which costs CPU and shows the same each time."""
UNFIT = {"default_not_so"}
"""Operators that spoil what environments of worlds do not have: defaults that a schema states."""
LIMITS = Limits(cpu_s=0.3, wall_s=10.0)
MOST_MS = 200.0


def _cpu_s() -> float:
    """CPU seconds of this process and of what it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def figures(sound: int = SOUND, each: int = EACH, seed: str = "unseen", operators: Sequence[str] = ()) -> Iterator[Figure]:
    """The figures; which check found what, and what was accused, go to standard output."""
    rows = unseen.worlds(sound, seed)
    for name, some in (("worlds", rows), ("recorded calls", unseen.recorded(sound // 4, seed)),
                       ("written code", unseen.written(sound // 4, seed))):
        yield from _sound(name, some)
    table = _table(rows, each, operators or list(CHEATS))
    made_up = sum(counts.total() for counts in table.values())
    print(f"  {len(table)} operators, {made_up} cheats")
    missed = sum(counts["nothing"] for counts in table.values())
    named = sum(counts["named"] for counts in table.values())
    idle = sum(not counts for name, counts in table.items() if name not in UNFIT)
    yield equal("audit: operators that spoiled nothing", idle, 0)
    yield at_least("audit: cheats rejected, share", (made_up - missed) / max(made_up, 1), 1.0)
    yield at_least("audit: cheats rejected with the right check named", named / max(made_up, 1), 1.0)


def _sound(name: str, rows: Sequence[Environment]) -> Iterator[Figure]:
    before = _cpu_s()
    with Bench.open(isolation="best_effort") as bench:
        found = [audit(row, bench) for row in rows]
    spent = (_cpu_s() - before) / max(len(rows), 1)
    accused = [(row, one) for row, one in zip(rows, found, strict=True) if not one.passed]
    for row, one in accused[:20]:
        print(f"  accused {row.id} {row.domain} {row.language}: {'; '.join(one.reasons) or 'incomplete'}")
    yield equal(f"audit: sound environments of {name} rejected, of {len(rows)}", len(accused), 0)
    yield at_most(f"audit: CPU for one of {name}, with its share of pools", spent * 1000, MOST_MS, "ms")


def _table(rows: list[Environment], each: int, operators: Sequence[str]) -> dict[str, Counter[str]]:
    """Operator -> how many cheats were found by the check named, by another one first, or by nothing."""
    table = {}
    with Bench.open(isolation="best_effort", limits=LIMITS) as bench:
        for name in operators:
            table[name] = counts = _caught(name, rows, min(each, SLOW.get(name, each)), bench)
            told = ", ".join(f"{check} {number}" for check, number in counts.most_common())
            print(f"  {name:<32}{CHEATS[name].check:<13}{told}", flush=True)
    return table


def _caught(name: str, rows: list[Environment], each: int, bench: Bench) -> Counter[str]:
    """`named` where the check of the operator failed, else the first that failed, else `nothing`."""
    found: Counter[str] = Counter()
    for row in random.Random(name).sample(rows, len(rows)):
        if found.total() >= each:
            break
        cheat = CHEATS[name].make(row, random.Random(f"{name}/{row.id}"))
        if cheat is not None:
            failed = [check.check for check in audit(cheat, bench).failed]
            found["named" if CHEATS[name].named(failed) else next(iter(failed), "nothing")] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--sound", type=int, default=SOUND, metavar="N")
    parser.add_argument("--each", type=int, default=EACH, metavar="N")
    parser.add_argument("--seed", default="unseen")
    parser.add_argument("operators", nargs="*", choices=[[], *CHEATS], metavar="OPERATOR")
    given = parser.parse_args()
    sys.exit(0 if show(figures(given.sound, given.each, given.seed, given.operators)) else 1)


if __name__ == "__main__":
    main()
