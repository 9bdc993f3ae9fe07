"""`environments` -> `arenas`: prompts with tools to act in, distractors among them."""

from astra_data.stages.arenas.config import ArenasConfig
from astra_data.stages.arenas.stage import STAGE

__all__ = ["STAGE", "ArenasConfig"]
