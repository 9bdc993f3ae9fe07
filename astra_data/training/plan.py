"""What a run would take, told without its weights: `astra train ... --dry-run`.

    plan(recipe, told).as_text()        # steps     3,432 = 2 epochs of 54,885 rows in batches of 32 ...
"""

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astra_data.errors import AstraError
from astra_data.training.data import choose, locate
from astra_data.training.launch import World
from astra_data.training.memory import Memory, memory_of, parameters, shape_of, trained_parameters
from astra_data.training.model import load_config
from astra_data.training.recipe import SftRecipe
from astra_data.training.sections import Shape

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Needs:
    """Parameters of a model, how many of them are trained, and the memory that this takes in each process."""

    parameters: int
    trained: int
    memory: Memory


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps, processes and memory of a run. `counted` says where the number of rows comes from; it is null where nobody knows it.

    `epochs` is null where the recipe says the steps; `batch` is the number of sequences of a step, or of prompts where each has a
    `group` of rollouts; `needs` is null where the dimensions of the model are not known.
    """

    name: str
    kind: str
    rows: int | None
    counted: str
    epochs: float | None
    batch: int
    steps: int
    world: World
    per_device: int
    accumulation: int
    context: int
    needs: Needs | None
    group: int | None = None

    def as_object(self) -> dict[str, Any]:
        """For machines."""
        values = dataclasses.asdict(self)
        if self.needs is not None:
            values["needs"]["memory"]["total"] = self.needs.memory.total
        return values

    def as_text(self) -> str:
        """For people."""
        world, per_step = self.world, f"batches of {self.batch}"
        sharing = f", {world.context} to a sequence" if world.context > 1 else ""
        steps = f"as trainer.max_steps says, in {per_step}"
        if self.epochs is not None and self.rows is not None:
            quotient = f"{self.rows:,} x {self.epochs:g} / {self.batch} = {self.rows * self.epochs / self.batch:,.0f}"
            steps = f"{self.epochs:g} epochs in {per_step} ({quotient}, and the last batch of an epoch may be smaller)"
        return "\n".join([
            f"{self.name}: {self.kind}, nothing was trained",
            f"rows      {'unknown' if self.rows is None else f'{self.rows:,}'} ({self.counted})",
            f"steps     {self.steps:,}: {steps}",
            f"world     {world.processes} processes{sharing}; a step is {world.data} x {self.per_device} sequences x "
            f"{self.accumulation} accumulated",
            *self._rollout_lines(),
            *self._memory_lines(),
        ])

    def _rollout_lines(self) -> list[str]:
        if self.group is None:
            return []
        every = self.group * self.batch
        return [f"rollouts  {every:,} a step: {self.group} in each of {self.batch:,} arenas, before more are made to fill it"]

    def _memory_lines(self) -> list[str]:
        if self.needs is None:
            return ["memory    unknown: the model's config is not at hand (state model.shape)"]
        memory = self.needs.memory
        parts = ", ".join(f"{name} {value / GIB:.2f}" for name, value in dataclasses.asdict(memory).items())
        return [
            f"model     {self.needs.parameters:,} parameters, {self.needs.trained:,} trained",
            f"memory    {memory.total / GIB:.2f} GiB in each process: {parts}",
            f"          estimated at the full context of {self.context:,} tokens by the formula of astra_data/training/memory.py",
        ]


def steps_of(rows: int, epochs: float, at_once: int, accumulated: int) -> int:
    """Steps as the trainer counts them: an epoch ends with a smaller batch where the rows do not divide."""
    return math.ceil(epochs * math.ceil(math.ceil(rows / at_once) / accumulated))


def rows_at(recipe: SftRecipe, kind: str, store: Path, *, needed: bool) -> tuple[int | None, str]:
    """The number of rows to train on, counted where the dataset is at hand, else as the recipe says; and which of the two.

    Null where neither tells it. Raises `UsageError` then if it is needed.
    """
    try:
        place = locate(recipe.data.train, store)
    except AstraError as error:
        if recipe.data.rows is None and needed:
            mend = "make or push the dataset, or state data.rows for a dry run"
            raise recipe.wrong("data.train", error.message, mend) from error
        says = "" if recipe.data.rows is None else "as data.rows says; "
        return recipe.data.rows, f"{says}{recipe.data.train} is not at hand"
    rows = choose(recipe, place.address, recipe.data.split, kind, store).rows
    return len(rows), f"counted in {place.address}"


def needs_of(recipe: SftRecipe, world: World, sequences: int, *, recompute: bool) -> Needs | None:
    """What the recipe's model needs; None where its dimensions are not known."""
    shape = shape_for(recipe)
    if shape is None:
        return None
    memory = memory_of(recipe, shape, world, sequences, recompute=recompute)
    return Needs(parameters(shape), trained_parameters(shape, recipe.lora), memory)


def shape_for(recipe: SftRecipe) -> Shape | None:
    """The dimensions of the model: of its config where that is on this machine, as the recipe says, or of the Hub's config."""
    section = recipe.model
    if section.scratch is not None:
        made = section.scratch
        return Shape(
            layers=made.layers, width=made.width, heads=made.heads, kv_heads=made.heads, head_width=made.width // made.heads,
            feed_forward=made.feed_forward, vocabulary=made.vocabulary, tied=True,
        )
    config = load_config(recipe, local=True)
    if config is None and section.shape is not None:
        return section.shape
    config = config or load_config(recipe, local=False)
    return None if config is None else shape_of(config)

