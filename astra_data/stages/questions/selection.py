"""Decisions over all questions of a run: a threshold that is a quantile, questions that come twice, and benchmarks.

    select(candidates, QuestionsConfig(), resources)      # (id, keep, reason)
"""

from typing import TYPE_CHECKING

from astra_data.pipeline.stage import Resources
from astra_data.stages.decontamination import contaminated
from astra_data.stages.questions.config import Quantile, QuestionsConfig

if TYPE_CHECKING:
    import polars as pl

NEAR = "question: near duplicate of an earlier question"


def select(candidates: "pl.LazyFrame", config: QuestionsConfig, resources: Resources) -> "pl.LazyFrame":
    """Of each source the questions at or above the quantile stay; of those that are nearly the same, the first."""
    import polars as pl

    frame = candidates.select("id", "source", "quality", "question").collect()
    lost = _below(frame, config.verify.threshold)
    told = frame.select("id", text="question").with_columns(target_tools=pl.lit([], dtype=pl.List(pl.String)))
    lost = contaminated(told, config.decontaminate, resources, "question") | lost
    left = frame.filter(~pl.col("id").is_in(list(lost)))
    lost |= _repeated(left, config.near_duplicate)
    reason = pl.col("id").replace_strict(lost, default=None, return_dtype=pl.String)
    return frame.lazy().select("id", reason=reason).with_columns(keep=pl.col("reason").is_null())


def _below(frame: "pl.DataFrame", threshold: float | Quantile) -> dict[str, str]:
    """Reason by id of the questions below the quantile of their source."""
    import polars as pl

    if not isinstance(threshold, Quantile):
        return {}
    least = pl.col("quality").quantile(threshold.quantile, "lower").over("source")
    below = frame.with_columns(least=least).filter(pl.col("quality") < pl.col("least"))
    return {name: f"question: quality below {least:.4g} - quantile {threshold.quantile:g} of its source"
            for name, least in below.select("id", "least").iter_rows()}


def _repeated(frame: "pl.DataFrame", threshold: float | None) -> dict[str, str]:
    from astra_data.text.similarity import near_duplicates

    if threshold is None:
        return {}
    repeats = near_duplicates(frame["question"], threshold)
    return {name: NEAR for name, earlier in zip(frame["id"], repeats, strict=True) if earlier is not None}
