"""A batch is filled with groups that can teach something, each of them once, and padding changes nothing."""

from collections import Counter
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from trl.trainer.utils import RepeatSampler

from astra_data.training.filling import Batch, Filled, PromptStream, by_length, fill, informative, narrowed

GROUP = 3


def generated(rows: Sequence[int], teaches: Sequence[bool]) -> tuple[Batch, list[bool]]:
    """A batch in which every token of a group is the number of its row; the more there are, the longer."""
    repeated = torch.tensor(rows).repeat_interleave(GROUP)
    length = 1 + max(rows) % 5
    ids = repeated[:, None].expand(-1, length)
    batch = {
        "prompt_ids": ids, "prompt_mask": torch.ones_like(ids), "completion_ids": ids, "completion_mask": torch.ones_like(ids),
        "tool_mask": torch.ones_like(ids), "advantages": repeated * 1.0, "num_items_in_batch": ids.sum(),
    }
    return batch, list(teaches)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 6), st.integers(0, 4), st.data())
def test_a_batch_has_the_first_informative_groups_and_each_once(need: int, most: int, data: st.DataObject) -> None:
    stream, verdicts = PromptStream(1000, 3), dict[int, bool]()

    def generate(rows: Sequence[int]) -> tuple[Batch, list[bool]]:
        verdicts.update({row: data.draw(st.booleans()) for row in rows})
        return generated(rows, [verdicts[row] for row in rows])

    parts, report = fill(need, most, stream.draw, generate, lambda lacking: lacking, GROUP)
    good = [row for row, teaches in verdicts.items() if teaches]
    used = [int(part["prompt_ids"][0, 0]) for part in parts]
    silent = [row for part, row in zip(parts, used, strict=True) if not part["completion_mask"].any()]
    assert len(parts) == need and max(Counter(used).values()) == 1
    assert [row for row in used if row not in silent] == good[:need]
    assert report == Filled(need, len(verdicts), len(good), report.refills) and report.refills <= most
    assert len(verdicts) <= need * (report.refills + 1), "no round is larger than the batch"
    assert len(silent) == max(need - len(good), 0) and (not silent or report.refills == most)
    assert all(not part["advantages"].any() for part, row in zip(parts, used, strict=True) if row in silent)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), min_size=4, max_size=12).filter(lambda rows: len(rows) % 4 == 0))
def test_rows_of_like_length_come_together_and_none_is_lost(lengths: list[tuple[int, int]]) -> None:
    number = torch.arange(len(lengths))
    prompt = torch.tensor([[0] * (9 - length) + [1] * length for length, _ in lengths])
    completion = torch.tensor([[1] * length + [0] * (9 - length) for _, length in lengths])
    half = len(lengths) // 2
    whole = {"prompt_ids": prompt * number[:, None], "prompt_mask": prompt, "completion_ids": completion * number[:, None],
             "completion_mask": completion, "advantages": number}
    parts = by_length([{name: value[rows] for name, value in whole.items()} | {"num_items_in_batch": torch.tensor(7)}
                       for rows in (slice(half), slice(half, None))])
    order = torch.cat([part["advantages"] for part in parts]).tolist()
    assert sorted(order) == number.tolist() and [sum(lengths[row]) for row in order] == sorted(map(sum, lengths))
    for part in map(narrowed, parts):
        rows = part["advantages"].tolist()
        assert len(rows) == half and part["num_items_in_batch"] == 7
        assert part["prompt_ids"].shape[1] == max(lengths[row][0] for row in rows)
        assert part["completion_ids"].shape[1] == max(1, *(lengths[row][1] for row in rows))
        assert part["prompt_ids"].sum(1).tolist() == [row * lengths[row][0] for row in rows]


def test_all_ranks_generate_as_often_as_the_one_that_lacks_most() -> None:
    """The other drops what it gets beyond its need."""
    asked: list[int] = []

    def generate(rows: Sequence[int]) -> tuple[Batch, list[bool]]:
        asked.append(len(rows))
        return generated(rows, [True] * len(rows))

    others = iter([2, 1, 0])
    parts, report = fill(3, 5, PromptStream(100, 0).draw, generate, lambda lacking: max(lacking, next(others)), GROUP)
    assert asked == [3, 2, 1] and len(parts) == 3 and report == Filled(3, 6, 6, 2) and report.share == 1.0


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(1, 3), st.lists(st.integers(1, 7), min_size=1, max_size=12), st.integers(0, 5))
def test_ranks_share_each_epoch_out_among_them(size: int, ranks: int, counts: list[int], cut: int) -> None:
    streams = [PromptStream(size, 7, rank, ranks) for rank in range(ranks)]
    drawn = [row for count in counts for stream in streams for row in stream.draw(count)]
    for epoch in range(len(drawn) // size):
        assert sorted(drawn[epoch * size : (epoch + 1) * size]) == list(range(size))
    before = PromptStream(size, 7, 0, ranks)
    for count in counts[:cut]:
        before.draw(count)
    resumed = PromptStream(size, 7, 0, ranks, position=before.position)
    assert [resumed.draw(count) for count in counts[cut:]] == [before.draw(count) for count in counts[cut:]]


def test_the_first_epoch_has_the_order_of_trl() -> None:
    sampler = RepeatSampler(range(12), mini_repeat_count=GROUP, batch_size=4, repeat_count=1, shuffle=True, seed=5)
    assert list(sampler)[::GROUP] == PromptStream(12, 5).draw(12)


@pytest.mark.parametrize(
    ("rewards", "teaches"),
    [
        ([0.0, 1.0, 0.0], True), ([0.4, 0.4, 0.4], False), ([0.1 + 0.2, 0.3, 0.3], False), ([0.0, 1.0, float("nan")], True),
        ([1.0, float("nan"), float("nan")], False), ([float("nan")] * 3, False), ([0.5, 0.5, float("nan")], False),
    ],
)
def test_a_group_teaches_if_rewards_that_were_given_differ(rewards: list[float], teaches: bool) -> None:
    assert informative(torch.tensor(rewards), GROUP, 1e-4) == [teaches]
