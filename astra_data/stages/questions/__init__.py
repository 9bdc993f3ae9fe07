"""Sources -> `questions`: procedural worlds, domains, given questions and recorded trajectories, each with a verified
decomposition [A 8-10]."""

from astra_data.stages.questions.stage import STAGE

__all__ = ["STAGE"]
