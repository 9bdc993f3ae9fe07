"""`astra reproduce RECIPE`: data, SFT, GRPO and an evaluation before and after each, from one folder of recipes.

    astra reproduce tiny --seed 1 --check

Every step is a command of its own that could be typed, and finds what an earlier run has finished. With `--check` the datasets
are compared with `expected.json` by digest, and the metrics of that seed within their tolerance. A recipe without that file is
refused before anything runs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson

from astra_data import resources
from astra_data.cli import options
from astra_data.errors import DataError, UsageError
from astra_data.terminal import say, say_json

FIGURES = ("f1", "precision", "recall", "solved", "answered", "valid", "calls", "turns", "distractor_calls")
STEPS = ("before", "sft", "grpo")
ACTING = ("--max-tokens", "96", "--batch", "64", "--max-turns", "8")
"""Options of an evaluation: tokens of a turn, conversations at a time, turns of a conversation."""
ENTRY = "from astra_data.cli.main import main; main()"


@dataclass(frozen=True, slots=True)
class Work:
    """Where a reproduction reads and writes, and the seed of its training; the data have the seed of `pipeline.yaml`."""

    recipe: Path
    store: Path
    runs: Path
    seed: int
    limit: int | None

    def model(self, step: str) -> Path:
        """The folder of the model after a step."""
        return self.runs / step / "model"


@click.command("reproduce")
@click.argument("recipe")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the weights and of training; the data stay the same.")
@click.option("--check", is_flag=True, help="Compare with the recipe's expected.json, and leave with code 3 where it differs.")
@click.option("--runs", type=click.Path(path_type=Path, file_okay=False), help="Folder of the runs; default runs/NAME-SEED.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N arenas of an evaluation; with --check as many as the "
              "recipe's figures are of.")
@options.store
@options.as_json
def command(recipe: str, seed: int, check: bool, runs: Path | None, limit: int | None, store: Path, as_json: bool) -> None:
    """Make the data of RECIPE, train on them, and evaluate in the arenas held out.

    RECIPE is a folder with pipeline.yaml, sft.yaml and grpo.yaml, or the name of a packaged one such as `tiny`. Running again
    goes on where it stopped.
    """
    folder = found(recipe)
    wanted = expected(folder) if check else {}
    some = wanted.get("limit") if limit is None else limit
    if check and some != wanted.get("limit"):
        first = f"the first {wanted['limit']} arenas" if wanted.get("limit") else "all arenas"
        raise UsageError(f"the figures of {folder.name}/expected.json are those of {first}", mend="leave out --limit, or --check")
    work = Work(folder, store.resolve(), (runs or Path("runs") / f"{folder.name}-{seed}").resolve(), seed, some)
    look_ahead(work)
    made = reproduced(work)
    if as_json:
        say_json(made, indent=True)
    else:
        for line in told(made).split("\n"):
            say(line)
    if check and (wrong := differences(made, wanted, str(seed))):
        raise DataError(f"{len(wrong)} of the results differ: {'; '.join(wrong)}", mend="see whether recipe or versions changed")


def found(recipe: str) -> Path:
    """The folder of a recipe. Raises `UsageError` where it lacks one of the three files."""
    for folder in (Path(recipe).expanduser(), resources.folder("recipes") / recipe):
        if all((folder / f"{name}.yaml").is_file() for name in ("pipeline", "sft", "grpo")):
            return folder
    raise UsageError(f"{recipe!r} holds no pipeline.yaml, sft.yaml and grpo.yaml", mend="name a folder that has the three")


def look_ahead(work: Work) -> None:
    """Raise what a later step would end in, before the first: recipes that are none, packages and a folder that are not there."""
    from astra_data.hub.disk import require_writable
    from astra_data.pipeline.recipe import load as load_pipeline
    from astra_data.stages import STAGES
    from astra_data.training.recipe import load, trainer_config
    from astra_data.training.run import require_packages

    if not load_pipeline(work.recipe / "pipeline.yaml", STAGES).stages["arenas"].model_fields_set:
        raise _no_arenas(work.recipe)
    require_packages()
    for kind in ("sft", "grpo"):
        trainer_config(load(work.recipe / f"{kind}.yaml", kind, ["--seed", str(work.seed)]))
    require_writable(work.runs, work.runs)


def reproduced(work: Work) -> dict[str, Any]:
    """Run every step; returns the trees of the datasets, and the figures of each step as {mean, low, high}."""
    made = _astra(work, "run", str(work.recipe / "pipeline.yaml"))
    datasets = {stage["dataset"]: stage["tree"] for stage in made["stages"]}
    arenas = arenas_of(work.recipe, datasets)
    untrained(work, datasets)
    seeded = ["--seed", str(work.seed)]
    metrics = {"before": _evaluated(work, arenas, "before")}
    _astra(work, "train", "sft", "--config", str(work.recipe / "sft.yaml"), *seeded, "--output", str(work.runs / "sft"))
    metrics["sft"] = _evaluated(work, arenas, "sft")
    _astra(work, "train", "grpo", "--config", str(work.recipe / "grpo.yaml"), *seeded, "--output", str(work.runs / "grpo"),
           "--model.name", str(work.model("sft")))
    metrics["grpo"] = _evaluated(work, arenas, "grpo")
    return {"recipe": work.recipe.name, "seed": work.seed, "datasets": datasets, "metrics": metrics}


def arenas_of(recipe: Path, datasets: Iterable[str]) -> str:
    """The arenas among the datasets that a pipeline made. Raises `UsageError` where there are none."""
    found = [name for name in datasets if name.endswith("-arenas")]
    if not found:
        raise _no_arenas(recipe)
    return found[0]


def _no_arenas(recipe: Path) -> UsageError:
    return UsageError(f"{recipe.name}/pipeline.yaml makes no arenas", mend="give it a section arenas")


def untrained(work: Work, datasets: Mapping[str, str]) -> None:
    """Write the model that SFT begins with, so that it can be evaluated; again where the recipe or the data are others now."""
    folder, text = work.model("before"), (work.recipe / "sft.yaml").read_text(encoding="utf-8")
    made_of = orjson.dumps({"seed": work.seed, "recipe": text, "datasets": datasets}, option=orjson.OPT_SORT_KEYS)
    note = folder.with_name("made-of.json")
    if folder.exists() and note.exists() and note.read_bytes() == made_of:
        return
    from astra_data.training.data import choose
    from astra_data.training.model import load_model, load_tokenizer
    from astra_data.training.recipe import load

    recipe = load(work.recipe / "sft.yaml", "sft", ["--seed", str(work.seed)])
    rows = choose(recipe, recipe.data.train, recipe.data.split, "sft", work.store).rows
    tokenizer = load_tokenizer(recipe, rows)
    unfinished = folder.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    load_model(recipe, tokenizer).save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    note.write_bytes(made_of)


def expected(folder: Path) -> dict[str, Any]:
    """What a recipe says comes out. Raises `UsageError` where it says nothing."""
    file = folder / "expected.json"
    if not file.is_file():
        raise UsageError(f"{folder.name} has no expected.json", mend="leave out --check")
    read: dict[str, Any] = orjson.loads(file.read_bytes())
    return read


def differences(made: Mapping[str, Any], wanted: Mapping[str, Any], seed: str) -> list[str]:
    """What is not as expected: a dataset's tree, or a figure of this seed farther off than `tolerance`. A seed that nothing is
    said of has the datasets compared alone."""
    wrong = [f"{name} is {made['datasets'].get(name, 'missing')[:12]}, not {tree[:12]}"
             for name, tree in wanted["datasets"].items() if made["datasets"].get(name) != tree]
    for step, figures in wanted.get("metrics", {}).get(seed, {}).items():
        for name, value in figures.items():
            got = made["metrics"][step][name]["value"]
            if got is None or abs(got - value) > wanted["tolerance"]:
                wrong.append(f"{name} after {step} is {got}, not {value} within {wanted['tolerance']}")
    return wrong


def told(made: Mapping[str, Any]) -> str:
    """A table of the figures by step."""
    lines = [f"{'':18}" + "".join(f"{step:>12}" for step in STEPS)]
    for name in FIGURES:
        values = [made["metrics"][step][name]["value"] for step in STEPS]
        lines.append(f"{name:18}" + "".join(f"{'-' if value is None else f'{value:.3f}':>12}" for value in values))
    return "\n".join(lines)


def _evaluated(work: Work, arenas: str, step: str) -> dict[str, Any]:
    """The figures of a step's model in the arenas for testing."""
    limit = ["--limit", str(work.limit)] if work.limit else []
    said = _astra(work, "evaluate", "arena", arenas, "--split", "test", "--model", str(work.model(step)), *ACTING,
                  "--to", f"{work.recipe.name}-{step}-{work.seed}", *limit)
    return {name: said["summary"]["figures"][name] for name in FIGURES}


def _astra(work: Work, *words: str) -> Any:
    """Run one command of ours, which reports to this terminal; returns the JSON that it printed. Leaves with its exit code."""
    say(f"$ astra {' '.join(words)}", err=True)
    environment = {**os.environ, "ASTRA_STORE": str(work.store)}
    command = [sys.executable, "-P", "-c", ENTRY, *words, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    return orjson.loads(done.stdout)
