"""`tools`, `chains` -> `tasks`: what a user could ask [A 4, 5], checked, varied, scored, and no text twice."""

from astra_data.stages.tasks.config import TasksConfig
from astra_data.stages.tasks.stage import STAGE

__all__ = ["STAGE", "TasksConfig"]
