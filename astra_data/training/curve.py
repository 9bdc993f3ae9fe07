"""Writes the curve of a run while it is trained, and says it to the person who waits.

    trainer.add_callback(CurveWriter(run.curve, plain_console(err=True)))       # step 10 of 3432  loss 1.731  ...
"""

from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

QUIET = frozenset({"epoch", "total_flos"})
DROPPED = frozenset({"num_tokens", "eval_num_tokens"})
"""TRL counts it anew in each process, so a run that was stopped would have other numbers."""


class CurveWriter(TrainerCallback):
    """Appends what the trainer logs to `metrics.jsonl`; in a run of several processes the first does."""

    def __init__(self, file: Path, console: Console) -> None:
        self.file, self.console = file, console

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: dict[str, Any] | None = None,
               **kwargs: Any) -> None:
        """Write one line."""
        if not state.is_world_process_zero or not logs:
            return
        logs = {name: value for name, value in logs.items() if name not in DROPPED}
        line = orjson.dumps({"step": state.global_step, **logs}, option=orjson.OPT_SERIALIZE_NUMPY)
        with self.file.open("ab") as file:
            file.write(line + b"\n")
        shown = "  ".join(f"{name} {value:.4g}" for name, value in logs.items() if isinstance(value, float) and name not in QUIET)
        said = f"step {state.global_step} of {state.max_steps}  {shown}"
        self.console.print(said, highlight=False, soft_wrap=True, markup=False)
