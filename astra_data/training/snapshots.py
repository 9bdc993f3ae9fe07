"""Weights kept at intervals, apart from the one checkpoint that a run resumes from [A 14].

    trainer.add_callback(WeightSnapshots(run.folder / "snapshots", Snapshots(every=50), trainer.save_model))
    AutoModelForCausalLM.from_pretrained("runs/mine/snapshots/step-000050")

A checkpoint holds optimizer, scheduler and random state besides the weights, three times their size and more; of those the newest
is enough. Snapshots hold weights and tokenizer, so many can stay. Each appears whole, by one rename.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from astra_data.training.sections import Snapshots

UNFINISHED = ".unfinished"


class WeightSnapshots(TrainerCallback):
    """Saves the weights every so many steps with `save`, which all processes of a run call together."""

    def __init__(self, folder: Path, section: Snapshots, save: Callable[[str], None]) -> None:
        self.folder, self.section, self.save = folder, section, save

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Keep the weights of this step if it is one of those."""
        if self.section.every and state.global_step % self.section.every == 0:
            write_whole(self.folder / f"step-{state.global_step:06d}", self.save, main=state.is_world_process_zero)
            if self.section.keep and state.is_world_process_zero:
                for old in sorted(self.folder.glob("step-*"))[: -self.section.keep]:
                    shutil.rmtree(old)


def write_whole(folder: Path, save: Callable[[str], None], *, main: bool = True) -> None:
    """Let `save` fill a folder that appears at its place by one rename, in the place of an older one.

    Every process calls `save`; the one that is `main` clears and renames.
    """
    unfinished = folder.parent / f"{UNFINISHED}-{folder.name}"
    if main:
        shutil.rmtree(unfinished, ignore_errors=True)
    save(str(unfinished))
    if main:
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
