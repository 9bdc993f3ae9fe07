"""What a recipe may say of arenas."""

from typing import Literal

from pydantic import Field, model_validator

from astra_data.pipeline.stage import StageConfig
from astra_data.stages.distractors.bands import Lines
from astra_data.stages.distractors.embedding import Embedder

Apart = Literal["world", "template", "domain"]


class Distracting(StageConfig):
    """Which tools of other environments are offered beside those of an environment."""

    mode: Literal["banded", "random", "none"] = Field(
        default="banded", description="by bands of similarity, 5 to 9 of any other field, or none")
    per_band: int = Field(default=2, ge=1, le=50, description="most distractors of each band")
    fewest: int | None = Field(default=None, ge=0, description="fewest of each band, where the number is drawn; null: `per_band`")
    similarity: Literal["minmax", "cosine"] = Field(
        default="minmax", description="the cosine stretched to [0, 1] over the pool for each tool, as in the paper, or as it is")
    low: float = Field(default=0.4, ge=0, le=1, description="below it lies the low band")
    high: float = Field(default=0.85, ge=0, le=1, description="above it lies the high band")
    embedder: Embedder = Field(default=Embedder(), description="see below")

    @model_validator(mode="after")
    def _in_order(self) -> "Distracting":
        if self.low > self.high:
            raise ValueError("low lies above high")
        if self.fewest is not None and self.fewest > self.per_band:
            raise ValueError("fewest is more than per_band")
        return self

    @property
    def lines(self) -> Lines:
        return Lines(self.low, self.high, self.similarity == "cosine")


class Split(StageConfig):
    """What is held out of training. Environments that share any of what is kept `apart` stay together."""

    validation: float = Field(default=0.1, ge=0, le=0.5, description="share of the environments that goes to validation")
    test: float = Field(default=0.1, ge=0, le=0.5, description="share of the environments that goes to testing")
    apart: list[Apart] = Field(default=["world", "template"], description="what no two sides share")

    @property
    def shares(self) -> dict[str, float]:
        return {"validation": self.validation, "test": self.test}


class Removing(StageConfig):
    """From how many arenas something is taken, so that the right thing to do is to say so."""

    tool: float = Field(default=0.0, ge=0, le=1, description="share of the arenas that lose a tool which a goal needs")
    argument: float = Field(default=0.0, ge=0, le=1, description="share of the arenas whose user leaves out a value")

    @model_validator(mode="after")
    def _at_most_all(self) -> "Removing":
        if self.tool + self.argument > 1:
            raise ValueError("tool and argument are more than 1 together")
        return self


class ArenasConfig(StageConfig):
    distractors: Distracting = Field(default=Distracting(), description="see below")
    split: Split = Field(default=Split(), description="see below")
    removed: Removing = Field(default=Removing(), description="see below")
    system_prompt: str | None = Field(default=None, description="a system message that prompts begin with")
    cpu_s: float = Field(default=2.0, gt=0, description="seconds of CPU that a call of a tool may take")
    isolation: Literal["strict", "best_effort"] = Field(default="strict", description="what the sandbox may do without")
