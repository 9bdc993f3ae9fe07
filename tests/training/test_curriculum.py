"""Short rows come first, then every row, some of them in other words; the order is that of the seed and as long as the run."""

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
from astra_data.training.curriculum import WINDOW, Epoch, arranged, renamed
from astra_data.training.data import IGNORED
from astra_data.training.run import Told
from astra_data.training.sections import Curriculum

KINDS = (range(100), range(100, 110))


def rows(count: int) -> Dataset:
    """Rows of 1, 2, 3... tokens, each with its own number as every token."""
    made = [{"input_ids": [index] * (index + 1), "labels": [index] * (index + 1)} for index in range(count)]
    return Dataset.from_list(made)


def windows(arranged_rows: Dataset, batch: int) -> list[list[Any]]:
    ids = arranged_rows["input_ids"][:]
    return [ids[start : start + WINDOW * batch] for start in range(0, len(ids), WINDOW * batch)]


def test_first_come_short_rows_then_all() -> None:
    short, every = windows(arranged(rows(40), Curriculum(short=10, longest=12), Epoch(20, 4), KINDS, seed=3), batch=4)
    assert max(len(ids) for ids in short) == 12
    assert sorted(ids[0] for ids in every) == list(range(40))


def test_a_share_of_the_rows_is_renamed_and_first_such_rows_are_trained_whole() -> None:
    half = rows(40).map(lambda row: {"labels": [IGNORED, *row["labels"][1:]]})
    made = arranged(half, Curriculum(renamed=0.5, drills=20), Epoch(40, 4), KINDS, seed=3)
    others = [row["input_ids"][0] != len(row["input_ids"]) - 1 for row in made]
    assert 60 < sum(others) < 100
    whole = [row["labels"][0] != IGNORED for row in made]
    assert whole[:80] == others[:80]
    assert not any(whole[80:])


def test_rows_of_like_length_share_a_batch() -> None:
    lengths = [len(ids) for ids in arranged(rows(40), Curriculum(), Epoch(10, 4), KINDS, seed=3)["input_ids"][:]]
    batches = [lengths[start : start + 4] for start in range(0, 40, 4)]
    assert all(max(batch) - min(batch) == 3 for batch in batches)


def test_the_seed_alone_gives_the_order() -> None:
    section = Curriculum(drills=5, short=7, longest=9)
    made = [arranged(rows(30), section, Epoch(12, 4), KINDS, seed)["input_ids"][:] for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert len(made[0]) == 48


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 120), min_size=1, max_size=60))
def test_in_a_renamed_row_tokens_are_of_their_kinds_and_equal_where_they_were(seed: int, ids: list[int]) -> None:
    labels = [IGNORED if place % 2 else token for place, token in enumerate(ids)]
    made = renamed(random.Random(seed), {"input_ids": ids, "labels": labels}, KINDS)
    pairs = set(zip(ids, made["input_ids"], strict=True))
    assert len(pairs) == len(set(ids)) == len(set(made["input_ids"]))
    assert all((old in kind) == (new in kind) for old, new in pairs for kind in KINDS)
    assert all(new == old for old, new in pairs if old >= 110)
    assert made["labels"] == [IGNORED if place % 2 else token for place, token in enumerate(made["input_ids"])]


def test_without_a_short_row_it_is_refused() -> None:
    with pytest.raises(UsageError, match="no row has 8 tokens or fewer"):
        arranged(rows(40).select(range(20, 40)), Curriculum(short=5, longest=8), Epoch(10, 4), KINDS, seed=0)


def test_a_run_takes_its_rows_in_that_order(recipe: Recipes, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []

    class Watched(SFTTrainer):
        def compute_loss(self, model: Any, inputs: Any, *args: Any, **options: Any) -> Any:
            taken.extend(ids[ids != self.processing_class.pad_token_id].tolist() for ids in inputs["input_ids"])
            return super().compute_loss(model, inputs, *args, **options)

    monkeypatch.setattr("trl.SFTTrainer", Watched)
    words = ("--data.curriculum.renamed", "1", "--data.curriculum.short", "4", "--data.curriculum.longest", "780")
    sft.train(recipe(*words), told)
    assert sum(len(ids) <= 780 for ids in taken) >= 8
    assert len({tuple(ids) for ids in taken}) == len(taken) == 12
