"""Unit vectors as small integers, so that their products do not depend on the order of summation.

    whole = integers(embeddings)        # int16, every row at most 2,896 long
    whole[0].astype(int) @ whole[1]     # the cosine of the two, times `square(dimension)`

By Cauchy and Schwarz, no sum over some of the products of two such rows exceeds 2,896**2 < 2**23. Whatever a BLAS adds up first,
with or without fused multiplication, every partial sum is an integer that float32 holds exactly, and so is the difference of two
sums. Rounding to integers moves a cosine by about 0.0002.
"""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import floating, int16
    from numpy.typing import NDArray

LENGTH = 2_896
"""The greatest integer whose square is below 2**23."""

CHUNK = 1 << 20
"""Numbers converted at a time."""


def scale(dimension: int) -> float:
    """What a unit vector is multiplied by. Rounding moves it by at most half the root of its dimension."""
    return LENGTH - math.sqrt(dimension) / 2


def square(dimension: int) -> int:
    """The product of a vector with itself, but for rounding: what a cosine of 1 becomes."""
    return round(scale(dimension) ** 2)


def integers(vectors: "NDArray[floating[Any]]") -> "NDArray[int16]":
    """The directions of the rows of a matrix, scaled and rounded. Raises `ValueError` for a row without a direction."""
    import numpy as np

    count, dimension = vectors.shape
    whole = np.empty((count, dimension), np.int16)
    step = max(1, CHUNK // max(1, dimension))
    for start in range(0, count, step):
        rows = vectors[start : start + step].astype(np.float64)
        lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
        if not np.isfinite(lengths).all() or not lengths.all():
            raise ValueError("a vector of zeros, or of no numbers, has no direction")
        whole[start : start + step] = np.rint(rows / lengths * scale(dimension))
    return whole
