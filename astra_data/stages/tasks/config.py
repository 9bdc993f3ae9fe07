"""What a recipe says of tasks."""

from pydantic import Field

from astra_data.pipeline.stage import StageConfig
from astra_data.stages.decontamination import Decontaminate


class TasksConfig(StageConfig):
    """How many tasks, of which kind."""

    per_chain: int = Field(default=1, ge=0, description="tasks along each chain")
    per_server: int = Field(default=8, ge=0, description="tasks of each server that follow no chain")
    min_tools: int = Field(default=2, ge=1, description="fewest tools of a task that follows no chain")
    max_tools: int = Field(default=3, ge=1, description="most tools of a task that follows no chain")
    min_chars: int = Field(default=15, ge=1)
    max_chars: int = Field(default=4000, ge=1)
    near_duplicate: float = Field(default=0.95, gt=0, le=1, description="a task this similar to an earlier one goes")
    decontaminate: Decontaminate = Decontaminate()
