"""Distractors for all tools of ASTRA's environments, against the bare matrix product: 26,289 tools in scope, a pool of 19,036.

    python -m benchmarks.distractors [bands|product|oracle DIMENSION BLOCK THREADS]

The vectors are synthetic, in clusters across 30 fields. Each measurement has a process of its own with a BLAS as it
chooses itself, whatever this machine's environment says of it.
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from typing import Any

from benchmarks.figure import ROOT, Figure, at_most, equal, peak_mb, show

IN_SCOPE, POOL, FIELDS, CLUSTERS = 26_289, 19_036, 30, 600
ORACLE = 2_000
RATIO = {384: 2.0, 4096: 1.3}
PEAK_MB = 600
BLOCK = 1024
MADE = 128
"""Vectors made at a time, so few that making them is not what takes the memory."""

ROUNDS = {384: 3, 4096: 1}
PER_BAND = 2


def inputs(dimension: int, in_scope: int = IN_SCOPE, pool: int = POOL) -> tuple[Any, Any, Any, Any]:
    """Which vectors are the pool, all vectors in scope, the instances of two to six tools, and what each field may take."""
    import numpy as np

    from astra_data.stages.distractors.bands import Instance
    from astra_data.stages.distractors.vectors import integers

    generator = np.random.default_rng(7)
    fields, centres = (generator.standard_normal((count, dimension), np.float32) for count in (FIELDS, CLUSTERS))

    def vectors(of: Any) -> Any:
        rows = np.empty((len(of), dimension), np.int16)
        for start in range(0, len(of), MADE):
            some = of[start : start + MADE]
            kinds = generator.integers(0, CLUSTERS, len(some))
            noise = generator.standard_normal((len(some), dimension), np.float32)
            rows[start : start + MADE] = integers(0.6 * fields[some] + centres[kinds] + 0.8 * noise)
        return rows

    rng, instances, start = random.Random(7), [], 0
    of = np.empty(in_scope, np.int64)
    while start < in_scope:
        rows = range(start, min(in_scope, start + rng.randint(2, 6)))
        field = rng.randrange(FIELDS)
        of[rows.start : rows.stop] = field
        instances.append(Instance(f"instance-{start}", rows, [rng.randrange(pool) for _ in rows], field))
        start = rows.stop
    rows = np.sort(generator.permutation(in_scope)[:pool])
    return rows, vectors(of), instances, np.array([of[rows] != field for field in range(FIELDS)])


def bands(dimension: int, block: int, threads: int) -> dict[str, Any]:
    """Seconds (wall, CPU) and peak MB of the choice, and its digest."""
    from astra_data.stages.distractors.bands import Lines, each
    from astra_data.stages.distractors.choice import banded

    pool, vectors, instances, scopes = inputs(dimension)
    wall, cpu = time.perf_counter(), time.process_time()
    picks = each(pool, vectors, instances, scopes, Lines(), banded(7, PER_BAND), block=block, threads=threads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    digest = hashlib.sha256(repr(picks).encode()).hexdigest()[:16]
    return {"wall": wall, "cpu": cpu, "peak_mb": peak_mb(), "picks": sum(map(len, picks)), "digest": digest}


def product(dimension: int, block: int, threads: int) -> dict[str, Any]:
    """Seconds of the products alone, of floats that are at hand."""
    import numpy as np

    pool, vectors, _, _ = inputs(dimension)
    floats, wall, cpu = vectors[pool].astype(np.float32), 0.0, 0.0
    out = np.empty((block, len(pool)), np.float32)
    for start in range(0, len(vectors), block):
        rows = vectors[start : start + block].astype(np.float32)
        before = time.perf_counter(), time.process_time()
        np.matmul(rows, floats.T, out=out[: len(rows)])
        wall, cpu = wall + time.perf_counter() - before[0], cpu + time.process_time() - before[1]
    return {"wall": wall, "cpu": cpu}


def oracle(dimension: int, block: int, threads: int) -> dict[str, Any]:
    """Instances of a pool of 2,000 tools whose picks are not those of a computation of all pairs with 64-bit integers."""
    import numpy as np

    from astra_data.stages.distractors.bands import Lines, each
    from astra_data.stages.distractors.choice import banded

    pool, vectors, instances, scopes = inputs(dimension, ORACLE, ORACLE)
    picks = each(pool, vectors, instances, scopes, Lines(), banded(7, PER_BAND), block=block, threads=threads)
    products = vectors.astype(np.int64) @ vectors[pool].astype(np.int64).T
    wrong = sum(_expected(products, one, scopes) != {(pick.band, pick.position) for pick in found}
                for one, found in zip(instances, picks, strict=True))
    return {"wrong": wrong, "instances": len(instances)}


def _expected(products: Any, instance: Any, scopes: Any) -> set[tuple[str, int]]:
    """(band, position) of the picks, from whole rows of products. The lines are 2/5 and 17/20."""
    ranks: dict[int, int] = {}
    for tool, twin in zip(instance.tools, instance.twins, strict=True):
        row = products[tool].tolist()
        others = [value for position, value in enumerate(row) if position != twin]
        least, span = min(others), max(others) - min(others)
        for position, value in enumerate(row):
            rank = 2 if 20 * (value - least) > 17 * span else int(5 * (value - least) >= 2 * span)
            ranks[position] = max(rank, ranks.get(position, 0))
    expected = set()
    for rank, band in enumerate(("low", "medium", "high")):
        members = [position for position in range(len(row)) if ranks[position] == rank and scopes[instance.scope][position]
                   and position not in instance.twins]
        drawn = random.Random(f"7/{instance.id}/{band}").sample(range(len(members)), min(PER_BAND, len(members)))
        expected |= {(band, members[index]) for index in drawn}
    return expected


def measured(what: str, dimension: int, block: int = BLOCK, threads: int = 2) -> dict[str, Any]:
    """One measurement in a process of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    command = [sys.executable, "-m", "benchmarks.distractors", what, str(dimension), str(block), str(threads)]
    done = subprocess.run(command, cwd=ROOT, env=environ | {"OPENBLAS_NUM_THREADS": str(threads)}, check=True,
                          stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    print(f"distractors: {what}, dimension {dimension}, block {block}, threads {threads}: {result}", flush=True)
    return result


def figures() -> list[Figure]:
    """Time against the product, memory, and whether the choice is the same however it is computed, and right."""
    found = []
    for dimension, limit in RATIO.items():
        runs = [(measured("product", dimension), measured("bands", dimension)) for _ in range(ROUNDS[dimension])]
        ratio = min(ours["wall"] for _, ours in runs) / min(bare["wall"] for bare, _ in runs)
        found.append(at_most(f"distractors: time against the product, dimension {dimension}", ratio, limit, "x"))
        found.append(at_most(f"distractors: peak memory, dimension {dimension}", runs[0][1]["peak_mb"], PEAK_MB, "MB"))
    digests = {measured("bands", 384, block, threads)["digest"] for block in (64, 4096) for threads in (1, 2)}
    found.append(equal("distractors: choices by block size and threads", len(digests), 1))
    found.append(equal("distractors: choices unlike the oracle's, 2,000 tools", measured("oracle", 384)["wrong"], 0))
    return found


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run = {"bands": bands, "product": product, "oracle": oracle}[sys.argv[1]]
        print(json.dumps(run(*map(int, sys.argv[2:]))))
    else:
        sys.exit(not show(figures()))
