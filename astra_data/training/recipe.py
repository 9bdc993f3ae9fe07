"""A training recipe: one YAML file that says everything a run depends on.

    name: mine
    model: {name: Qwen/Qwen3-0.6B, template: qwen3, context: 8192}
    data: {train: mine-sft@1f0e2d3c}
    trainer: {num_train_epochs: 2, learning_rate: 1e-5}

    recipe = load(find("mine.yaml", "sft"), "sft", ["--trainer.learning_rate", "2e-5"])
    trainer_config(recipe)                     # TRL's SFTConfig

Unknown keys are errors that name file and field. The section `trainer` takes any field of TRL's config; it is checked against
that, with types, when the trainer's config is built, so that reading a recipe needs no TRL.
"""

import dataclasses
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field, PrivateAttr, create_model, model_validator

from astra_data import resources
from astra_data.errors import Place, UsageError
from astra_data.pipeline.document import checked, override, read
from astra_data.training.sections import (
    DataSection,
    Filling,
    Generation,
    Lora,
    ModelSection,
    Optimizer,
    Reward,
    SandboxSection,
    Section,
    Snapshots,
    TrainerValues,
)

if TYPE_CHECKING:
    from trl import GRPOConfig, SFTConfig

Kind = Literal["sft", "grpo"]
NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
ELSEWHERE = {
    "output_dir": "output", "resume_from_checkpoint": "output", "seed": "seed", "data_seed": "seed",
    "max_length": "model.context", "truncation_mode": "data.too_long", "chat_template_path": "model.template",
    "model_init_kwargs": "model", "assistant_only_loss": "nothing, it is always on", "dataset_text_field": "data",
    "save_only_model": "snapshots", "save_total_limit": "snapshots", "save_strategy": "trainer.save_steps",
    "push_to_hub": "--push org/name", "hub_model_id": "--push org/name",
}
"""Fields of the trainer's config that a run sets itself, and where a recipe says them."""


class SftRecipe(Section):
    """A recipe of `astra train sft`. Dataset names are looked up in the store; `output` starts from the working folder."""

    name: str = Field(pattern=NAME)
    seed: int = 0
    output: str | None = Field(default=None, description="folder of the run; null is runs/<name>")
    model: ModelSection
    data: DataSection
    batch: int | None = Field(default=None, ge=1, description="sequences per step; gradient accumulation follows from it")
    trainer: TrainerValues = Field(default={}, description="fields of TRL's config")
    optimizer: Optimizer | None = Field(default=None, description="null is the trainer's own")
    lora: Lora | None = Field(default=None, description="null trains all weights")
    snapshots: Snapshots = Snapshots()
    launch: str | None = Field(default=None, description="accelerate config that a dry run assumes, such as one-node-cp2")
    _source: str = PrivateAttr(default="recipe")

    @model_validator(mode="after")
    def one_way_to_train(self) -> "SftRecipe":
        if self.optimizer is not None and self.lora is not None:
            raise ValueError("adapters are trained by the trainer's own optimizer: leave out optimizer or lora")
        return self

    @property
    def source(self) -> str:
        """The name of the file, for errors and records."""
        return self._source

    @property
    def folder(self) -> Path:
        """Where the run writes."""
        return Path(self.output or f"runs/{self.name}")

    def wrong(self, field: str, message: str, mend: str) -> UsageError:
        """An error about one field of this recipe."""
        return UsageError(message, place=Place(self.source, field=field), mend=mend)


class GrpoRecipe(SftRecipe):
    """A recipe of `astra train grpo`, which also says how rollouts run and what they earn."""

    reward: Reward = Reward()
    sandbox: SandboxSection = SandboxSection()
    generation: Generation = Generation()
    filling: Filling = Filling()
    rollouts: str | None = Field(default=None, description="dataset in the store that rollouts are logged to; null logs none")

    @model_validator(mode="after")
    def order_of_its_own(self) -> "GrpoRecipe":
        if self.data.curriculum is not None:
            raise ValueError("a curriculum is for SFT; GRPO draws its arenas from one stream: leave data.curriculum out")
        return self


Recipe = SftRecipe
RECIPES: dict[Kind, type[SftRecipe]] = {"sft": SftRecipe, "grpo": GrpoRecipe}


def find(name: str, kind: Kind) -> Path:
    """The file of a recipe given as a path or as the name of a packaged one. Raises `UsageError` with what there is."""
    path, packaged = Path(name).expanduser(), resources.folder("recipes")
    for file in (path, packaged / name / f"{kind}.yaml"):
        if file.is_file():
            return file
    known = ", ".join(sorted(entry.parent.name for entry in packaged.glob(f"*/{kind}.yaml"))) or "none is packaged"
    raise UsageError(f"no {kind} recipe {name!r}", mend=f"give a YAML file, or one of: {known}")


def load(path: Path, kind: Kind, overrides: Iterable[str] = ()) -> SftRecipe:
    """Read and check a recipe. `overrides` are words of a command line: `--KEY VALUE` or `--KEY=VALUE`, with dotted keys.

    A key that is no section is a field of the trainer: `--learning_rate 1e-5`. Raises `UsageError` naming file and field.
    """
    document, model = read(path), RECIPES[kind]
    for key, value in _pairs(overrides):
        top = key.split(".")[0]
        override(document, f"{key}={value}" if top in model.model_fields else f"trainer.{key}={value}")
    recipe = checked(model, document, path)
    recipe._source = path.name if path.parent.name in ("", ".") else f"{path.parent.name}/{path.name}"
    return recipe


def trainer_config(recipe: SftRecipe, defaults: TrainerValues | None = None, **ours: Any) -> "SFTConfig | GRPOConfig":
    """TRL's config of the recipe's section `trainer`, over `defaults`; `ours` are fields that the run sets itself.

    On a machine without accelerator it is that of a run on the processor. Raises `UsageError` for a field that TRL does not know,
    a value of another type, or what TRL itself refuses.
    """
    import torch

    kind = _config_class(recipe)
    values = {"use_cpu": not torch.accelerator.is_available(), **(defaults or {}), **_typed(recipe, kind)}
    try:
        return kind(**{**values, **ours})
    except (ValueError, TypeError) as error:
        said = str(error).strip().split("\n")[0]
        raise recipe.wrong("trainer", said, "change the field that it speaks of") from error


def per_device(recipe: SftRecipe) -> int:
    """Sequences that a process takes at once, as the recipe or TRL's default has it. Raises `UsageError` for none, and as
    `trainer_config` does."""
    kind = _config_class(recipe)
    count = int(_typed(recipe, kind).get("per_device_train_batch_size", kind.per_device_train_batch_size))
    if count < 1:
        raise recipe.wrong("trainer.per_device_train_batch_size", f"a process takes {count} sequences at once", "write 1 or more")
    return count


def _config_class(recipe: SftRecipe) -> "type[SFTConfig | GRPOConfig]":
    from trl import GRPOConfig, SFTConfig

    kind: type[SFTConfig | GRPOConfig] = GRPOConfig if isinstance(recipe, GrpoRecipe) else SFTConfig
    return kind


def _typed(recipe: SftRecipe, config: type) -> TrainerValues:
    """The values of the section, with the types and choices that the fields of TRL's config declare."""
    for key in recipe.trainer:
        if key in ELSEWHERE:
            raise recipe.wrong(f"trainer.{key}", "a run sets this itself", f"say it under {ELSEWHERE[key]}")
    hints = typing.get_type_hints(config)
    fields: dict[str, Any] = {
        field.name: (Literal[tuple(field.metadata["choices"])] if "choices" in field.metadata else hints[field.name], None)
        for field in dataclasses.fields(config)
    }
    options = ConfigDict(extra="forbid", arbitrary_types_allowed=True, protected_namespaces=())
    model = create_model(config.__name__, __config__=options, **fields)
    return dict(checked(model, recipe.trainer, Path(recipe.source), "trainer").model_dump(exclude_unset=True))


def _pairs(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(key, value) of `--key value` and `--key=value`."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            raise UsageError(f"{word!r} overrides nothing", mend="write --key value, such as --trainer.max_steps 10")
        key, equals, value = word[2:].partition("=")
        given = value if equals else next(rest, None)
        if given is None:
            raise UsageError(f"{word} has no value", mend=f"write {word} VALUE")
        yield key, given
