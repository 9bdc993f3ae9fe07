"""The stages, in pipeline order. A stage is added by adding it here."""

from astra_data.pipeline.stage import Stages
from astra_data.stages.arenas import STAGE as ARENAS
from astra_data.stages.chains import STAGE as CHAINS
from astra_data.stages.demonstrations import STAGE as DEMONSTRATIONS
from astra_data.stages.environments import STAGE as ENVIRONMENTS
from astra_data.stages.questions import STAGE as QUESTIONS
from astra_data.stages.sft import STAGE as SFT
from astra_data.stages.tasks import STAGE as TASKS
from astra_data.stages.tools import STAGE as TOOLS
from astra_data.stages.trajectories import STAGE as TRAJECTORIES

STAGES: Stages = {
    stage.name: stage
    for stage in (TOOLS, CHAINS, TASKS, TRAJECTORIES, QUESTIONS, ENVIRONMENTS, ARENAS, DEMONSTRATIONS, SFT)
}
"""Stage name -> stage."""

__all__ = ["STAGES"]
