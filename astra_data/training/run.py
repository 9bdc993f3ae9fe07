"""The folder of a training run, and going on where the last process stopped.

    runs/mine/
      run.json          what the run was begun with: recipe, pinned datasets, versions
      metrics.jsonl     the curve
      checkpoints/      the newest resumable state
      snapshots/        weights at intervals
      model/            the finished model with tokenizer, card and lineage.json

Running again with the same recipe resumes from the checkpoint, or finds the model finished. A folder holds one run: another
recipe, another version of the data, or another model to begin with, is refused.
"""

import contextlib
import dataclasses
import fcntl
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console

from astra_data.console import plain_console
from astra_data.errors import UsageError
from astra_data.hub import lineage
from astra_data.hub.disk import guarded, write_synced
from astra_data.training import card, metrics
from astra_data.training.recipe import SftRecipe
from astra_data.training.record import FILE, ModelRecord, dump

if TYPE_CHECKING:
    from transformers import Trainer

PACKAGES = ("accelerate", "peft", "torch", "transformers", "trl")
RECORD = "run.json"
SAME = ("stage", "recipe", "inputs", "base")
"""What of `run.json` may not change between two processes of one run."""


@dataclass(frozen=True, slots=True)
class Told:
    """Options of the command. `command` is how a card says the run is made again; `processes` is what a dry run assumes."""

    store: Path
    command: str
    push: str | None = None
    private: bool = False
    processes: int = 1
    console: Console = dataclasses.field(default_factory=lambda: plain_console(err=True))


@dataclass(frozen=True, slots=True)
class Run:
    """A folder with one run in it. Of several processes only the one that is `main` writes."""

    folder: Path
    record: ModelRecord
    main: bool

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def snapshots(self) -> Path:
        return self.folder / "snapshots"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def curve(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def finished(self) -> bool:
        return (self.model / FILE).exists()

    def require_same(self) -> None:
        """Raise `UsageError` where the folder has progress of a run with another recipe, other data or another base."""
        file = self.folder / RECORD
        if not file.exists() or not (self.finished or self._newest()):
            return
        before, now = lineage.read_json(file), orjson.loads(dump(self.record))
        for part in SAME:
            if before.get(part) != now[part]:
                changed = _first_difference(before.get(part), now[part], part)
                mend = "choose another output, or remove the folder to begin again"
                raise UsageError(f"{self.folder} holds a run with another {changed}", mend=mend)

    @contextlib.contextmanager
    def begun(self) -> Iterator[str | None]:
        """Hold the folder while training. Gives the checkpoint to go on from, None at the beginning.

        What a killed process left half written, or logged after that checkpoint, goes. Raises `UsageError` where another process
        trains in the folder.
        """
        newest = self._newest()
        if not self.main:
            yield newest
            return
        with guarded(self.folder):
            self.checkpoints.mkdir(parents=True, exist_ok=True)
        with _held(self.folder):
            for folder in self.checkpoints.glob("checkpoint-*"):
                if str(folder) != newest:
                    shutil.rmtree(folder)
            if newest is None:
                write_synced(self.folder / f"{RECORD}.tmp", dump(self.record))
                (self.folder / f"{RECORD}.tmp").replace(self.folder / RECORD)
            metrics.cut(self.curve, 0 if newest is None else step_of(Path(newest)))
            yield newest

    def _newest(self) -> str | None:
        """The newest whole checkpoint."""
        whole = [folder for folder in self.checkpoints.glob("checkpoint-*") if _whole(folder)]
        return str(max(whole, key=step_of)) if whole else None

    def attach(self, trainer: "Trainer", recipe: SftRecipe, console: Console) -> None:
        """Give a trainer what writes curve and snapshots, and lines for people in the place of its own output."""
        from transformers import PrinterCallback, ProgressCallback

        from astra_data.training.curve import CurveWriter
        from astra_data.training.model import save_weights
        from astra_data.training.snapshots import WeightSnapshots

        for noisy in (PrinterCallback, ProgressCallback):
            trainer.remove_callback(noisy)
        trainer.add_callback(CurveWriter(self.curve, console))
        trainer.add_callback(WeightSnapshots(self.snapshots, recipe.snapshots, lambda folder: save_weights(trainer, folder)))

    def finish(self, trainer: "Trainer", data: dict[str, Any]) -> None:
        """Write the model with card and record, whole or not at all. Every process calls this, and leaves when it is there."""
        from astra_data.training.model import save_model
        from astra_data.training.snapshots import write_whole

        config = trainer.accelerator.unwrap_model(trainer.model).config
        commit = getattr(config, "_commit_hash", None)
        done = dataclasses.replace(self.record, data=data, metrics=metrics.summary(metrics.read(self.curve)), commit=commit)

        def save(folder: str) -> None:
            save_model(trainer, folder)
            if self.main:
                (Path(folder) / FILE).write_bytes(dump(done))
                (Path(folder) / "README.md").write_text(card.render(orjson.loads(dump(done))), encoding="utf-8")

        write_whole(self.model, save, main=self.main)
        trainer.accelerator.wait_for_everyone()


def require_packages() -> None:
    """Raise `UsageError` where the extra `train` is not installed."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"training needs {', '.join(missing)}", mend='pip install "astra-data[train]"')


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep other processes from training into the folder. Raises `UsageError` where one does."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UsageError(f"another process trains in {folder.name}", mend="wait for it, or choose another output") from None
    finally:
        os.close(handle)


def _first_difference(before: Any, now: Any, where: str) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            if before.get(key) != now.get(key):
                return _first_difference(before.get(key), now.get(key), f"{where}.{key}")
    return where.removeprefix("recipe.")


def _whole(checkpoint: Path) -> bool:
    """Whether the trainer finished writing it: its state comes last."""
    try:
        orjson.loads((checkpoint / "trainer_state.json").read_bytes())
    except (OSError, ValueError):
        return False
    return True


def step_of(checkpoint: Path) -> int:
    """The step that a checkpoint was written after."""
    return int(checkpoint.name.rpartition("-")[2])
