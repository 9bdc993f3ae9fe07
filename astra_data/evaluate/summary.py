"""The figures of an evaluation: over all arenas, by difficulty, and by band of distractors.

    summary = summarised(rows, lineage.funnel)
    summary.figures["f1"]           # Estimate(value=0.71, low=0.66, high=0.75, arenas=200, method='bootstrap')

A rollout that was quarantined, since its endpoint or its sandbox failed, has no score: it is counted, and enters no mean.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from astra_data.evaluate.statistics import Estimate, mean_of, pass_hat
from astra_data.hub.lineage import Funnel
from astra_data.rows import Trajectory
from astra_data.rows.trajectories import ArenaScore

Figure = Callable[[Trajectory, ArenaScore], float | None]
Figures = Mapping[str, Estimate]

FIGURES: Mapping[str, Figure] = {
    "reward": lambda row, score: row.reward,
    "f1": lambda row, score: score.f1,
    "precision": lambda row, score: score.precision,
    "recall": lambda row, score: score.recall,
    "solved": lambda row, score: None if score.recall is None else float(score.recall == 1),
    "answered": lambda row, score: _share(score.answered),
    "declined": lambda row, score: _share(score.declined),
    "valid": lambda row, score: float(score.valid),
    "turns": lambda row, score: row.usage.turns,
    "calls": lambda row, score: score.calls,
    "distractor_calls": lambda row, score: score.distractor_calls,
}
"""Name -> what a rollout counts; null enters no mean. `solved` is whether all goals are."""

COUNTS = ("turns", "calls", "distractor_calls", "offered")
"""Figures that are no shares."""

TOOLS: Mapping[int, str] = {4: " 1 to 4", 8: " 5 to 8", 16: " 9 to 16", 32: "17 to 32"}
"""Most tools on offer -> name of the group."""

GROUPS: Mapping[str, Callable[[ArenaScore], str]] = {
    "hops": lambda score: f"{score.hops:2}",
    "tools": lambda score: next((name for most, name in TOOLS.items() if score.tools <= most), "33 and more"),
}
GROUPED = ("f1", "solved", "answered", "valid", "calls", "distractor_calls")


@dataclass(frozen=True, slots=True)
class Summary:
    """`no_score` counts rollouts without a score for want of an answer, `rejected` those in arenas that do not work. `passes` are
    pass^1 to pass^k; a rollout succeeds that solves all goals and does not answer wrongly, or that rightly declines."""

    arenas: int
    rollouts: int
    no_score: int
    rejected: int
    figures: Figures
    passes: list[Estimate]
    groups: Mapping[str, Mapping[str, Figures]]
    bands: Mapping[str, Figures]
    terminals: Mapping[str, int]


def summarised(rows: Iterable[Trajectory], funnel: Funnel) -> Summary:
    """The figures of the scored rollouts of a version."""
    pairs = [(row, row.arena) for row in rows if row.arena is not None]
    terminals: dict[str, int] = defaultdict(int)
    for row, _ in pairs:
        terminals[row.terminal] += 1
    return Summary(
        arenas=len({row.task_id for row, _ in pairs}),
        rollouts=len(pairs),
        no_score=sum(funnel.quarantined.values()),
        rejected=sum(funnel.rejected.values()),
        figures=_figures(pairs, FIGURES),
        passes=passes(pairs),
        groups={name: _grouped(pairs, key) for name, key in GROUPS.items()},
        bands=_bands(pairs),
        terminals=dict(sorted(terminals.items())),
    )


Pairs = Sequence[tuple[Trajectory, ArenaScore]]


def succeeded(score: ArenaScore) -> bool:
    """Whether a rollout did all that it had to, as far as can be told."""
    return bool(score.declined) if not score.goals else score.recall == 1 and score.answered is not False


def passes(pairs: Pairs) -> list[Estimate]:
    """pass^1, pass^2 and so on to the least number of scored rollouts in an arena, of arenas whose success can be told."""
    found = defaultdict(list)
    for row, score in pairs:
        if score.goals or score.declined is not None:
            found[row.task_id].append(succeeded(score))
    most = min(map(len, found.values()), default=0)
    return [mean_of([pass_hat(sum(one), len(one), k) for one in found.values()]) for k in range(1, most + 1)]


def _figures(pairs: Pairs, figures: Mapping[str, Figure]) -> Figures:
    return {name: _mean(pairs, figure, name not in COUNTS) for name, figure in figures.items()}


def _mean(pairs: Pairs, figure: Figure, share: bool) -> Estimate:
    """The mean over arenas of the means over their rollouts."""
    found = defaultdict(list)
    for row, score in pairs:
        value = figure(row, score)
        if value is not None:
            found[row.task_id].append(float(value))
    return mean_of([sum(values) / len(values) for values in found.values()], share=share)


def _grouped(pairs: Pairs, key: Callable[[ArenaScore], str]) -> dict[str, Figures]:
    found = defaultdict(list)
    for row, score in pairs:
        found[key(score)].append((row, score))
    chosen = {name: FIGURES[name] for name in GROUPED}
    return {name.strip(): _figures(found[name], chosen) for name in sorted(found)}


def _bands(pairs: Pairs) -> dict[str, Figures]:
    """For each band the distractors on offer, the calls to them, and the share of rollouts that made one."""
    bands = dict.fromkeys(use.band for _, score in pairs for use in score.bands)
    return {band: _figures(pairs, {
        "offered": lambda row, score, band=band: _use(score, band, "offered"),  # type: ignore[misc]
        "calls": lambda row, score, band=band: _use(score, band, "calls"),  # type: ignore[misc]
        "called": lambda row, score, band=band: _share(_called(score, band)),  # type: ignore[misc]
    }) for band in bands}


def _use(score: ArenaScore, band: str, what: str) -> float | None:
    return next((float(getattr(use, what)) for use in score.bands if use.band == band), None)


def _called(score: ArenaScore, band: str) -> bool | None:
    calls = _use(score, band, "calls")
    return None if calls is None else calls > 0


def _share(truth: bool | None) -> float | None:
    return None if truth is None else float(truth)
