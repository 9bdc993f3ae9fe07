"""Environments of worlds in one go: made, audited and exported by the command that anybody runs, and then played once more.

    python -m benchmarks.environments [COUNT]

CPU is that of all processes, sandbox included; a machine of two cores that does nothing else needs half of it, if both are kept
busy. Whether they are is told by the time on the clock of the wall, which other programs on the machine lengthen. What is played
afterwards takes no part in either: the gold calls, no calls, and every tool once without arguments.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.rollout.replay import gold_calls, replay
from astra_data.rollout.reward import breakdown
from astra_data.rows import ROW_TYPES, Environment, from_dict
from astra_data.rows.canonical import canonical
from astra_data.sandbox import Sandbox
from benchmarks.figure import ROOT, Figure, at_least, at_most, equal, show

COUNT, AGAIN = 5_000, 200
SPARE = 50
"""One question more for so many: near duplicates are left out."""
SECONDS, CORES = 600, 2
TOOLS, SCENARIOS, CARELESS = 200, 4, 0.5
Row = dict[str, Any]


def command(*words: str) -> tuple[float, float, str]:
    """Seconds on the clock of the wall, CPU seconds of it and all that it started, and what it printed."""
    environ = os.environ | {"OMP_NUM_THREADS": "1"}
    begun, used = time.perf_counter(), _children()
    line = [sys.executable, "-c", "from astra_data.cli import main; main()", *words]
    done = subprocess.run(line, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - begun, _children() - used, done.stdout


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def made(count: int, store: Path) -> tuple[float, float, list[Row]]:
    """Wall and CPU seconds of `astra run worlds` for so many questions, and its stages with their funnels."""
    wall, cpu, printed = command("run", "worlds", f"questions.worlds.count={count}", "--store", str(store), "--json")
    return wall, cpu, json.loads(printed)["stages"]


def rows_of(store: Path, kind: str) -> list[Any]:
    files = Store.open(store).version(f"worlds-{kind}").files()
    return [from_dict(ROW_TYPES[kind], row) for row in read_rows(files, ROW_TYPES[kind])]


def played(rows: Iterable[Environment]) -> list[tuple[float, float, float]]:
    """F1 of the gold calls, of none, and of every tool once without arguments, for each environment."""
    with Sandbox(workers=CORES, isolation="best_effort") as sandbox, ThreadPoolExecutor(2 * CORES) as threads:
        return list(threads.map(lambda row: _scores(row, sandbox), rows))


def _scores(row: Environment, sandbox: Sandbox) -> tuple[float, float, float]:
    careless = replay(row, [[(tool.name, {}) for tool in row.tools]], sandbox).breakdown.f1
    return replay(row, gold_calls(row), sandbox).breakdown.f1, breakdown(row.turns, [], {}).f1, careless


def figures(count: int = COUNT) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu, stages = made(count + count // SPARE, Path(folder, "hub"))
        out, spent, _ = command("convert", "worlds-environments", "--store", f"{folder}/hub", "--to-format", "astra_rl",
                                "-o", f"{folder}/out")
        environments, questions = (rows_of(Path(folder, "hub"), kind) for kind in ("environments", "questions"))
        first, second = (made(AGAIN, Path(folder, name))[2] for name in ("first", "second"))
    for stage in stages:
        print(f"environments: {stage['stage']}: {json.dumps(stage['funnel'])}")
    print(f"environments: {len(environments)} in {wall:.0f} s of the wall and {cpu:.0f} s of CPU, "
          f"{1000 * cpu / len(environments):.0f} ms of CPU each; "
          f"written in the released form in {out:.0f} s and {spent:.0f} s")
    scenarios = {question.id: question.scenario for question in questions}
    scores = played(environments)
    return [
        at_most(f"environments: CPU for {count}, shared by {CORES} cores", (cpu + spent) / CORES, SECONDS, "s"),
        at_most(f"environments: time for {count}", wall + out, SECONDS, "s"),
        at_least("environments: kept", len(environments), count),
        equal("environments: questions of which none was made", stages[-1]["funnel"]["items"] - len(environments), 0),
        equal("environments: gold calls not worth exactly 1", sum(gold != 1.0 for gold, _, _ in scores), 0),
        equal("environments: empty rollouts worth more than 0", sum(empty != 0.0 for _, empty, _ in scores), 0),
        equal("environments: every tool once, worth 0.5 or more", sum(careless >= CARELESS for _, _, careless in scores), 0),
        at_least("environments: tools that differ in name or schema", len(tools_of(environments)), TOOLS),
        equal("environments: scenarios", len({scenarios[row.question_id] for row in environments}), SCENARIOS),
        equal(f"environments: {AGAIN} made twice, stages with equal rows",
              sum(one["rows"] == other["rows"] for one, other in zip(first, second, strict=True)), len(first)),
    ]


def tools_of(environments: Iterable[Environment]) -> set[bytes]:
    return {canonical([tool.name, tool.schema.get("parameters")]) for row in environments for tool in row.tools}


if __name__ == "__main__":
    sys.exit(not show(figures(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)))
