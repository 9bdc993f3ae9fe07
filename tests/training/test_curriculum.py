"""Copying and short rows come first, then every row; the order is that of the seed and as long as the run."""

import random
from typing import Any

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from training.conftest import Recipes  # type: ignore[import-not-found]
from trl import SFTTrainer

from astra_data.errors import UsageError
from astra_data.training import sft
from astra_data.training.curriculum import WINDOW, Epoch, arranged, drill
from astra_data.training.data import IGNORED
from astra_data.training.run import Told
from astra_data.training.sections import Curriculum

DRAWN = range(1000, 3000)


def rows(count: int) -> Dataset:
    """Rows of 1, 2, 3... tokens, each with its own number as every token."""
    made = [{"input_ids": [index] * (index + 1), "labels": [index] * (index + 1)} for index in range(count)]
    return Dataset.from_list(made)


def windows(arranged_rows: Dataset, batch: int) -> list[list[Any]]:
    ids = arranged_rows["input_ids"][:]
    return [ids[start : start + WINDOW * batch] for start in range(0, len(ids), WINDOW * batch)]


def test_first_half_the_rows_are_drills_then_only_short_rows_then_all() -> None:
    section = Curriculum(drills=10, short=20, longest=12)
    drilled, short, every = windows(arranged(rows(40), section, Epoch(30, 4), DRAWN, seed=3), batch=4)
    assert sum(ids[-1] >= DRAWN[0] for ids in drilled) == len(drilled) // 2
    assert max(len(ids) for ids in short) == 12
    assert sorted(ids[0] for ids in every) == list(range(40))


def test_rows_of_like_length_share_a_batch() -> None:
    lengths = [len(ids) for ids in arranged(rows(40), Curriculum(), Epoch(10, 4), DRAWN, seed=3)["input_ids"][:]]
    batches = [lengths[start : start + 4] for start in range(0, 40, 4)]
    assert all(max(batch) - min(batch) == 3 for batch in batches)


def test_the_seed_alone_gives_the_order() -> None:
    section = Curriculum(drills=5, short=7, longest=9)
    made = [arranged(rows(30), section, Epoch(12, 4), DRAWN, seed)["input_ids"][:] for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert len(made[0]) == 48


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.integers(4, 2000))
def test_what_a_drill_trains_stood_before_in_the_same_order(seed: int, count: int) -> None:
    made = drill(random.Random(seed), DRAWN[:count])
    ids, labels = made["input_ids"], made["labels"]
    trained = [place for place, label in enumerate(labels) if label != IGNORED]
    assert trained
    for place in trained:
        assert ids[place] == labels[place]
        assert any(ids[before - 1 : before + 1] == ids[place - 1 : place + 1] for before in range(1, place - 1))


def test_without_a_short_row_it_is_refused() -> None:
    with pytest.raises(UsageError, match="no row has 8 tokens or fewer"):
        arranged(rows(40).select(range(20, 40)), Curriculum(short=5, longest=8), Epoch(10, 4), DRAWN, seed=0)


def test_a_run_takes_its_rows_in_that_order(recipe: Recipes, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []

    class Watched(SFTTrainer):
        def compute_loss(self, model: Any, inputs: Any, *args: Any, **options: Any) -> Any:
            taken.extend(ids[ids != self.processing_class.pad_token_id].tolist() for ids in inputs["input_ids"])
            return super().compute_loss(model, inputs, *args, **options)

    monkeypatch.setattr("trl.SFTTrainer", Watched)
    sft.train(recipe("--data.curriculum.drills", "2", "--data.curriculum.short", "4", "--data.curriculum.longest", "900"), told)
    assert len(taken) == 12
    assert sum(len(ids) < 100 for ids in taken) == 2
