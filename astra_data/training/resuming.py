"""Going on from a checkpoint: the trainer's own state is read as numbers, and a file that holds more ends the run.

    resumed(trainer, checkpoint)            # null begins at the beginning

The trainer reads weights as safetensors, and optimizer, scheduler and random state by a reader that builds numbers and nothing
else. A state that FSDP has cut into shards is the exception: the folder of such a run has to be one's own.
"""

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Final

from astra_data.errors import DataError

if TYPE_CHECKING:
    from transformers import Trainer

PICKLED: Final = ("pytorch_model.bin", "pytorch_model.bin.index.json", "adapter_model.bin")
MEND: Final = "remove the checkpoints to begin again"


def resumed(trainer: "Trainer", checkpoint: str | None) -> None:
    """Train to the end. Raises `DataError` for a checkpoint that no run of ours has written."""
    if checkpoint is not None:
        held = [name for name in PICKLED if (Path(checkpoint) / name).exists()]
        if held:
            raise DataError(f"{Path(checkpoint).name} has weights as a pickle, {held[0]}", mend=MEND)
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    except pickle.UnpicklingError as error:
        raise DataError(f"{Path(checkpoint or '').name} holds something else than numbers", mend=MEND) from error
