"""The stages, in pipeline order. A stage is added by adding its module here."""

from astra_data.pipeline.stage import Stages
from astra_data.stages import chains, sft, tasks, tools, trajectories

STAGES: Stages = {module.STAGE.name: module.STAGE for module in (tools, chains, tasks, trajectories, sft)}
"""Stage name -> stage."""

__all__ = ["STAGES"]
