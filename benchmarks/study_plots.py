"""The curves of an ablation: reward, F1, calls and calls to distractors of the sampled rollouts, over the steps of GRPO.

    draw({"f1-banded": [curve of seed 0, curve of seed 1]}, Path("reward.png"))

A line is the mean over seeds, its band reaches from the least seed to the greatest. A curve is the lines of a `metrics.jsonl`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

Curve = Sequence[Mapping[str, Any]]
PANELS = {
    "reward": "reward of the arm",
    "rollouts/f1": "F1",
    "rollouts/calls": "calls of a rollout",
    "rollouts/distractor_calls": "calls to distractors",
}


def over_seeds(curves: Sequence[Curve], name: str) -> list[tuple[int, float, float, float]]:
    """(step, least, mean, greatest) of a figure, of the steps at which every seed has it."""
    values = [{int(line["step"]): float(line[name]) for line in curve if line.get(name) is not None} for curve in curves]
    common = sorted(set.intersection(*(set(one) for one in values))) if values else []
    found = [(step, [one[step] for one in values]) for step in common]
    return [(step, min(one), fmean(one), max(one)) for step, one in found]


def plot(panel: Any, curves: Sequence[Curve], name: str, label: str | None = None) -> None:
    """Add the line and the band of one figure to a panel."""
    points = over_seeds(curves, name)
    steps = [step for step, *_ in points]
    line = panel.plot(steps, [mean for _, _, mean, _ in points], label=label)[0]
    panel.fill_between(steps, [least for _, least, _, _ in points], [most for *_, most in points], color=line.get_color(),
                       alpha=0.2, linewidth=0)


def draw(arms: Mapping[str, Sequence[Curve]], file: Path) -> None:
    """Write a picture with a panel for each figure and a line for each arm."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(PANELS), figsize=(4 * len(PANELS), 3.4), constrained_layout=True)
    for panel, (name, title) in zip(panels, PANELS.items(), strict=True):
        for arm, curves in arms.items():
            plot(panel, curves, name, arm)
        panel.set(title=title, xlabel="step")
        panel.set_ylim(bottom=0)
    panels[0].legend(frameon=False)
    figure.savefig(file, dpi=110)
    pyplot.close(figure)
