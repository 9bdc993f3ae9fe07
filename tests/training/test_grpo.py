"""A GRPO run from a recipe: it resumes exactly, leaves its rollouts as a dataset, and refuses before it loads a weight."""

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pushed_model import pushed
from resumed_grpo import vowels
from small_arenas import arenas_version, four, two_turns
from small_training import sft_version
from training.conftest import Recipes  # type: ignore[import-not-found]
from transformers import AutoModelForCausalLM

from astra_data.errors import AstraError, DataError, SandboxError, UsageError
from astra_data.hub.load import load as load_version
from astra_data.hub.store import Store
from astra_data.rows import Arena
from astra_data.rows.environments import EnvironmentTurn
from astra_data.sandbox import Sandbox
from astra_data.training import grpo, metrics, sft
from astra_data.training.recipe import GrpoRecipe
from astra_data.training.recipe import load as load_recipe
from astra_data.training.run import Told

ROOT = Path(__file__).parents[2]
RECIPE = """
name: arenas
seed: 3
output: {output}
model: {{name: model, dtype: float32, template: qwen3_instruct_2507, context: 2048}}
data: {{train: small-arenas}}
rollouts: arenas-rollouts
generation: {{engine: cached}}
filling: {{max_refills: 2}}
trainer: {{per_device_train_batch_size: 4, num_generations: 2, max_completion_length: 24, max_steps: 4, learning_rate: 5e-3,
          logging_steps: 1, save_steps: 2, gradient_checkpointing: false}}
"""
TUNED = """
name: shop
output: tuned
model: {name: model, dtype: float32, template: qwen3_instruct_2507, context: 1024}
data: {train: shop-sft}
trainer: {per_device_train_batch_size: 1, max_steps: 1, logging_steps: 1}
"""
CLOCKED = ("step_time", "time/", "train_", "total_flos")
"""What a run logs that the clock decides."""


@pytest.fixture
def arenas(work: Path) -> Path:
    """The working folder, with arenas in its store and a recipe over them."""
    arenas_version(Store.open(work / "hub"), four()[:3])
    (work / "r.yaml").write_text(RECIPE.format(output="run"))
    return work


@pytest.fixture
def grpo_recipe(arenas: Path, recipe: Recipes) -> Callable[..., GrpoRecipe]:
    return functools.partial(recipe, kind="grpo")


def curve(folder: Path) -> list[dict[str, Any]]:
    """What was logged of each step, but for times."""
    lines = [line for line in metrics.read(folder / "metrics.jsonl") if "loss" in line]
    return [{name: value for name, value in line.items() if not name.startswith(CLOCKED)} for line in lines]


def logged(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((folder / "rollouts").glob("*.jsonl"))]


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    arenas: Path, grpo_recipe: Callable[..., GrpoRecipe], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the checkpoint on: the same prompts, the same rollouts, the same curve to the last digit; and rollouts once each."""
    monkeypatch.setattr(grpo, "reward_of", vowels)
    whole = grpo.train(grpo_recipe("--output", "whole"), told)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests" / "resumed_grpo.py"), "r.yaml", "hub", "3"]
    assert subprocess.run(command, env=environ, cwd=arenas, check=False, timeout=600).returncode == -signal.SIGKILL
    assert [line["step"] for line in curve(arenas / "run")] == [1, 2, 3] and not (arenas / "run" / "model").exists()
    resumed = grpo.train(grpo_recipe(), told)
    assert curve(arenas / "run") == curve(arenas / "whole")
    assert logged(arenas / "run") == logged(arenas / "whole") and len(logged(arenas / "run")) == 4
    assert all(line["grad_norm"] > 0 and line["filling/filled"] == 1.0 for line in curve(arenas / "run"))
    for trained in (whole, resumed):
        AutoModelForCausalLM.from_pretrained(trained.folder)
    rows = load_version("arenas-rollouts", store=arenas / "hub")
    assert len(rows) == sum(line.count(b"\n") for line in logged(arenas / "run")) == len(set(rows["id"]))
    assert {row["arena"]["environment_id"] for row in rows} <= {arena.environment_id for arena in four()}
    assert all(0 <= row["reward"] <= 1 and row["usage"]["output_tokens"] for row in rows)


def test_a_pushed_model_leads_back_to_its_arenas_and_through_sft_to_the_conversations(
    work: Path, grpo_recipe: Callable[..., GrpoRecipe], told: Told
) -> None:
    (work / "s.yaml").write_text(TUNED)
    sft.train(load_recipe(work / "s.yaml", "sft"), told)
    words = ["--model.name", "tuned/model", "--max_steps", "1", "--save_steps", "1", "--filling.max_refills", "0"]
    trained = grpo.train(grpo_recipe(*words), told)
    found = pushed(work, "grpo", "org/arenas", "run/model", words)
    assert found.same and found.told["metrics"] == trained.metrics
    store = Store.open(told.store)
    arenas, conversations = (f"{name}@{store.version(name).tree}" for name in ("small-arenas", "shop-sft"))
    assert found.lineage["inputs"][0]["address"] == arenas
    assert arenas in found.card and conversations in found.card and 'from_pretrained("org/arenas")' in found.card
    assert found.lineage["metrics"]["rollouts/f1"] == 0 and "rollouts/f1" in found.card


def test_a_dry_run_says_steps_and_batch(grpo_recipe: Callable[..., GrpoRecipe], told: Told) -> None:
    plan = grpo.plan(grpo_recipe("--max_steps", "-1", "--num_train_epochs", "6", "--gradient_accumulation_steps", "1"), told)
    assert (plan.rows, plan.batch, plan.steps) == (3, 2, 6), "three arenas give one batch of two in an epoch"
    assert grpo.plan(grpo_recipe(), told).steps == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model.context", "1200"],
         r"model.context: \d of 3 prompts leave less than trainer.max_completion_length \(24\) of 1200"),
        (["--model.template", "phi3"], "model.template: the chat template cannot show tools and their results"),
        (["--num_generations", "8", "--gradient_accumulation_steps", "1"], "num_generations"),
        (["--num_generations", "4", "--per_device_train_batch_size", "6", "--gradient_accumulation_steps", "2",
          "--steps_per_generation", "1"], "num_generations"),
        (["--num_iterations", "2", "--gradient_accumulation_steps", "1", "--save_steps", "3"],
         r"trainer.save_steps: rollouts serve 2 steps, and a checkpoint every 3 falls between them \(make it a multiple of 2\)"),
        (["--repetition_penalty", "1.1"], "generation.engine: the cached engine knows nothing of trainer.repetition_penalty"),
        (["--model.attention", "flash_attention_2"], "the cached engine cannot serve flash_attention_2"),
        (["--sandbox.memory_mb", "1000000"], r"sandbox.memory_mb: 4 episodes at once may take 4000000 MB, and there are"),
        (["--generation.engine", "fast"], "generation.engine"),
        (["--filling.refills", "3"], "filling.refills"),
        (["--data.curriculum.short", "3"], "a curriculum is for SFT"),
        (["--data.train", "shop-sft"], "shop-sft holds sft, and arenas are needed"),
        (["--gradient_accumulation_steps", "4"], "data.train: 3 arenas do not fill a batch of "),
    ],
)
def test_what_cannot_be_trained_is_refused_before_a_weight_is_loaded(
    grpo_recipe: Callable[..., GrpoRecipe], told: Told, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpo, "load_model", lambda *_: pytest.fail("the weights were loaded"))
    with pytest.raises(AstraError, match=said):
        grpo.train(grpo_recipe(*words), told)


def changed(work: Path, *arenas: Arena) -> None:
    arenas_version(Store.open(work / "hub"), list(arenas))


def test_arenas_that_one_turn_cannot_score_are_refused_with_their_number(
    arenas: Path, grpo_recipe: Callable[..., GrpoRecipe], told: Told
) -> None:
    changed(arenas, *four()[:2], two_turns())
    with pytest.raises(DataError, match="1 of 3 arenas have several turns of the user; training knows one"):
        grpo.train(grpo_recipe(), told)
    aimless = replace(four()[0], turns=[EnvironmentTurn("What is the stock?", [])], id="0" * 16)
    changed(arenas, four()[1], aimless)
    with pytest.raises(DataError, match="1 of 2 arenas have nothing that the reward weighs"):
        grpo.train(grpo_recipe(), told)


def test_arenas_of_another_schema_are_refused(arenas: Path, grpo_recipe: Callable[..., GrpoRecipe], told: Told) -> None:
    sft_version(Store.open(arenas / "hub"), name="old-arenas", kind="arenas")
    with pytest.raises(DataError, match="old-arenas has arenas rows of another schema, without answer"):
        grpo.train(grpo_recipe("--data.train", "old-arenas"), told)


def test_a_machine_that_cannot_lock_code_in_is_refused(
    grpo_recipe: Callable[..., GrpoRecipe], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpo, "Sandbox", functools.partial(Sandbox, layers=("limits",)))
    with pytest.raises(SandboxError, match="code cannot be isolated strictly here: missing seccomp"):
        grpo.train(grpo_recipe(), told)


def test_another_trl_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from astra_data.training import trl_internals

    monkeypatch.setattr(trl_internals, "version", lambda _: "1.17.0")
    with pytest.raises(UsageError, match=r"this needs TRL 1.16, and 1.17.0 is installed"):
        trl_internals.require_trl()
