"""The arms of the study, what the paper says of them, and the tables: all that is computed from the measured figures alone.

    study["arms"]["f1-banded"]["0"]["held_out"]["f1"]        # the mean over the held-out arenas, of seed 0
    print("\\n".join(told(study)))

A mean over seeds has the 95 % interval of Student's t. A claim is judged by that of the difference between two arms of
the same seed, which began with the same weights: ours agrees or disagrees if the interval lies on one side of zero.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

Row = Mapping[str, Any]
Study = Mapping[str, Any]

T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""The 97.5th percentile of Student's t with 1, 2, ... degrees of freedom."""
MOST_SEEDS = len(T) + 1
EDGE = 5
"""Steps at either end of training that sampled figures are means over."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to train: the mode of the reward, and that of the distractors in the arenas for training."""

    reward: str
    distractors: str

    def __str__(self) -> str:
        return f"{self.reward}-{self.distractors}"


BASE = Arm("f1", "banded")
ABLATIONS: Mapping[str, tuple[Arm, ...]] = {
    "reward": (BASE, Arm("recall", "banded"), Arm("precision", "banded")),
    "distractors": (BASE, Arm("f1", "random"), Arm("f1", "none")),
}
ARMS = tuple(dict.fromkeys(arm for arms in ABLATIONS.values() for arm in arms))


@dataclass(frozen=True, slots=True)
class Claim:
    """What the paper shows in its curves, of which it gives no numbers: `figure` is greater in one arm than in another."""

    ablation: str
    figure: str
    greater: Arm
    less: Arm
    paper: str


COLUMNS: Mapping[str, tuple[str, str]] = {
    "calls, first steps": ("first", "rollouts/calls"),
    "calls, last steps": ("last", "rollouts/calls"),
    "calls": ("held_out", "calls"),
    "f1": ("held_out", "f1"),
    "precision": ("held_out", "precision"),
    "recall": ("held_out", "recall"),
    "distractor calls": ("held_out", "distractor_calls"),
    "answered": ("held_out", "answered"),
}
"""Title -> where a row has the figure. All but the first two are of the held-out arenas."""

CLAIMS = (
    Claim("reward", "calls, last steps", Arm("recall", "banded"), BASE, "recall alone: turns explode"),
    Claim("reward", "calls, last steps", BASE, Arm("precision", "banded"), "precision alone: turns collapse"),
    Claim("reward", "f1", BASE, Arm("recall", "banded"), "F1 is stable, recall alone collapses"),
    Claim("reward", "f1", BASE, Arm("precision", "banded"), "F1 is stable, precision alone collapses"),
    Claim("distractors", "f1", BASE, Arm("f1", "random"), "three bands are better than random ones"),
    Claim("distractors", "f1", Arm("f1", "random"), Arm("f1", "none"), "random ones are better than none"),
    Claim("distractors", "f1", BASE, Arm("f1", "none"), "three bands are better than none"),
)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over seeds with its 95 % interval, which one seed does not have. Without a seed all are null."""

    value: float | None
    low: float | None
    high: float | None
    seeds: int

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        return f"{self.value:.3f}" + ("" if self.low is None else f" [{self.low:.3f}, {self.high:.3f}]")


def mean_of(values: Sequence[float]) -> Mean:
    """Their mean, and t * s / sqrt(n) to either side of it. Takes at most `MOST_SEEDS` values."""
    if len(values) < 2:
        return Mean(values[0] if values else None, None, None, len(values))
    value, half = fmean(values), T[len(values) - 2] * stdev(values) / math.sqrt(len(values))
    return Mean(value, value - half, value + half, len(values))


def verdict(difference: Mean) -> str:
    """Whether a difference that the paper has above zero is so here, as far as its interval can tell."""
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return "cannot tell"
    return "agrees" if difference.low > 0 else "disagrees"


def ends(curve: Sequence[Row], names: Sequence[str]) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """The means of logged figures over the first and the last `EDGE` steps that have them."""
    found = {name: [float(line[name]) for line in curve if line.get(name) is not None] for name in names}
    first = {name: fmean(values[:EDGE]) if values else None for name, values in found.items()}
    return first, {name: fmean(values[-EDGE:]) if values else None for name, values in found.items()}


def figures(study: Study, arm: Arm, title: str) -> dict[str, float]:
    """Seed -> the figure of an arm, of the seeds that have it."""
    part, name = COLUMNS[title]
    rows: Mapping[str, Row] = study["arms"].get(str(arm), {})
    return {seed: row[part][name] for seed, row in rows.items() if row[part].get(name) is not None}


def difference(study: Study, claim: Claim) -> Mean:
    """How much greater the figure is in the arm of which the paper says so, seed by seed."""
    more, less = (figures(study, arm, claim.figure) for arm in (claim.greater, claim.less))
    return mean_of([more[seed] - less[seed] for seed in more if seed in less])


def summary(study: Study) -> dict[str, Any]:
    """Means, differences and verdicts as plain values."""
    means = {str(arm): {title: _plain(mean_of([*figures(study, arm, title).values()])) for title in COLUMNS} for arm in ARMS}
    claims = [{"ablation": claim.ablation, "paper": claim.paper, "figure": claim.figure, "greater": str(claim.greater),
               "less": str(claim.less), "difference": _plain(found), "verdict": verdict(found)}
              for claim in CLAIMS for found in (difference(study, claim),)]
    return {"interval": "95 %, Student's t over seeds; of differences within seeds for claims", "means": means, "claims": claims}


def told(study: Study) -> Iterator[str]:
    """A table for each ablation, with the paper's direction below, in Markdown."""
    for ablation, arms in ABLATIONS.items():
        yield from (f"### {ablation}", "", f"Mean over seeds [95 % interval of t]; first and last {EDGE} steps as sampled in "
                    "training, the rest in the held-out arenas.", "")
        yield from _table(("arm", "seeds", *COLUMNS), [_start(study), *(_line(study, arm) for arm in arms)])
        yield ""
        found = [(claim, difference(study, claim)) for claim in CLAIMS if claim.ablation == ablation]
        yield from _table(("the paper, 14B", "here", "difference within a seed", "verdict"), [
            (claim.paper, f"{claim.figure}: {claim.greater} - {claim.less}", str(mean), verdict(mean)) for claim, mean in found])
        yield ""


def _line(study: Study, arm: Arm) -> Sequence[str]:
    means = [mean_of([*figures(study, arm, title).values()]) for title in COLUMNS]
    return (str(arm), str(len(study["arms"].get(str(arm), {}))), *map(str, means))


def _start(study: Study) -> Sequence[str]:
    """The row of the weights that all arms of a seed begin with; nothing is sampled in training there."""
    rows = study["start"]
    held = [[row[name] for row in rows.values() if row[name] is not None] if part == "held_out" else []
            for part, name in COLUMNS.values()]
    return ("after SFT", str(len(rows)), *(str(mean_of(values)) for values in held))


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _plain(mean: Mean) -> dict[str, float | int | None]:
    return {"value": mean.value, "low": mean.low, "high": mean.high, "seeds": mean.seeds}
