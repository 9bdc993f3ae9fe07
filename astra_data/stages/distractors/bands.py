"""The bands of similarity between the tools of instances and a pool of tools, without holding all similarities at once.

    drawn = each(pool, vectors, instances, scopes, Lines(), lambda seen: len(seen.members()["high"]))

Similarity is the cosine, by default stretched for each tool of an instance so that the least similar tool of the pool has 0 and
the most similar one 1 [A 15.2]. A tool of the pool lies in the highest band that any tool of the instance puts it in. All
comparisons are between integers (`vectors`), so neither block size nor threads nor the BLAS can move a tool to another band.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from astra_data.stages.distractors.vectors import square

if TYPE_CHECKING:
    from numpy import bool_, float32, int16, int64
    from numpy.typing import NDArray

Band = Literal["high", "medium", "low"]
BANDS: tuple[Band, ...] = ("high", "medium", "low")

BLOCK = 1024
"""Rows of products held at once: each takes four bytes for every tool of the pool."""

HELD = 1 << 24
"""A pool of at most so many numbers is held in float32, which takes 64 MB."""

TILE = 1 << 22
"""Numbers of a larger pool that are converted at a time."""

NEVER = 1 << 24
"""Above every product."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lines:
    """Where bands end: `high` lies above the one, `low` below the other. Cosines are stretched to [0, 1] unless `raw`."""

    low: float = 0.4
    high: float = 0.85
    raw: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """Tools that distractors are wanted for. `tools` are rows of the vectors; `twins` has for each the position in the pool of
    the tool of its name, or -1; `scope` is the row of the scopes with the tools of the pool that may be taken."""

    id: str
    tools: Sequence[int]
    twins: Sequence[int]
    scope: int


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The pool as seen by an instance. `products` (its tools by those of the pool) are integers; `least` and `span` are what a
    row is stretched by; in a row, what is above `high` is in the high band, and what is not above `low` in the low one. `free` is
    false for what is out of scope or has a name that the instance has."""

    instance: Instance
    products: "NDArray[float32]"
    least: "NDArray[int64]"
    span: "NDArray[int64]"
    high: "NDArray[float32]"
    low: "NDArray[float32]"
    free: "NDArray[bool_]"

    def members(self) -> "dict[Band, NDArray[int64]]":
        """The positions of the free tools in each band, ascending."""
        import numpy as np

        high = (self.products > self.high).any(axis=0)
        medium = (self.products > self.low).any(axis=0)
        masks: dict[Band, Any] = {"high": high, "medium": medium & ~high, "low": ~medium}
        return {band: np.flatnonzero(masks[band] & self.free) for band in BANDS}

    def similarity(self, position: int) -> tuple[float, int]:
        """The greatest similarity to a tool of the pool, and which tool of the instance has it (the first of equals)."""
        row = zip(self.products[:, position].tolist(), self.least.tolist(), self.span.tolist(), strict=True)
        values = [(product - least) / span if span else 0.0 for product, least, span in row]
        best = max(values)
        return best, values.index(best)


def each(pool: "NDArray[int64]", vectors: "NDArray[int16]", instances: Sequence[Instance], scopes: "NDArray[bool_]",
         lines: Lines, take: Callable[[Seen], T], *, block: int = BLOCK, threads: int = 1) -> list[T]:
    """`take` of what each instance sees, in order. `vectors` are rows of `integers`, `pool` says which of them are the pool: no
    second copy is held. `take` is called in threads."""
    import numpy as np

    taken: list[T] = []
    products = np.empty((0, len(pool)), np.float32)
    dimension = vectors.shape[1]

    def share(parts: "list[tuple[Instance, NDArray[float32]]]") -> list[T]:
        return [take(_seen(one, of, scopes, lines, dimension)) for one, of in parts]

    held = vectors[pool].astype(np.float32) if len(pool) * dimension <= HELD else None
    with ThreadPoolExecutor(threads) as executor:
        for some in _blocks(instances, block):
            rows = [row for instance in some for row in instance.tools]
            if len(rows) > len(products):
                products = np.empty((len(rows), len(pool)), np.float32)
            _multiply(vectors[rows].astype(np.float32), held, pool, vectors, products[: len(rows)])
            parts, size = list(_parts(products, some)), math.ceil(len(some) / threads)
            for found in executor.map(share, [parts[start : start + size] for start in range(0, len(parts), size)]):
                taken += found
    return taken


def _blocks(instances: Sequence[Instance], block: int) -> Iterator[list[Instance]]:
    """Instances in order, in runs of at most `block` tools; an instance with more is a run of its own."""
    run: list[Instance] = []
    size = 0
    for instance in instances:
        if run and size + len(instance.tools) > block:
            yield run
            run, size = [], 0
        run.append(instance)
        size += len(instance.tools)
    if run:
        yield run


def _parts(products: "NDArray[float32]", instances: list[Instance]) -> "Iterator[tuple[Instance, NDArray[float32]]]":
    start = 0
    for instance in instances:
        yield instance, products[start : start + len(instance.tools)]
        start += len(instance.tools)


def _multiply(rows: "NDArray[float32]", held: "NDArray[float32] | None", pool: "NDArray[int64]", vectors: "NDArray[int16]",
              out: "NDArray[float32]") -> None:
    """The products of rows with the pool, which is converted tile by tile unless it is `held`."""
    import numpy as np

    step = len(pool) if held is not None else max(1, TILE // vectors.shape[1])
    for start in range(0, len(pool), step):
        tile = held if held is not None else vectors[pool[start : start + step]].astype(np.float32)
        np.matmul(rows, tile.T, out=out[:, start : start + step])


def _seen(instance: Instance, products: "NDArray[float32]", scopes: "NDArray[bool_]", lines: Lines, dimension: int) -> Seen:
    """What the instance sees. The product with a twin, which a row is not stretched by, is overwritten by a neighbour's."""
    import numpy as np

    free = scopes[instance.scope].copy()
    count = len(free)
    for row, twin in enumerate(instance.twins):
        if twin >= 0:
            products[row, twin] = products[row, twin - 1]
            free[twin] = False
    if lines.raw or count < 2:
        least, span = np.zeros(len(products), np.int64), np.full(len(products), square(dimension), np.int64)
    else:
        least = products.min(axis=1).astype(np.int64)
        span = products.max(axis=1).astype(np.int64) - least
    high = least + _share(lines.high, span)
    low = np.where((span > 0) | (lines.low <= 0), least - _share(lines.low, -span) - 1, NEVER)
    return Seen(instance, products, least, span, _column(high), _column(low), free)


def _share(line: float, span: "NDArray[int64]") -> "NDArray[int64]":
    """The line as a share of the span, rounded down; of a negative span, up in magnitude."""
    above, below = _exact(line)
    return span * above // below


@functools.lru_cache
def _exact(line: float) -> tuple[int, int]:
    """Numerator and denominator of the number as it is written."""
    return Fraction(str(line)).as_integer_ratio()


def _column(values: "NDArray[int64]") -> "NDArray[float32]":
    import numpy as np

    return values.astype(np.float32)[:, np.newaxis]
