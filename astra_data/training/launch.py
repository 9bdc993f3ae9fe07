"""How many processes a run has, and how they share a step.

    world = world_of(recipe)                 # as launched, else as the recipe's accelerate config says, else one process
    accumulation(recipe, 1, world)           # 8 for a batch of 32 on 4 processes that each hold another sequence

With context parallelism several processes share one sequence, so fewer sequences are in flight than there are processes.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astra_data import resources
from astra_data.pipeline.document import read
from astra_data.training.recipe import SftRecipe, per_device, trainer_config

CONTEXT = "PARALLELISM_CONFIG_CP_SIZE"
TENSOR = "PARALLELISM_CONFIG_TP_SIZE"
ORDERS = ("random", "sequential")
"""Of the trainer's orders of rows those that it takes up where it left off."""


@dataclass(frozen=True, slots=True)
class World:
    """`processes` in all; of these `context` share a sequence and `tensor` share every matrix."""

    processes: int = 1
    context: int = 1
    tensor: int = 1

    @property
    def data(self) -> int:
        """How many different sequences are in flight at `per_device_train_batch_size` 1."""
        return max(1, self.processes // (self.context * self.tensor))


def world_of(recipe: SftRecipe, *, planned: bool = False) -> World:
    """The processes of this launch; where a run is `planned` and none was launched, those of the recipe's `launch` config.

    Raises `UsageError` where there is no such config.
    """
    if "WORLD_SIZE" in os.environ or not planned or recipe.launch is None:
        return World(*(int(os.environ.get(name, 1)) for name in ("WORLD_SIZE", CONTEXT, TENSOR)))
    file = resources.folder("recipes") / "accelerate" / f"{recipe.launch}.yaml"
    config = read(file if file.is_file() else Path(recipe.launch))
    parallel: dict[str, Any] = config.get("parallelism_config") or {}
    return World(int(config.get("num_processes", 1)), int(parallel.get("parallelism_config_cp_size", 1)),
                 int(parallel.get("parallelism_config_tp_size", 1)))


def run_config(recipe: SftRecipe, world: World, **ours: Any) -> Any:
    """TRL's config with what every run of ours sets: folder, seed, one checkpoint, the precision of the weights, the batch."""
    half = {"bf16": recipe.model.dtype == "bfloat16", "fp16": recipe.model.dtype == "float16"}
    defaults = {"report_to": "none", **half}
    ours = {"output_dir": str(recipe.folder / "checkpoints"), "seed": recipe.seed, "save_total_limit": 1, **ours}
    if recipe.batch is not None:
        if "gradient_accumulation_steps" in recipe.trainer:
            raise recipe.wrong("trainer.gradient_accumulation_steps", "it follows from batch", "leave one of the two out")
        ours["gradient_accumulation_steps"] = accumulation(recipe, per_device(recipe), world)
    config = trainer_config(recipe, defaults, **ours)
    _check_resuming(recipe, config)
    return config


def _check_resuming(recipe: SftRecipe, config: Any) -> None:
    """Raise `UsageError` where a run that goes on from a checkpoint would log other numbers than one that was never stopped."""
    logged, saved = config.logging_steps, config.save_steps
    if config.save_strategy == config.logging_strategy == "steps" and logged >= 1 and saved % logged:
        message = f"a checkpoint every {saved:g} steps falls between two lines of the curve, which comes every {logged:g}"
        raise recipe.wrong("trainer.save_steps", message, f"make it a multiple of {logged:g}")
    order = getattr(config, "train_sampling_strategy", "random")
    if order not in ORDERS:
        message = f"the trainer draws the order {order!r} anew when it goes on from a checkpoint"
        raise recipe.wrong("trainer.train_sampling_strategy", message, f"choose {' or '.join(ORDERS)}")


def accumulation(recipe: SftRecipe, at_once: int, world: World) -> int:
    """Sequences that a process takes one after another for one step of `batch`. Raises `UsageError` if they do not divide it."""
    assert recipe.batch is not None, "the recipe says the batch"
    together = at_once * world.data
    if recipe.batch % together:
        message = f"a batch of {recipe.batch} does not divide among {world.data} processes with {at_once} sequences each"
        raise recipe.wrong("batch", message, "change batch, trainer.per_device_train_batch_size, or the number of processes")
    return recipe.batch // together
