"""What a recipe may say of environments, and what making one can cost at most.

    EnvironmentsConfig(tries=3, rounds=2).most_asks      # 12
"""

from typing import Literal

from pydantic import Field

from astra_data.pipeline.stage import StageConfig

STEPS = 3
"""Asks of a round before there is code: document, scaling, call."""


class EnvironmentsConfig(StageConfig):
    tries: int = Field(default=3, ge=1, le=10, description="times that code is written in a round, and that a merge is tried")
    rounds: int = Field(default=2, ge=1, le=10, description="times that a sub-question starts again from its tool document")
    merge: bool = Field(default=True, description="whether tools of one intent become one")
    cpu_s: float = Field(default=2.0, gt=0, description="seconds of CPU that a call of a tool may take")
    most_hackability: float = Field(default=0.2, ge=0, le=1, description="share of the audit's probes that may fool it")
    isolation: Literal["strict", "best_effort"] = Field(default="strict", description="what the sandbox may do without")

    @property
    def most_asks(self) -> int:
        """The most asks for one sub-question. A teacher behind an endpoint sends each at most three times, to have it mended."""
        return self.rounds * (STEPS + self.tries)

    @property
    def most_merge_asks(self) -> int:
        """The most asks for each tool-needing sub-question of a question whose tools are merged, clustering included."""
        return self.tries + 1
