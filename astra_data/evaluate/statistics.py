"""How sure a figure is: means over arenas, with 95 % intervals.

    >>> mean_of([1.0, 1.0, 0.0, 1.0]).method
    'wilson'

The unit is the arena: rollouts in one arena are no independent draws, so each arena counts once, with the mean of its rollouts.
Of a share that is 0 or 1 in every arena the interval is Wilson's; of anything else it is that of the percentile
bootstrap over arenas, with 2,000 seeded resamples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 2000
Z = 1.959963984540054
"""Standard deviations to each side that hold 95 % of a normal distribution."""
BLOCK = 1 << 22
"""Most draws that are held at once."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `arenas` arenas with its 95 % interval; `method` is `wilson` or `bootstrap`. All are null without arenas."""

    value: float | None
    low: float | None
    high: float | None
    arenas: int
    method: str | None

    def told(self, digits: int = 3) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "-"
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def mean_of(values: Sequence[float], *, share: bool = True) -> Estimate:
    """The mean of one value for each arena; with `share` the values lie in [0, 1], and Wilson's interval may be taken."""
    if not values:
        return Estimate(None, None, None, 0, None)
    if share and all(value in (0, 1) for value in values):
        low, high = wilson(sum(map(int, values)), len(values))
        return Estimate(sum(values) / len(values), low, high, len(values), "wilson")
    low, high = bootstrap(values)
    return Estimate(math.fsum(values) / len(values), low, high, len(values), "bootstrap")


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's score interval of a share."""
    share, width = hits / of, Z * Z / of
    middle = (share + width / 2) / (1 + width)
    half = Z / (1 + width) * math.sqrt(share * (1 - share) / of + width / (4 * of))
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == of else middle + half)


def bootstrap(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 2.5th and the 97.5th percentile of the mean over as many values, drawn with replacement."""
    import numpy as np

    rng, given = np.random.default_rng(seed), np.asarray(values, float)
    rows = max(1, BLOCK // len(given))
    means = [given[rng.integers(0, len(given), (min(rows, RESAMPLES - start), len(given)))].mean(axis=1)
             for start in range(0, RESAMPLES, rows)]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return float(low), float(high)


def pass_hat(successes: int, samples: int, k: int) -> float:
    """The chance that k rollouts drawn from `samples` all succeed, as tau-bench estimates pass^k: C(c, k) / C(n, k)."""
    return math.comb(successes, k) / math.comb(samples, k)
