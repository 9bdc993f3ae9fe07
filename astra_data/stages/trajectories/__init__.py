"""`tasks` -> `trajectories`: a rollout on real tools, scored on seven axes, accepted or rejected with the reason."""

from astra_data.stages.trajectories.stage import STAGE

__all__ = ["STAGE"]
