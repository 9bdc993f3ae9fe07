"""The curve of a run: `metrics.jsonl`, one line for each time the trainer logs (`curve.py` writes it).

    {"step": 10, "loss": 1.73, "learning_rate": 5e-06, ...}

Lines behind the checkpoint that a run resumes from are removed, so that the file reads as if the run had never been stopped.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

Line = dict[str, Any]
HIDDEN = re.compile(r"epoch|total_flos|learning_rate|grad_norm|(eval_)?(entropy|runtime)|train_runtime|.*_per_second")
"""Metrics that say nothing of a finished model."""


def read(file: Path) -> list[Line]:
    """The lines so far, without one that a killed process left half written."""
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    return [orjson.loads(line) for line in lines if line.endswith(b"\n")]


def cut(file: Path, step: int) -> None:
    """Keep the lines up to a step."""
    kept = [orjson.dumps(line) + b"\n" for line in read(file) if line["step"] <= step]
    file.write_bytes(b"".join(kept))


def summary(lines: list[Line]) -> dict[str, float]:
    """The last value of every number that was logged, and the first and last loss."""
    last = {name: float(value) for line in lines for name, value in line.items() if isinstance(value, (int, float))}
    losses = [float(line["loss"]) for line in lines if "loss" in line]
    ends = {"first_loss": losses[0], "last_loss": losses[-1]} if losses else {}
    return {name: value for name, value in last.items() if name != "loss"} | ends


def telling(values: Mapping[str, float]) -> dict[str, float]:
    """Those of a summary that say something of the model."""
    return {name: value for name, value in values.items() if not HIDDEN.fullmatch(name)}
