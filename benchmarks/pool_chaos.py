"""Two hundred rollouts on ten live servers while processes are killed and one server hangs.

    python -m benchmarks.pool_chaos [--rollouts 200] [--concurrency 16] [--every 10] [--thinking 0.7] [--real]

The policy thinks for a while before every turn, so that the whole takes long enough for several kills: every so many seconds a
process is killed with everything it started. One of the ten servers hangs in every call. With `--real` three are the demo's.

Shown are how the rollouts ended, and that no token of another rollout, no process and no folder was left behind.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from astra_data.rollout.loop import NOT_THE_POLICY
from astra_data.tools.mcp_config import read_mcp_json
from astra_data.tools.session import Deadlines
from benchmarks.figure import ROOT, Figure, at_least, equal, show

sys.path.insert(0, str(ROOT / "tests"))

from chaos import Call, Played, Report, chaos, kill_one, servers

ENDINGS = {"answered", "empty_answer", "cut_off", "turn_limit", "invalid_calls", *NOT_THE_POLICY}


def real() -> list[Played]:
    """Three of the demo's servers, started by uvx: a database of its own for each rollout, and two that are shared."""
    entries = {entry.name: entry for entry in read_mcp_json(ROOT / "recipes" / "demo" / "mcp.json")}

    def tables(token: str) -> list[Call]:
        create = ("create_table", {"query": f"CREATE TABLE {token} (a TEXT)"})
        return [("list_tables", {}), create, ("list_tables", {}), ("describe_table", {"table_name": token})]

    def units(token: str) -> list[Call]:
        return [("list_supported_units", {})] * 4

    def spread(token: str) -> list[Call]:
        return [("descriptive_statistics", {"data": [3, 5, 8, int(token[3:-1])]})] * 4

    return [Played(entries["sqlite"], tables), Played(entries["units"], units, True), Played(entries["statistics"], spread, True)]


def killing_every(seconds: float, seed: int = 7) -> Callable[[Path, Report], Awaitable[None]]:
    async def killer(folder: Path, report: Report) -> None:
        rng, report.every = random.Random(seed), seconds
        while True:
            await asyncio.sleep(seconds)
            report.kills += kill_one(folder, rng)

    return killer


def figures(report: Report) -> Iterable[Figure]:
    """What must hold of a run, however it was disturbed. A server was killed in all but one of the intervals at least."""
    ended = sum(number for ending, number in report.endings.items() if ending in ENDINGS)
    healthy = [done.terminal == "answered" for _, name, done in report.rollouts if name != "server9"]
    yield equal("chaos: rollouts without a terminal state", report.wanted - ended, 0)
    yield at_least("chaos: server processes killed meanwhile", report.kills, max(int(report.seconds // report.every) - 1, 1))
    yield at_least("chaos: answered where the server does not hang", sum(healthy) / len(healthy), 0.95)
    yield equal("chaos: results that hold another rollout's token", len(report.foreign), 0)
    yield equal("chaos: server processes left behind", report.processes_left, 0)
    yield equal("chaos: folders left behind", report.folders_left, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between kills")
    parser.add_argument("--thinking", type=float, default=0.7, help="seconds before every turn of the policy")
    parser.add_argument("--real", action="store_true", help="three of the ten are servers of the demo")
    args = parser.parse_args()
    report = measure(args.rollouts, args.concurrency, args.every, args.thinking, real_ones=args.real)
    failures = Counter(done.failure.partition(" - ")[0] for _, _, done in report.rollouts if done.failure)
    print(f"{report.seconds:.0f} s; ended: {dict(report.endings)}; lost by: {dict(failures)}")
    sys.exit(0 if show(figures(report)) else 1)


def measure(rollouts: int = 200, concurrency: int = 16, every: float = 10.0, thinking: float = 0.7, *,
            real_ones: bool = False) -> Report:
    """The whole at full size. The policy's thinking makes it take about a minute and a half."""
    played = [*real(), *servers(10)[3:]] if real_ones else servers(10)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "private"
        folder.mkdir()
        tempfile.tempdir = str(folder)
        try:
            return asyncio.run(chaos(
                played, folder, rollouts=rollouts, concurrency=concurrency, limit=concurrency, deadlines=Deadlines(90, 30, 10),
                think=lambda: asyncio.sleep(thinking), killer=killing_every(every),
            ))
        finally:
            tempfile.tempdir = None


if __name__ == "__main__":
    main()
