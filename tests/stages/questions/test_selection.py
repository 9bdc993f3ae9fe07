"""Decisions over the whole set: a quantile of each source, repeated questions, benchmarks."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_stages import resources

from astra_data.stages.questions.config import QuestionsConfig
from astra_data.stages.questions.selection import select

NOBODY: Any = None
TEXTS = ["How deep is the sea?", "Who painted the mill by the lake?", "When does the last ferry leave for the island?"]


def kept(rows: list[tuple[str, float | None, str]], folder: Path = Path(), **config: Any) -> dict[str, str | None]:
    """Reason by id of rows (source, quality, question) that are called a, b, c ..."""
    frame = pl.DataFrame(rows, schema={"source": pl.String, "quality": pl.Float64, "question": pl.String}, orient="row")
    frame = frame.with_columns(id=pl.Series([chr(ord("a") + index) for index in range(len(rows))]))
    decided = select(frame.lazy(), QuestionsConfig.model_validate(config), resources(NOBODY, folder=folder)).collect()
    assert decided["keep"].to_list() == [reason is None for reason in decided["reason"]]
    return dict(decided.select("id", "reason").iter_rows())


def distinct(*qualities: float | None, source: str = "given") -> list[tuple[str, float | None, str]]:
    return [(source, quality, f"{' '.join([word] * 3)}?") for quality, word in zip(qualities, "abcdefghijklm", strict=False)]


def test_a_quantile_keeps_the_best_of_each_source() -> None:
    rows = [*distinct(0.5, 0.9, 0.7, 1.0), *distinct(0.1, 0.2, 0.3, source="domains")]
    lost = kept(rows, verify={"threshold": {"quantile": 0.5}}, near_duplicate=None)
    assert [name for name, reason in lost.items() if reason] == ["a", "e"]
    assert lost["a"] == "question: quality below 0.7 - quantile 0.5 of its source"


def test_equal_qualities_all_stay_at_any_quantile() -> None:
    """A percentile of scores that are all the best refuses nothing [A 17.2, E13]."""
    assert set(kept(distinct(1.0, 1.0, 1.0, 1.0), verify={"threshold": {"quantile": 0.9}}).values()) == {None}


def test_a_question_without_a_quality_is_below_no_quantile() -> None:
    assert kept(distinct(None, 0.5, 1.0), verify={"threshold": {"quantile": 1.0}})["a"] is None


def test_of_questions_that_are_nearly_the_same_the_first_stays() -> None:
    rows: Any = [("given", 1.0, TEXTS[0]), ("worlds", 1.0, TEXTS[1]), ("given", 1.0, TEXTS[0].upper())]
    assert kept(rows) == {"a": None, "b": None, "c": "question: near duplicate of an earlier question"}
    assert set(kept(rows, near_duplicate=None).values()) == {None}


def test_a_question_of_a_benchmark_goes(tmp_path: Path) -> None:
    (tmp_path / "bench.jsonl").write_text(json.dumps({"id": 7, "question": TEXTS[1]}))
    rows: Any = [("given", 1.0, text) for text in TEXTS]
    lost = kept(rows, tmp_path, decontaminate={"against": ["bench.jsonl"]})
    assert lost == {"a": None, "b": "question: overlaps a benchmark - bench.jsonl#7: the same few words", "c": None}


@pytest.mark.parametrize("threshold", [0.0, 0.85, 1])
def test_a_number_is_no_matter_of_the_whole_set(threshold: float) -> None:
    assert set(kept(distinct(0.1, 0.9), verify={"threshold": threshold}).values()) == {None}
