"""The paper's two ablations at small scale: what the reward, and what the distractors of training, do to a policy.

    python -m benchmarks.study --recipe tiny --seeds 3 --jobs 2      # goes on where it was stopped
    python -m benchmarks.study --show runs/tiny-study/study.json     # the tables of one that was stored

For each seed SFT once, as `astra reproduce` does it and in its folder; then GRPO from that checkpoint in five arms: the rewards
F1, recall and precision with banded distractors, and banded, random and no distractors with F1. Every arm trains in the same
environments and is evaluated in the same arenas, those with banded distractors of split `test`. Each step is a command of `astra`
in a process with one thread; what an arm has done is in its `arm.json`.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from astra_data.cli.reproduce import ACTING, FIGURES, found
from astra_data.errors import AstraError, DataError, UsageError
from astra_data.hub.disk import write_synced
from astra_data.hub.store import Store
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import read_rows
from astra_data.rows import ROW_TYPES
from astra_data.training import metrics
from astra_data.training.recipe import GrpoRecipe, load
from benchmarks import figure
from benchmarks.commands import WEIGHTS, astra, each
from benchmarks.figure import ROOT, Figure, at_least, at_most, equal, show
from benchmarks.study_plots import draw
from benchmarks.study_tables import ABLATIONS, ARMS, BASE, MOST_SEEDS, Arm, ends, summary, told

SEEDS = 3
MINUTES = 8
"""Most CPU minutes of one arm and seed, training and evaluation together."""
MODES = tuple(arm.distractors for arm in ABLATIONS["distractors"])
CURVES = ("reward", "rollouts/f1", "rollouts/calls", "rollouts/distractor_calls")
STORED = ROOT / "recipes" / "tiny" / "study.json"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is studied, and where it reads and writes. `runs` is the folder that `astra reproduce` puts its runs in; `steps` are
    those of GRPO, by default the recipe's; `limit` counts arenas of an evaluation."""

    recipe: Path
    store: Path
    runs: Path
    out: Path
    seeds: int = SEEDS
    steps: int | None = None
    limit: int | None = None

    def sft(self, seed: int) -> Path:
        """The folder of the SFT run."""
        return self.runs / f"{self.recipe.name}-{seed}" / "sft"

    def folder(self, arm: Arm, seed: int) -> Path:
        return self.out / f"seed-{seed}" / str(arm)


def studied(plan: Plan, jobs: int = 1) -> Row:
    """Do the study, or what is left of it, with so many processes side by side. Leaves with a message where one of them fails."""
    addresses, counts = arenas(plan)
    seeds = range(plan.seeds)
    starts = each(jobs, [partial(begun, plan, addresses, seed) for seed in seeds])
    runs = [(arm, seed) for seed in seeds for arm in ARMS]
    done = each(jobs, [partial(measured, plan, addresses, arm, seed) for arm, seed in runs])
    arms: dict[str, Row] = {str(arm): {} for arm in ARMS}
    for (arm, seed), row in zip(runs, done, strict=True):
        arms[str(arm)][str(seed)] = row
    study = {"recipe": plan.recipe.name, "steps": plan.steps, "limit": plan.limit, "arenas": counts,
             "start": {str(seed): row for seed, row in zip(seeds, starts, strict=True)}, "arms": arms}
    return study | summary(study)


def arenas(plan: Plan) -> tuple[dict[str, str], dict[str, Row]]:
    """The data of the recipe, and arenas with each mode of distractors from the same environments.

    Returns their addresses and how many there are by split, both by mode. Raises `DataError` where an arm could see in training
    what is held out.
    """
    pipeline, log = plan.recipe / "pipeline.yaml", plan.out / "data.log"
    stages = {stage["stage"]: stage for stage in astra(plan.store, log, "run", str(pipeline))["stages"]}
    keys = {row["id"]: row["split_keys"] for row in rows(plan, "environments", stages["environments"])}
    addresses, versions = {}, {}
    for mode in MODES:
        made = astra(plan.store, log, "make", "arenas", _address(stages["environments"]), "--recipe", str(pipeline), "--set",
                     f"arenas.distractors.mode={mode}", "--to", f"{plan.recipe.name}-study-{mode}")["stages"][0]
        addresses[mode], versions[mode] = _address(made), rows(plan, "arenas", made)
    held = [row for row in versions[BASE.distractors] if row["split"] == "test"]
    for mode, version in versions.items():
        if shared := leaks([row for row in version if row["split"] == "train"], held, keys):
            raise DataError(f"training with distractors {mode!r} sees what is held out: {shared[0]}, {len(shared)} in all",
                            mend="make the arenas of all modes with one seed and one split")
    return addresses, {mode: Counter(row["split"] for row in version) for mode, version in versions.items()}


def leaks(train: Iterable[Row], held: Iterable[Row], keys: Mapping[str, Iterable[str]]) -> list[str]:
    """Environments held out that are also trained in or drawn on for distractors, and split keys (worlds, question templates)
    that the two sides share."""
    seen = {name for row in train for name in (row["environment_id"], *(one["environment_id"] for one in row["distractors"]))}
    kept = {row["environment_id"] for row in held}
    shared = {key for name in seen for key in keys[name]} & {key for name in kept for key in keys[name]}
    return sorted(seen & kept) + sorted(shared)


def rows(plan: Plan, kind: str, stage: Row) -> list[Row]:
    """The rows of a dataset that a command reported."""
    return list(read_rows(Store.open(plan.store).version(stage["dataset"], stage["tree"]).files(), ROW_TYPES[kind]))


def begun(plan: Plan, addresses: Mapping[str, str], seed: int) -> Row:
    """Train the model that all arms of a seed begin with; returns its figures in the held-out arenas."""
    folder, log = plan.sft(seed), plan.out / f"sft-{seed}.log"
    words = ("train", "sft", "--config", str(plan.recipe / "sft.yaml"), "--seed", str(seed), "--output", str(folder))
    astra(plan.store, log, *words)
    return held_out(astra(plan.store, log, *evaluation(plan, addresses, folder / "model", f"start-{seed}")))


def measured(plan: Plan, addresses: Mapping[str, str], arm: Arm, seed: int) -> Row:
    """Train and evaluate one arm, or do what is left of it; returns what its `arm.json` says.

    Raises `UsageError` where the folder holds an arm that began otherwise.
    """
    folder = plan.folder(arm, seed)
    evaluate = evaluation(plan, addresses, folder / "model", f"{arm}-{seed}")
    began = beginning(plan, addresses, arm, seed)
    done = read(folder) or {"began": began, "minutes": 0.0, "cpu_minutes": 0.0}
    if done["began"] != began:
        raise UsageError(f"{folder} holds an arm that began otherwise", mend="choose another --out, or remove that folder")
    if "last" not in done:
        timed(plan, folder, done, training(plan, addresses, arm, seed))
        done["first"], done["last"] = ends(metrics.read(folder / "metrics.jsonl"), CURVES)
        write(folder, done)
    if done.get("evaluation") != portable(evaluate):
        done["held_out"] = held_out(timed(plan, folder, done, evaluate))
        write(folder, done | {"evaluation": portable(evaluate)})
        print(f"seed {seed}, {arm}: F1 {done['held_out']['f1']:.3f}, {done['cpu_minutes']:.1f} CPU minutes", flush=True)
    return {name: done[name] for name in ("first", "last", "held_out", "minutes", "cpu_minutes")}


def beginning(plan: Plan, addresses: Mapping[str, str], arm: Arm, seed: int) -> Row:
    """What an arm depends on."""
    return {"words": portable(training(plan, addresses, arm, seed)), "weights": sha256_file(plan.sft(seed) / "model" / WEIGHTS),
            "recipe": (plan.recipe / "grpo.yaml").read_text(encoding="utf-8")}


def training(plan: Plan, addresses: Mapping[str, str], arm: Arm, seed: int) -> list[str]:
    """The command that trains an arm."""
    steps = [] if plan.steps is None else ["--trainer.max_steps", str(plan.steps)]
    return ["train", "grpo", "--config", str(plan.recipe / "grpo.yaml"), "--seed", str(seed), "--output",
            str(plan.folder(arm, seed)), "--model.name", str(plan.sft(seed) / "model"), "--data.train",
            addresses[arm.distractors], "--reward.mode", arm.reward, "--trainer.logging_steps", "1", *steps]


def evaluation(plan: Plan, addresses: Mapping[str, str], model: Path, name: str) -> list[str]:
    """The command that evaluates a model in the held-out arenas."""
    recipe = load(plan.recipe / "grpo.yaml", "grpo")
    assert isinstance(recipe, GrpoRecipe)
    limit = [] if plan.limit is None else ["--limit", str(plan.limit)]
    return ["evaluate", "arena", addresses[BASE.distractors], "--split", "test", "--model", str(model), *ACTING, "--isolation",
            recipe.sandbox.isolation, "--to", f"{plan.recipe.name}-study-{name}", *limit]


def portable(words: Sequence[str]) -> list[str]:
    """The words of a command without folders, which may be moved."""
    return [word for word in words if not Path(word).is_absolute()]


def held_out(said: Row) -> Row:
    """The means that an evaluation reported."""
    return {name: said["summary"]["figures"][name]["value"] for name in FIGURES}


def timed(plan: Plan, folder: Path, done: Row, words: Sequence[str]) -> Row:
    """What a command of an arm says; its time is added to what the arm has taken, even if it fails."""
    try:
        return astra(plan.store, folder / "arm.log", *words, spent=done)
    finally:
        write(folder, done)


def read(folder: Path) -> Row:
    file = folder / "arm.json"
    return orjson.loads(file.read_bytes()) if file.is_file() else {}


def write(folder: Path, done: Row) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_synced(folder / "arm.json.tmp", orjson.dumps(done, option=orjson.OPT_INDENT_2))
    (folder / "arm.json.tmp").replace(folder / "arm.json")


def figures(study: Row) -> list[Figure]:
    """Whether a study is whole and kept to its budget; what it found passes or fails nothing."""
    done = [row for arm in study["arms"].values() for row in arm.values()]
    return [
        equal("study: arms", len(study["arms"]), len(ARMS)),
        at_least("study: seeds of an arm", min(map(len, study["arms"].values())), SEEDS),
        at_most("study: CPU minutes of an arm and seed", max(row["cpu_minutes"] for row in done), MINUTES, "min"),
    ]


def stored(file: Path = STORED) -> list[Figure]:
    """The tables of a study that was stored, printed; nothing where none is."""
    return figure.stored(file, told, figures, "python -m benchmarks.study")


def _address(stage: Row) -> str:
    return f"{stage['dataset']}@{stage['tree']}"


def main(given: argparse.Namespace) -> bool:
    if given.show:
        return show(stored(given.show))
    recipe = found(given.recipe).resolve()
    out = (given.out or Path("runs") / f"{recipe.name}-study").resolve()
    plan = Plan(recipe, given.store.resolve(), given.runs.resolve(), out, given.seeds, given.steps, given.limit)
    study = studied(plan, given.jobs)
    (out / "study.json").write_bytes(orjson.dumps(study, option=orjson.OPT_INDENT_2))
    for ablation, arms in ABLATIONS.items():
        draw({str(arm): [metrics.read(plan.folder(arm, seed) / "metrics.jsonl") for seed in range(plan.seeds)] for arm in arms},
             out / f"{ablation}.png")
    return show(stored(out / "study.json"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--recipe", default="tiny", help="name or folder of a recipe, as of `astra reproduce`")
    parser.add_argument("--seeds", type=int, default=SEEDS, choices=range(1, MOST_SEEDS + 1))
    parser.add_argument("--jobs", type=int, default=1, help="processes side by side")
    parser.add_argument("--steps", type=int, help="of GRPO; default: the recipe's")
    parser.add_argument("--limit", type=int, help="only the first N arenas of an evaluation")
    parser.add_argument("--store", type=Path, default=Path(os.environ.get("ASTRA_STORE", "hub")))
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where `astra reproduce` puts its runs: SFT is shared")
    parser.add_argument("--out", type=Path, help="folder of the study; default: runs/RECIPE-study")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the tables of a stored study, and run nothing")
    try:
        sys.exit(not main(parser.parse_args()))
    except AstraError as error:
        sys.exit(f"study: {error}")
    except KeyboardInterrupt:
        sys.exit("study: interrupted; run the same command again to go on")
