"""Decisions over all tasks of a run: which texts come twice, and which tasks lose what they were made from.

    select(candidates, TasksConfig(), resources)      # (id, keep, reason)
"""

from typing import TYPE_CHECKING

from astra_data.pipeline.stage import Resources
from astra_data.stages.decontamination import contaminated
from astra_data.stages.tasks.config import TasksConfig

if TYPE_CHECKING:
    import polars as pl

NEAR = "task: near duplicate of an earlier task"
ORPHAN = "task: made from a task that was not kept"


def select(candidates: "pl.LazyFrame", config: TasksConfig, resources: Resources) -> "pl.LazyFrame":
    """Of tasks whose texts are nearly the same the first stays [A 20.5]; what was made from a task goes with it."""
    import polars as pl

    from astra_data.text.similarity import near_duplicates

    frame = candidates.select("id", "parent_id", "sub_tasks", "text", "target_tools").collect()
    repeats = near_duplicates(frame["text"], config.near_duplicate)
    lost = contaminated(frame, config.decontaminate, resources)
    for (name, parent, sub_tasks, *_), earlier in zip(frame.iter_rows(), repeats, strict=True):
        if name in lost:
            continue
        if earlier is not None:
            lost[name] = NEAR
        elif not lost.keys().isdisjoint([parent, *sub_tasks]):
            lost[name] = ORPHAN
    reason = pl.col("id").replace_strict(lost, default=None, return_dtype=pl.String)
    return frame.lazy().select("id", reason=reason).with_columns(keep=pl.col("reason").is_null())
