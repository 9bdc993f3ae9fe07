"""The recipe tiny over several seeds: held-out figures before and after each stage, the curves, and four arenas learnt by heart.

    python -m benchmarks.tiny --seeds 3 --jobs 2      # goes on where it was stopped
    python -m benchmarks.tiny --show recipes/tiny/results.json

It leaves `results.json`, `expected.json` and `curves.png` in the folder of the runs; those of the recipe are copies. Each seed is
`astra reproduce tiny --seed N` in one thread. The four arenas are the first ones for training: GRPO from the model
after SFT sees no others. If what it samples there does not become right, the reward or the trainer is broken.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import orjson

from astra_data.cli.reproduce import ACTING, FIGURES, STEPS, found
from astra_data.errors import AstraError, UsageError
from astra_data.hub.disk import write_synced
from astra_data.hub.tree import sha256_file
from astra_data.training import metrics
from benchmarks import figure
from benchmarks.commands import WEIGHTS, astra, each
from benchmarks.figure import ROOT, Figure, at_least, at_most, show
from benchmarks.study_plots import plot
from benchmarks.study_tables import EDGE, MOST_SEEDS, ends, mean_of

RECIPE = found("tiny")
STORED = ROOT / "recipes" / "tiny" / "results.json"
CHECKED = ("f1", "precision", "recall", "valid")
TOLERANCE = 0.1
"""How far a figure may be off on another machine, whose sums round otherwise: about what seeds differ by."""
SPLIT, ARENAS = "train", 4
STEPS_OF_FOUR = 60
GROUP = 16
"""Rollouts of each of the four arenas in a step."""
MASTERED, SAMPLED = 0.95, "rollouts/f1"
MINUTES = 25
"""Most minutes of one seed: SFT, GRPO and three evaluations, in one thread that has a core to itself."""
PANELS = {
    ("sft", "loss"): "SFT: loss",
    ("grpo", "rollouts/f1"): "GRPO: F1 as sampled",
    ("grpo", "rollouts/calls"): "GRPO: calls of a rollout",
}
TOOLS, SHARE = "time/tools", 2
"""Most per cent of a step's time that tools may take."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where it reads and writes; `limit` counts arenas of an evaluation, `steps` those of GRPO in four arenas."""

    store: Path
    runs: Path
    seeds: int
    limit: int | None = None
    steps: int = STEPS_OF_FOUR

    def folder(self, seed: int) -> Path:
        return self.runs / f"tiny-{seed}"


def measured(plan: Plan, jobs: int) -> Row:
    """Everything, or what is left of it. The data are made before the seeds share them."""
    astra(plan.store, plan.runs / "tiny-data.log", "run", str(RECIPE / "pipeline.yaml"))
    rows = each(jobs, [partial(reproduced, plan, seed) for seed in range(plan.seeds)])
    seeds = {str(row["seed"]): row | {"tools": tool_time(plan, row["seed"])} for row in rows}
    return {"datasets": rows[0]["datasets"], "seeds": seeds, "four": four(plan)}


def reproduced(plan: Plan, seed: int) -> Row:
    """The figures of one seed, with the minutes that it took; nothing runs where they are known."""
    folder, limit = plan.folder(seed), [] if plan.limit is None else ["--limit", str(plan.limit)]
    words = ("reproduce", str(RECIPE), "--seed", str(seed), "--runs", str(folder), *limit)
    return once(folder / "result.json", began(seed, plan.limit), partial(astra, plan.store, folder / "log", *words))


def tool_time(plan: Plan, seed: int) -> float:
    """The share of the time of GRPO's steps in which tools ran: the mean over the steps."""
    return fmean(line[TOOLS] for line in metrics.read(plan.folder(seed) / "grpo" / "metrics.jsonl") if TOOLS in line)


def four(plan: Plan) -> Row:
    """F1 in four arenas before and after GRPO in them alone: the figures of greedy rollouts, and F1 of those that GRPO samples in
    its first and in its last steps."""
    folder, start = plan.runs / "tiny-four", plan.folder(0) / "sft" / "model"
    few = ["--split", SPLIT, "--limit", str(ARENAS), *ACTING]

    def run(spent: Row) -> Row:
        astra(plan.store, folder / "log", "train", "grpo", "--config", str(RECIPE / "grpo.yaml"), "--model.name", str(start),
              "--data.split", SPLIT, "--data.limit", str(ARENAS), "--trainer.num_generations", str(GROUP),
              "--trainer.max_steps", str(plan.steps), "--output", str(folder), spent=spent)
        said = {name: astra(plan.store, folder / "log", "evaluate", "arena", "tiny-arenas", "--model", str(model), *few,
                            "--to", f"tiny-four-{name}") for name, model in (("before", start), ("after", folder / "model"))}
        first, last = ends(metrics.read(folder / "metrics.jsonl"), (SAMPLED,))
        greedy = {name: {key: one["summary"]["figures"][key]["value"] for key in FIGURES} for name, one in said.items()}
        return greedy | {"first": first[SAMPLED], "last": last[SAMPLED]}

    return once(folder / "result.json", [*began(0, plan.steps), sha256_file(start / WEIGHTS)], run)


def began(*given: Any) -> list[Any]:
    """What a result depends on, besides the code: the recipe, and what was asked for."""
    return [*given, *((RECIPE / f"{name}.yaml").read_text(encoding="utf-8") for name in ("pipeline", "sft", "grpo"))]


def once(file: Path, beginning: list[Any], run: Callable[..., Row]) -> Row:
    """What the file holds, else what `run` gives, with the `minutes` and `cpu_minutes` of all processes that it took.

    `run` takes where to add these: `spent`. Raises `UsageError` where the file is of another beginning.
    """
    done: Row = {"began": beginning, "spent": {"minutes": 0.0, "cpu_minutes": 0.0}}
    if file.is_file():
        done = orjson.loads(file.read_bytes())
    if done["began"] != beginning:
        mend = "choose another --runs, or remove that folder"
        raise UsageError(f"{file.parent} holds a result that began otherwise", mend=mend)
    if "row" not in done:
        try:
            done["row"] = run(spent=done["spent"])
        finally:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_synced(file, orjson.dumps(done, option=orjson.OPT_INDENT_2))
    return {**done["row"], **done["spent"]}


def told(results: Mapping[str, Any]) -> Iterator[str]:
    """The table of the recipe's README: each figure before and after each stage, over seeds."""
    seeds: Sequence[Row] = [*results["seeds"].values()]
    yield f"Held out, mean of {len(seeds)} seeds [95 % interval of t]:"
    yield from ("", f"| | {' | '.join(('before', 'after SFT', 'after GRPO'))} |", "| --- | --- | --- | --- |")
    for name in FIGURES:
        values = [[row["metrics"][step][name]["value"] for row in seeds] for step in STEPS]
        yield f"| {name} | {' | '.join(str(mean_of([one for one in step if one is not None])) for step in values)} |"
    few = results["four"]
    yield from ("", f"Four arenas, F1 as sampled: {few['first']:.3f} in the first {EDGE} steps, {few['last']:.3f} in the last; "
                f"greedily {few['before']['f1']:.3f} before, {few['after']['f1']:.3f} after.")


def figures(results: Mapping[str, Any]) -> list[Figure]:
    """What must hold; held-out figures pass or fail nothing."""
    seeds = results["seeds"].values()
    return [
        at_least("tiny: F1 sampled in four arenas after GRPO there", results["four"]["last"], MASTERED),
        at_most("tiny: share of a step that tools take", 100 * max(row["tools"] for row in seeds), SHARE, "%"),
        at_most("tiny: CPU minutes of a seed", max(row["cpu_minutes"] for row in seeds), MINUTES, "min"),
    ]


def stored(file: Path = STORED) -> list[Figure]:
    """The table of results that were stored, printed; nothing where none are."""
    return figure.stored(file, told, figures, "python -m benchmarks.tiny")


def expected(results: Mapping[str, Any], limit: int | None) -> Row:
    """What `astra reproduce tiny --check` compares with."""
    figures = {seed: {step: {name: row["metrics"][step][name]["value"] for name in CHECKED} for step in STEPS}
               for seed, row in results["seeds"].items()}
    return {"datasets": results["datasets"], "limit": limit, "tolerance": TOLERANCE, "metrics": figures}


def draw(plan: Plan, file: Path) -> None:
    """The curves of all seeds: a line for the mean, a band from the least to the greatest."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    picture, panels = pyplot.subplots(1, len(PANELS), figsize=(4 * len(PANELS), 3.4), constrained_layout=True)
    for panel, ((stage, name), title) in zip(panels, PANELS.items(), strict=True):
        curves = [metrics.read(plan.folder(seed) / stage / "metrics.jsonl") for seed in range(plan.seeds)]
        plot(panel, curves, name)
        panel.set(title=title, xlabel="step")
        panel.set_ylim(bottom=0)
    picture.savefig(file, dpi=110)
    pyplot.close(picture)


def main(given: argparse.Namespace) -> bool:
    if given.show:
        return show(stored(given.show))
    plan = Plan(given.store.resolve(), given.runs.resolve(), given.seeds, given.limit, given.steps)
    results = measured(plan, given.jobs)
    for name, row in (("results.json", results), ("expected.json", expected(results, plan.limit))):
        (plan.runs / name).write_bytes(orjson.dumps(row, option=orjson.OPT_INDENT_2))
    draw(plan, plan.runs / "curves.png")
    return show(stored(plan.runs / "results.json"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3, choices=range(1, MOST_SEEDS + 1))
    parser.add_argument("--jobs", type=int, default=1, help="seeds side by side")
    parser.add_argument("--limit", type=int, help="only the first N arenas of an evaluation")
    parser.add_argument("--steps", type=int, default=STEPS_OF_FOUR, help="of GRPO in four arenas")
    parser.add_argument("--store", type=Path, default=Path(os.environ.get("ASTRA_STORE", "hub")))
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--show", type=Path, metavar="FILE", help="print stored results, and run nothing")
    try:
        sys.exit(not main(parser.parse_args()))
    except AstraError as error:
        sys.exit(f"tiny: {error}")
    except KeyboardInterrupt:
        sys.exit("tiny: interrupted; run the same command again to go on")
