"""Adaptive batch filling [A 15.4]: more rollouts, until every group of a batch can teach something.

A group is a prompt with its G rollouts. It is informative if the rewards of its rollouts differ; from one where they do not, no
policy gradient comes. `fill` generates groups, keeps the informative ones, and generates as many again as it takes to find those
that are missing, a bounded number of times.

    stream = PromptStream(size=1000, seed=7)
    parts, report = fill(need=16, most=8, draw=stream.draw, generate=generate, missing=max_over_ranks)

* Prompts come from one stream, each once per epoch of it; so no group is used twice, and no prompt is met again before all were.
* What a round gives beyond the need is dropped: kept for the next step it would be a step off-policy.
* Where `most` rounds more were not enough, the places left are taken by uninformative groups that are masked out whole: they
  count neither in the loss nor in its normaliser, so the step is one of the informative groups alone, and smaller.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor

Batch = dict[str, Any]
"""What the trainer generates: tensors whose first dimension counts rollouts, and a few values for the whole."""
Generate = Callable[[Sequence[int]], tuple[Batch, list[bool]]]
"""The rollouts of some rows, group by group, and which groups are informative."""

LEFT: Final = ("prompt_ids", "prompt_mask")
"""Tensors by token of the prompt, padded on the left."""
RIGHT: Final[Mapping[str, float]] = {
    "completion_ids": 0, "completion_mask": 0, "tool_mask": 1, "old_per_token_logps": 0.0, "ref_per_token_logps": 0.0,
    "sampling_per_token_logps": 0.0, "importance_sampling_ratio": 1.0,
}
"""Tensors by token of the completion, padded on the right, with what they are padded with; ids with the tokenizer's padding."""


@dataclass(slots=True)
class PromptStream:
    """The rows of a dataset in a new order each epoch, shared out among ranks. `position` counts rows of all ranks; it is all
    that must be kept to go on from here. The first epoch has the order of TRL's sampler with the same seed."""

    size: int
    seed: int
    rank: int = 0
    ranks: int = 1
    position: int = 0
    _orders: list[list[int]] = field(default_factory=list)

    def draw(self, count: int) -> list[int]:
        """The next `count` rows of this rank; every rank must draw as many."""
        first = self.position + self.rank * count
        self.position += self.ranks * count
        return [self._row(place) for place in range(first, first + count)]

    def _row(self, place: int) -> int:
        epoch, within = divmod(place, self.size)
        if epoch >= len(self._orders):
            shuffling = torch.Generator().manual_seed(self.seed)
            self._orders = [torch.randperm(self.size, generator=shuffling).tolist() for _ in range(epoch + 1)]
        return self._orders[epoch][within]


@dataclass(frozen=True, slots=True)
class Filled:
    """How a batch came about: groups that were needed, generated, informative, and rounds of generation beyond the first."""

    need: int
    generated: int
    informative: int
    refills: int

    @property
    def share(self) -> float:
        """Of the batch, how much is informative."""
        return min(self.informative, self.need) / self.need


def fill(need: int, most: int, draw: Callable[[int], Sequence[int]], generate: Generate, missing: Callable[[int], int],
         group: int) -> tuple[list[Batch], Filled]:
    """Parts that together are a batch of `need` groups of `group` rollouts, informative ones first.

    `missing` gives the most that any rank asks for, so that all ranks generate equally often.
    """
    informative: list[Batch] = []
    others: list[Batch] = []
    generated, rounds, wanted = 0, 0, need
    while True:
        batch, teaches = generate(draw(wanted))
        generated += len(teaches)
        rounds += 1
        informative += [rows_of(batch, number, group) for number, good in enumerate(teaches) if good]
        others += [rows_of(batch, number, group) for number, good in enumerate(teaches) if not good]
        wanted = missing(_to_ask(need, len(informative), generated))
        if not wanted or rounds > most:
            break
    report = Filled(need, generated, len(informative), rounds - 1)
    return [*informative[:need], *map(silenced, others[: max(need - len(informative), 0)])], report


def _to_ask(need: int, have: int, generated: int) -> int:
    """How many groups to generate for those that lack: as many as it takes at the share of informative ones so far (by the rule
    of succession), never more than the batch has."""
    return min(math.ceil((need - have) * (generated + 2) / (have + 1)), need) if have < need else 0


def informative(rewards: Tensor, group: int, least: float) -> list[bool]:
    """Which groups have rewards whose standard deviation is above `least`. A reward that is not a number was not given, and is
    left out; with fewer than two there is nothing to compare."""
    found = []
    for row in rewards.view(-1, group):
        given = row[~row.isnan()]
        found.append(bool(len(given) > 1 and given.std() > least))
    return found


def rows_of(batch: Batch, number: int, group: int) -> Batch:
    """One group of a batch, without its values for the whole."""
    rows = slice(number * group, (number + 1) * group)
    return {name: value[rows] for name, value in batch.items() if torch.is_tensor(value) and value.dim() > 0}


def silenced(batch: Batch) -> Batch:
    """The rows as rows of no effect: no token of a completion counts."""
    return batch | {name: torch.zeros_like(batch[name]) for name in ("completion_mask", "advantages")}


def merged(parts: Sequence[Batch], pad_id: int) -> Batch:
    """The rows of all parts, as wide as the widest row that counts."""
    batch: Batch = {}
    for name in parts[0]:
        values = [part[name] for part in parts]
        if name in LEFT or name in RIGHT:
            width = max(value.shape[1] for value in values)
            value = pad_id if name in ("prompt_ids", "completion_ids") else RIGHT.get(name, 0)
            values = [_padded(one, width, value, left=name in LEFT) for one in values]
        batch[name] = torch.cat(values)
    return narrowed(batch)


def _padded(rows: Tensor, width: int, value: float, *, left: bool) -> Tensor:
    room = width - rows.shape[1]
    return torch.nn.functional.pad(rows, (room, 0) if left else (0, room), value=value)


def by_length(parts: Sequence[Batch]) -> list[Batch]:
    """The same rows in as many parts of the same size, the shortest first: little of a part is padding."""
    rows = {name: torch.cat([part[name] for part in parts]) for name, value in parts[0].items() if value.dim() > 0}
    order = (rows["prompt_mask"].sum(1) + rows["completion_mask"].sum(1)).argsort(stable=True)
    return [part | {name: value[some] for name, value in rows.items()}
            for part, some in zip(parts, order.chunk(len(parts)), strict=True)]


def narrowed(batch: Batch) -> Batch:
    """Without columns that are padding in every row; one of the completion stays."""
    prompt = int(batch["prompt_mask"].sum(1).max())
    length = batch["completion_mask"].shape[1]
    last = (batch["completion_mask"] * torch.arange(1, length + 1, device=batch["completion_mask"].device)).max()
    kept = max(int(last), 1)
    cut = {name: value[:, -prompt:] for name, value in batch.items() if name in LEFT}
    cut |= {name: value[:, :kept] for name, value in batch.items() if name in RIGHT and value.shape[1] == length}
    return batch | cut


def counted_tokens(batch: Batch) -> Tensor:
    """How many tokens the loss is a mean over."""
    mask = batch["completion_mask"]
    return (mask * batch["tool_mask"] if "tool_mask" in batch else mask).sum()
