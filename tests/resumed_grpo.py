"""A GRPO run in a process of its own, which may be killed: the recipe's own run, with a reward that random weights can earn.

    python tests/resumed_grpo.py RECIPE STORE [STEP]       # ends itself, unasked, after this step
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import TrainerCallback

from astra_data.rollout.scoring import Terms
from astra_data.training import grpo
from astra_data.training.episodes import Episode
from astra_data.training.recipe import GrpoRecipe, load
from astra_data.training.run import Run, Told


def vowels(episode: Episode, terms: Terms) -> float:
    """The share of vowels in what was said: random weights differ in it, and can learn it."""
    said = "".join(str(message["content"]) for message in episode.said)
    return sum(letter in "aeiouAEIOU" for letter in said) / max(len(said), 1)


class Killed(TrainerCallback):
    """Ends the process as the kernel would, when a step was logged and before what comes after it."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)



def main(recipe: Path, store: Path, step: int | None) -> None:
    grpo.reward_of = vowels
    if step is not None:
        attach = Run.attach

        def attached(self: Run, trainer: Any, *rest: Any) -> None:
            attach(self, trainer, *rest)
            trainer.add_callback(Killed(step))

        Run.attach = attached  # type: ignore[method-assign]
    found = load(recipe, "grpo")
    assert isinstance(found, GrpoRecipe)
    grpo.train(found, Told(store=store, command="astra train grpo", console=Console(quiet=True)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
