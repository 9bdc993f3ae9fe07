"""What a recipe says of tasks.

    tasks:
      per_server: 20
      augment: {diverse: 1, complicate: 1, persona: 2}
      chained: {per_server: 4}
      score: {rubric: released}
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from astra_data.pipeline.stage import StageConfig
from astra_data.stages.decontamination import Against, Decontaminate


class Augment(StageConfig):
    """Variants of each task that passed, by mode [A 5.1]."""

    diverse: int = Field(default=0, ge=0, description="variants in another situation, with other words and values")
    complicate: int = Field(default=0, ge=0, description="variants with further conditions and less said of the steps")
    persona: int = Field(default=0, ge=0, description="variants in the words of a persona, drawn by seed")
    personas: Against | None = Field(default=None, description="dataset address of the personas; null is the packaged set")


class Chained(StageConfig):
    """Long tasks, made of tasks of one server that have something in common."""

    per_server: int = Field(default=0, ge=0, description="chained tasks of each server")
    min_length: int = Field(default=2, ge=2, description="fewest tasks that one joins")
    max_length: int = Field(default=3, ge=2, description="most tasks that one joins")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_length > self.max_length:
            raise ValueError("min_length is above max_length")
        return self


class Scoring(StageConfig):
    """The rubric, and the least score on each of its axes [A 20.5]."""

    rubric: Literal["paper", "released", "none"] = Field(default="paper", description="three axes of the paper, four of its data")
    question_quality: int = Field(default=4, ge=1, le=5)
    scenario_realism: int = Field(default=3, ge=1, le=5)
    tool_use_necessity: int = Field(default=4, ge=1, le=5)
    tool_selection_difficulty: int = Field(default=2, ge=1, le=5)
    tool_selection_uniqueness: int = Field(default=3, ge=1, le=5)
    accept_abstained: bool = Field(default=True, description="keep a task that the judge abstained from scoring")

    def least(self, axis: str) -> int:
        """The threshold of an axis."""
        return int(self.model_dump()[axis])


class TasksConfig(StageConfig):
    """How many tasks, of which kind, and what they must be."""

    per_chain: int = Field(default=1, ge=0, description="tasks along each chain")
    per_server: int = Field(default=8, ge=0, description="tasks of each server that follow no chain")
    min_tools: int = Field(default=2, ge=1, description="fewest tools of a task that follows no chain")
    max_tools: int = Field(default=3, ge=1, description="most tools of a task that follows no chain")
    min_chars: int = Field(default=15, ge=1)
    max_chars: int = Field(default=4000, ge=1)
    augment: Augment = Augment()
    chained: Chained = Chained()
    coverage: bool = Field(default=True, description="check that every value that only the user can state is stated")
    score: Scoring = Scoring()
    near_duplicate: float = Field(default=0.95, gt=0, le=1, description="a task this similar to an earlier one goes")
    decontaminate: Decontaminate = Decontaminate()
