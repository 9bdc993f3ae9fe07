"""The figures at full size, in one table.

    python -m benchmarks.soak [PART ...]        # a few of PARTS, or all

Each part gives figures; the demo is made once for all that look at it. Leaves with 1 if any figure misses its target.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.ledger import Ledger
from astra_data.messages import calls_of, results_of
from astra_data.rows import ROW_TYPES
from astra_data.rows.canonical import digest
from benchmarks import (
    audit,
    bfcl,
    conformance,
    damage,
    distractors,
    documents,
    emulated,
    environments,
    filling,
    near_duplicates,
    odd_values,
    pool_chaos,
    reward_hack,
    roundtrips,
    sandbox,
    sandbox_chaos,
    selection,
    study,
    tiny,
    trust,
    walks,
    worlds,
    writer,
)
from benchmarks.figure import ROOT, Figure, at_least, at_most, equal, python, show
from benchmarks.hostile import measure

KILLS = 20
KILLED_TASKS = 400
DEMO_SECONDS = 180
AGAIN_SECONDS = 3
CLIENT_RATIO = 1.4
Row = dict[str, Any]


@dataclass(frozen=True)
class Demo:
    """Runs of the demo recipe; `folder` holds their stores."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "first"

    @cached_property
    def first(self) -> tuple[float, Row]:
        """Seconds and outcome of the run in a fresh store."""
        return self.run("first")

    def run(self, store: str, *options: str) -> tuple[float, Row]:
        """Seconds and outcome of `astra run demo`."""
        command = [sys.executable, "-c", "from astra_data.cli import main; main()", "run", "demo", "--json", *options]
        environ = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        start = time.perf_counter()
        done = subprocess.run([*command, "--store", str(self.folder / store)], cwd=ROOT, env=environ, check=True,
                              stdout=subprocess.PIPE)
        return time.perf_counter() - start, json.loads(done.stdout)

    def rows(self, kind: str) -> list[Row]:
        return list(read_rows(Store.open(self.store).version(f"demo-{kind}").files(), ROW_TYPES[kind]))


def writer_part(demo: Demo) -> list[Figure]:
    return writer.figures()


def distractors_part(demo: Demo) -> list[Figure]:
    return distractors.figures()


def worlds_part(demo: Demo) -> list[Figure]:
    return worlds.figures()


def environments_part(demo: Demo) -> list[Figure]:
    return environments.figures()


def audit_part(demo: Demo) -> list[Figure]:
    return list(audit.figures())


def filling_part(demo: Demo) -> list[Figure]:
    return filling.figures()


def roundtrips_part(demo: Demo) -> list[Figure]:
    return list(roundtrips.figures())


def bounds_part(demo: Demo) -> list[Figure]:
    """The most requests that a writer of unusable answers costs for one sub-question, against the bound."""
    said = python("-m", "pytest", "-q", "-s", "tests/stages/environments/test_environments_endpoint.py", "-k", "bounded")
    seen: dict[str, list[tuple[float, float]]] = {}
    for what, spent, bound in re.findall(r"(synthesis|merging): ([0-9.]+) requests for a sub-question, ([0-9]+) at most", said):
        seen.setdefault(what, []).append((float(spent), float(bound)))
    return [at_most(f"{what}: requests for a sub-question, at worst", *max(pairs), "requests") for what, pairs in seen.items()]


def client_part(demo: Demo) -> list[Figure]:
    said = python("-m", "benchmarks.client_overhead")
    print(said, end="")
    ratios = re.findall(r"^ratio, (.*): ([0-9.]+)", said, re.MULTILINE)
    return [at_most(f"client: CPU against the bare client, {what}", float(ratio), CLIENT_RATIO, "x") for what, ratio in ratios]


def emulated_part(demo: Demo) -> list[Figure]:
    command = [sys.executable, "-m", "pytest", "-q", "tests/rollout/test_emulator_replay.py"]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return [*emulated.figures(), equal("emulated: replay from the ledger, tests failed", code, 0)]


def bfcl_part(demo: Demo) -> list[Figure]:
    return bfcl.figures()


def chaos_part(demo: Demo) -> list[Figure]:
    return list(pool_chaos.figures(pool_chaos.measure()))


def sandbox_part(demo: Demo) -> list[Figure]:
    return [*sandbox.figures(), *sandbox_chaos.figures()]


def demo_part(demo: Demo) -> list[Figure]:
    seconds, outcome = demo.first
    servers, kept = demo.rows("tools"), demo.rows("trajectories")
    calls = [call["tool"] for row in kept for call in row["calls"]]
    return [
        at_most("demo: time in a fresh store", seconds, DEMO_SECONDS, "s"),
        equal("demo: complete", outcome["complete"], True),
        at_least("demo: servers", len(servers), 7),
        at_least("demo: tools", sum(len(row["tools"]) for row in servers), 80),
        at_least("demo: accepted trajectories", len(kept), 60),
        at_least("demo: servers of accepted trajectories", len({row["server"] for row in kept}), 6),
        at_least("demo: distinct tools called in them", len(set(calls)), 40),
        at_least("demo: mean calls of a trajectory", len(calls) / max(len(kept), 1), 2),
        equal("demo: results that the ledger does not hold", len(unrecorded(kept, demo.store / "ledger.sqlite")), 0),
    ]


def unrecorded(trajectories: list[Row], path: Path) -> list[str]:
    """Ids of the calls that reached a tool, and whose result no record of the ledger holds."""
    held = {_recorded(effect["request"], effect["response"]) for effect in exported(path) if _is_result(effect)}
    return [call for row in trajectories for call, effect in _results(row) if effect not in held]


def exported(path: Path) -> list[Row]:
    """All records of a ledger."""
    ledger = Ledger.open(path)
    try:
        return list(ledger.export())
    finally:
        asyncio.run(ledger.close())


def _is_result(effect: Row) -> bool:
    return effect["kind"] == "tool" and effect["outcome"] == "ok" and "tool" in effect["request"]


def _recorded(request: Row, response: Row) -> str:
    return _effect(request["server"], request["tool"], request["arguments"], response["content"])


def _results(row: Row) -> Iterator[tuple[str, str]]:
    results = results_of(row["messages"])
    reached = {call["id"] for call in row["calls"] if call["backend"] != "none"}
    for call in calls_of(row["messages"]):
        if call.id in reached:
            yield f"{row['id']}/{call.id}", _effect(row["server"], call.name, call.arguments, results[call.id])


def _effect(server: str, tool: str, arguments: Row, content: str) -> str:
    return digest([server, tool, arguments, content])


def replay_part(demo: Demo) -> list[Figure]:
    """The recorded run again, in a fresh store, one by one and 32 at a time."""
    _, first = demo.first
    ledger = ("--ledger", str(demo.store / "ledger.sqlite"))
    figures = []
    for concurrency in (1, 32):
        seconds, again = demo.run(f"replay-{concurrency}", *ledger, "--concurrency", str(concurrency))
        print(f"replay at concurrency {concurrency}: {seconds:.0f} s, {again['asked']} new answers")
        equal_rows = sum(one["rows"] == other["rows"] for one, other in zip(first["stages"], again["stages"], strict=True))
        figures.append(equal(f"replay at concurrency {concurrency}: stages with equal rows", equal_rows, len(first["stages"])))
        figures.append(equal(f"replay at concurrency {concurrency}: new answers", again["asked"], 0))
    return figures


def again_part(demo: Demo) -> list[Figure]:
    """The same command on the same store."""
    assert demo.first
    seconds, outcome = demo.run("first")
    found = sum(stage["found"] for stage in outcome["stages"])
    return [
        at_most("second run: time", seconds, AGAIN_SECONDS, "s"),
        equal("second run: stages found", found, len(outcome["stages"])),
    ]


def kill_part(demo: Demo) -> list[Figure]:
    environ = os.environ | {"ASTRA_KILLS": str(KILLS), "ASTRA_TASKS": str(KILLED_TASKS)}
    code = subprocess.run([sys.executable, "-m", "pytest", "-q", "tests/runs/test_kill.py"], cwd=ROOT, env=environ, check=False)
    return [equal(f"{KILLED_TASKS} tasks killed {KILLS} times: tests failed", code.returncode, 0)]


def reward_part(demo: Demo) -> list[Figure]:
    """Whether it pays to end in garbage."""
    return reward_hack.figures()


PARTS: dict[str, Callable[[Demo], list[Figure]]] = {
    "writer": writer_part,
    "select": lambda demo: selection.figures(),
    "near": lambda demo: near_duplicates.figures(),
    "distractors": distractors_part,
    "walks": lambda demo: walks.figures(),
    "worlds": worlds_part,
    "reward": reward_part,
    "environments": environments_part,
    "audit": audit_part,
    "filling": filling_part,
    "study": lambda demo: study.stored(),
    "tiny": lambda demo: tiny.stored(),
    "roundtrips": roundtrips_part,
    "bounds": bounds_part,
    "client": client_part,
    "emulated": emulated_part,
    "bfcl": bfcl_part,
    "conformance": lambda demo: conformance.figures(),
    "chaos": chaos_part,
    "sandbox": sandbox_part,
    "trust": lambda demo: trust.figures(),
    "hostile": lambda demo: measure.soak(),
    "damage": lambda demo: damage.soak(),
    "odd": lambda demo: odd_values.soak(),
    "documents": lambda demo: documents.soak(),
    "demo": demo_part,
    "replay": replay_part,
    "again": again_part,
    "kill": kill_part,
}


def measured(name: str, demo: Demo) -> list[Figure]:
    """The figures of a part; one that failed where the part could not be measured."""
    print(f"\n== {name}", flush=True)
    try:
        return PARTS[name](demo)
    except Exception as error:
        return [Figure(f"{name}: {type(error).__name__}", "not measured", "", False)]


def main(names: list[str]) -> bool:
    """Measure the named parts, or all. True if every figure meets its target."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        figures = [figure for name in names or PARTS for figure in measured(name, demo)]
    print()
    return show(figures)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
