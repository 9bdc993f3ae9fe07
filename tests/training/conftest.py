"""A tiny model, a store with conversations, and a recipe over both, in a working folder of the test."""

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import pytest
from rich.console import Console
from small_training import sft_version, write_model

from astra_data.hub.store import Store
from astra_data.training.recipe import Kind, SftRecipe, load
from astra_data.training.run import Told

RECIPE = """
name: shop
seed: 3
output: run
model: {name: model, dtype: float32, template: qwen3_instruct_2507, context: 1024}
data: {train: shop-sft}
batch: 2
trainer: {per_device_train_batch_size: 1, max_steps: 6, learning_rate: 5e-3, logging_steps: 1, save_steps: 2}
"""

Recipes = Callable[..., SftRecipe]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def work(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with `model`, the store `hub` and `r.yaml`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "model").symlink_to(tiny_model)
    sft_version(Store.open(tmp_path / "hub"), count=8)
    (tmp_path / "r.yaml").write_text(RECIPE)
    return tmp_path


@pytest.fixture
def recipe(work: Path) -> Recipes:
    """The recipe with these words of a command line on top."""

    def read(*words: str, kind: Kind = "sft") -> SftRecipe:
        return load(work / "r.yaml", kind, words)

    return read


@pytest.fixture
def told(work: Path) -> Told:
    log = Console(file=(work / "log").open("w"), width=200)
    return Told(store=work / "hub", command="astra train sft --config r.yaml", console=log)
