"""The sections of a training recipe, as they stand in the YAML file. Unknown keys are errors, values are frozen.

    model: {name: Qwen/Qwen3-14B, revision: 40c0..., template: qwen3, context: 20480}
    snapshots: {every: 50}
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """Base of every section."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Scratch(Section):
    """A Qwen3 model with random weights, and the byte-level tokenizer trained for it."""

    layers: int = Field(default=4, ge=1)
    width: int = Field(default=128, ge=8, description="hidden size")
    heads: int = Field(default=4, ge=1, description="attention heads; a head has width / heads dimensions")
    feed_forward: int = Field(default=384, ge=8, description="inner width of the feed-forward blocks")
    vocabulary: int = Field(default=1024, ge=300, description="most tokens of the tokenizer")
    phrases: int = Field(default=160, ge=8, description="tokens of it that may be constant strings of rendered conversations")


class Shape(Section):
    """The dimensions of a decoder, from which a dry run computes memory where the model's config is not at hand."""

    layers: int = Field(ge=1)
    width: int = Field(ge=1, description="hidden size")
    heads: int = Field(ge=1)
    kv_heads: int = Field(ge=1)
    head_width: int = Field(ge=1)
    feed_forward: int = Field(ge=1)
    vocabulary: int = Field(ge=1)
    tied: bool = Field(default=False, description="the embedding is also the last matrix")


class ModelSection(Section):
    """Where the weights come from, and how conversations become tokens.

    Either `name` (a Hub id or a folder) or `scratch`. `template` is `own`, that of the tokenizer, or the name of one of TRL's.
    """

    name: str | None = Field(default=None, description="Hub id, or folder with weights and tokenizer")
    revision: str | None = Field(default=None, description="commit, tag or branch of the Hub id")
    scratch: Scratch | None = Field(default=None, description="make the model from random weights instead")
    dtype: Literal["float32", "bfloat16", "float16"] = Field(default="bfloat16", description="of the weights")
    attention: str | None = Field(default=None, description="attention implementation, such as flash_attention_2")
    template: str = Field(default="own", description="chat template: own, or the name of one of TRL's")
    context: int = Field(ge=8, description="longest sequence in tokens; nothing is ever cut to it")
    shape: Shape | None = Field(default=None, description="dimensions, for a dry run without the model's config")

    @model_validator(mode="after")
    def one_source(self) -> "ModelSection":
        if (self.name is None) == (self.scratch is None):
            raise ValueError("a model is either named or made: write one of model.name and model.scratch")
        return self


class Curriculum(Section):
    """What a model with random weights meets first; it needs `trainer.max_steps`."""

    renamed: float = Field(default=0, ge=0, le=1, description="share of rows in which each word and digit is another one")
    drills: int = Field(default=0, ge=0, description="first steps that train all of a renamed row, not the assistant alone")
    short: int = Field(default=0, ge=0, description="first steps that see only rows of at most `longest` tokens")
    longest: int = Field(default=150, ge=8, description="what a short row is, in tokens")


class DataSection(Section):
    """Addresses of datasets of ours. Rows are chosen by their column `split`; null takes all rows."""

    train: str = Field(description="address of the rows to train on")
    split: str | None = Field(default="train", description="their split")
    validation: str | None = Field(default=None, description="address of the rows to measure on; null is that of train")
    validation_split: str | None = Field(default=None, description="their split; null measures nothing unless validation is set")
    limit: int | None = Field(default=None, ge=1, description="only the first rows of each")
    rows: int | None = Field(default=None, ge=1, description="number of training rows, for a dry run without the dataset")
    too_long: Literal["refuse", "drop"] = Field(default="refuse", description="what becomes of rows longer than model.context")
    curriculum: Curriculum | None = Field(default=None, description="an order for SFT of a small model; null is the trainer's")


class Lora(Section):
    """Low-rank adapters by PEFT, instead of training all weights."""

    rank: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: str | list[str] = Field(default="all-linear", description="modules that get an adapter")


class Optimizer(Section):
    """Muon on the 2-D matrices of the blocks and AdamW on the rest, instead of the optimizer that the trainer builds."""

    kind: Literal["muon"]
    matrices_lr: float = Field(default=5e-3, gt=0, description="learning rate of Muon")
    rest_lr: float = Field(default=3e-3, gt=0, description="learning rate of AdamW on embeddings and norms")
    momentum: float = Field(default=0.95, ge=0, lt=1)
    betas: tuple[float, float] = Field(default=(0.9, 0.98), description="of AdamW")
    weight_decay: float = Field(default=0.05, ge=0)


class Snapshots(Section):
    """Weights alone, kept beside the one checkpoint from which a run resumes [A 14]."""

    every: int | None = Field(default=None, ge=1, description="steps between two snapshots; null writes none")
    keep: int | None = Field(default=None, ge=1, description="the newest that stay; null keeps all")


class Reward(Section):
    """The reward of a rollout [A 15.3]. The default is the paper's."""

    mode: Literal["f1", "recall", "precision"] = "f1"
    answer: float = Field(default=0.0, ge=0, le=1, description="weight of a correct final answer")
    decline: float = Field(default=0.0, ge=0, le=1, description="weight of saying what is missing, where something was removed")


class SandboxSection(Section):
    """How the code of arenas is locked in."""

    isolation: Literal["strict", "best_effort"] = "strict"
    cpu_s: float = Field(default=2.0, gt=0, description="processor time of one call, in seconds")
    memory_mb: int = Field(default=64, ge=1, description="memory of one episode; all rollouts of a batch have one at once")
    workers: int = Field(default=2, ge=1, description="processes that episodes are forked from")


class Generation(Section):
    """Who generates rollouts: TRL, by transformers or by vLLM where `trainer.use_vllm` says so, or the engine of ours."""

    engine: Literal["trl", "cached"] = Field(default="trl", description="trl, or cached: keys and values stay between turns")


class Filling(Section):
    """Adaptive batch filling [A 15.4]: more rollouts until every group of a batch can teach something."""

    max_refills: int = Field(default=8, ge=0, description="rounds of more rollouts; 0 is TRL's own behaviour")
    min_std: float = Field(default=1e-4, ge=0, description="a group teaches if its rewards differ by more than this")


TrainerValues = dict[str, Any]
"""Fields of TRL's SFTConfig or GRPOConfig, as the recipe gives them; `trainer_config` checks them."""
