"""`environments`: questions become executable tools with goals, each verified in the sandbox before it counts [A 11, 12]."""

from astra_data.stages.environments.config import EnvironmentsConfig
from astra_data.stages.environments.stage import STAGE

__all__ = ["STAGE", "EnvironmentsConfig"]
