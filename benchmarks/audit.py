"""How many cheats the audit finds with the right check, and whether it leaves sound environments alone.

    python -m benchmarks.audit [COUNT]

Makes COUNT environments of worlds, audits them as they are, and spoils some of them in each way of `cheats`, others for each way.
None was looked at while the checks were written.
"""

import asyncio
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator

from astra_data.audit import Bench, audit
from astra_data.pipeline.stage import Keep, Reject
from astra_data.rows import Environment
from astra_data.sandbox import Limits, Sandbox
from astra_data.stages.environments.config import EnvironmentsConfig
from astra_data.stages.environments.stage import environment_of
from astra_data.stages.environments.synthesis import Work
from astra_data.teacher.offline.teacher import OfflineTeacher
from astra_data.worlds import DOMAINS, LANGUAGES, SCENARIOS, Wanted, compose
from benchmarks.cheats import CHEATS
from benchmarks.figure import Figure, at_least, at_most, equal, show

COUNT = 60
SPOILED = 8
"""Environments that each operator spoils."""
SLOW = {"hangs_on_others": 2, "exhausts_memory_on_others": 2}
"""Fewer for those whose calls run into the limits, which costs CPU and shows the same each time."""
LIMITS = Limits(cpu_s=0.3, wall_s=10.0)
MOST_MS = 60.0


def made(count: int, seed: str = "unseen") -> list[Environment]:
    """World environments of all domains, scenarios and languages, with up to seven hops; a fifth has tools that write."""
    wanted = []
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        scenario = rng.choice(SCENARIOS)
        hops = 1 if "single" in scenario else rng.randrange(3, 8)
        writes = scenario in ("multi_hop", "parallel_multi_hop") and rng.random() < 0.4
        wanted.append(Wanted(rng.choice(list(DOMAINS)), rng.choice(list(LANGUAGES)), scenario, hops, writes=writes))

    async def all_of(work: Work) -> list[Environment]:
        outcomes = [await environment_of(work, compose(one, f"{seed}/{number}")) for number, one in enumerate(wanted)]
        rows = [outcome.row for outcome in outcomes if isinstance(outcome, Keep | Reject)]
        return [row for row in rows if isinstance(row, Environment)]

    with Sandbox(2, "best_effort") as sandbox, Bench.open(isolation="best_effort") as bench:
        return asyncio.run(all_of(Work(EnvironmentsConfig(isolation="best_effort"), OfflineTeacher(), sandbox, bench)))


def _cpu_s() -> float:
    """CPU seconds of this process and of what it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def figures(count: int = COUNT) -> Iterator[Figure]:
    """The figures; which check found what, and what was accused, go to standard output."""
    rows = made(count)
    before = _cpu_s()
    with Bench.open(isolation="best_effort") as bench:
        found = [audit(row, bench) for row in rows]
    spent = (_cpu_s() - before) / len(rows)
    accused = [(row, one) for row, one in zip(rows, found, strict=True) if not one.passed]
    for row, one in accused[:20]:
        print(f"  accused {row.id} {row.domain} {row.language}: {'; '.join(one.reasons) or 'incomplete'}")
    yield equal("sound world environments rejected", len(accused), 0)
    yield at_most("audit of an environment, CPU with its share of the pools", spent * 1000, MOST_MS, "ms")
    with Bench.open(isolation="best_effort", limits=LIMITS) as bench:
        table = {name: _caught(name, rows, bench) for name in CHEATS}
    made_up = sum(counts.total() for counts in table.values())
    missed = sum(counts["nothing"] for counts in table.values())
    named = sum(counts[CHEATS[name].check] for name, counts in table.items())
    for name, counts in table.items():
        told = ", ".join(f"{check} {number}" for check, number in counts.most_common())
        print(f"  {name:<28}{counts.total():>5}  {told}")
    yield at_least("cheats rejected, share", (made_up - missed) / made_up, 1.0)
    yield at_least("cheats rejected with the right check named, share", named / made_up, 1.0)


def _caught(name: str, rows: list[Environment], bench: Bench) -> Counter[str]:
    """The named check where it is among those that failed, else the first that failed, else `nothing`."""
    found: Counter[str] = Counter()
    for row in random.Random(name).sample(rows, len(rows)):
        cheat = CHEATS[name].make(row, random.Random(f"{name}/{row.id}"))
        if cheat is not None and found.total() < SLOW.get(name, SPOILED):
            failed = [check.check for check in audit(cheat, bench).failed]
            found[CHEATS[name].check if CHEATS[name].check in failed else next(iter(failed), "nothing")] += 1
    return found


def main() -> None:
    sys.exit(0 if show(figures(*map(int, sys.argv[1:2]))) else 1)


if __name__ == "__main__":
    main()
