"""The definition of [A 15.2, 22.1] word for word, pair by pair with Python's integers and fractions; and pools to try it on."""

import random
from fractions import Fraction
from typing import Any

import numpy as np

from astra_data.stages.distractors.bands import BANDS, Instance, Lines
from astra_data.stages.distractors.choice import Pick
from astra_data.stages.distractors.vectors import integers, square


def clusters(count: int, dimension: int, seed: int, tightness: float = 0.7) -> Any:
    """Directions that lie in groups, as tools of one kind do."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((12, dimension))
    return integers(centres[rng.integers(0, 12, count)] + tightness * rng.standard_normal((count, dimension)))


def joined(pool: Any, vectors: Any) -> tuple[Any, Any]:
    """The rows of the pool, and one matrix of both, as the computation takes them."""
    return np.arange(len(vectors), len(vectors) + len(pool)), np.vstack([vectors, pool])


def instances(count: int, pool: int, scopes: int, seed: int) -> list[Instance]:
    """Instances of one to five tools; most tools have a twin in the pool."""
    rng, found, start = random.Random(seed), [], 0
    for number in range(count):
        rows = range(start, start + rng.randint(1, 5))
        twins = [rng.choice([-1, *rng.sample(range(pool), min(pool, 3))]) for _ in rows]
        found.append(Instance(f"instance-{number}", rows, twins, rng.randrange(scopes)))
        start = rows.stop
    return found


def similarities(pool: Any, vectors: Any, instance: Instance, lines: Lines) -> list[list[Fraction]]:
    """For each tool of the instance, its similarity to each tool of the pool."""
    found = []
    for row, twin in zip(instance.tools, instance.twins, strict=True):
        products = [sum(map(int.__mul__, vectors[row].tolist(), other)) for other in pool.tolist()]
        others = [product for position, product in enumerate(products) if position != twin]
        if lines.raw or len(products) < 2:
            found.append([Fraction(product, square(pool.shape[1])) for product in products])
            continue
        least, span = min(others), max(others) - min(others)
        found.append([Fraction(product - least, span) if span else Fraction(0) for product in products])
    return found


def band_of(value: Fraction, lines: Lines) -> str:
    if value > Fraction(str(lines.high)):
        return "high"
    return "medium" if value >= Fraction(str(lines.low)) else "low"


def picks(pool: Any, vectors: Any, instance: Instance, scopes: Any, lines: Lines, seed: int, per_band: int) -> list[Pick]:
    rows = similarities(pool, vectors, instance, lines)
    free = [position for position in range(len(pool)) if scopes[instance.scope][position] and position not in instance.twins]
    best = {position: max(row[position] for row in rows) for position in free}
    found = []
    for band in BANDS:
        members = [position for position in free if band_of(best[position], lines) == band]
        generator = random.Random(f"{seed}/{instance.id}/{band}")
        for index in sorted(generator.sample(range(len(members)), min(per_band, len(members)))):
            tool = [row[members[index]] for row in rows].index(best[members[index]])
            found.append(Pick(members[index], band, float(best[members[index]]), tool))
    return found
