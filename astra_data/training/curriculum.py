"""The order in which a small model meets its rows: copying and short rows first, then all of them.

    section = Curriculum(drills=120, short=320, longest=150)
    arranged(tokens, section, Epoch(steps=750, batch=16), drawn=range(3, 2000), seed=0)     # 750 * 16 rows, as they are trained

A model with random weights calls no tool before it can copy a name or a number from the conversation, and the rows themselves
teach that slowly, since most of what they repeat can be learnt by heart. A drill is a stretch of random tokens and parts of it
again: nothing in it can be known but what stands before. Only what is repeated is trained.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astra_data.errors import UsageError
from astra_data.training.data import IGNORED
from astra_data.training.sections import Curriculum

if TYPE_CHECKING:
    from datasets import Dataset

STRETCH = (6, 20)
"""Fewest and most tokens that a drill repeats parts of."""
REPEATS = 3
ALPHABETS = (40, 200)
"""A drill takes its tokens from so many neighbours, or from all: with few, more than one token before tells which comes next."""
WINDOW = 10
"""Batches within which rows of like length come together."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """What a run consumes: `steps` of `batch` rows."""

    steps: int
    batch: int


def arranged(tokens: "Dataset", section: Curriculum, epoch: Epoch, drawn: Sequence[int], seed: int) -> "Dataset":
    """Rows `input_ids` and `labels`, as many as the run takes, in its order; `drawn` are the tokens that drills are made of.

    The same arguments give the same rows. Raises `UsageError` where no row is short enough for the beginning.
    """
    from datasets import Dataset, concatenate_datasets

    rng = random.Random(f"{seed}/curriculum")
    lengths = [len(ids) for ids in tokens["input_ids"]]
    short = [index for index, length in enumerate(lengths) if length <= section.longest]
    if section.short and not short:
        mend = f"raise it: the shortest row has {min(lengths)}"
        raise UsageError(f"no row has {section.longest} tokens or fewer, as data.curriculum.longest says", mend=mend)
    drills = [drill(rng, drawn) for _ in range(section.drills * epoch.batch // 2)]
    lengths += [len(row["input_ids"]) for row in drills]
    order = list(_order(section, epoch, short, len(tokens), lengths, rng))
    both = concatenate_datasets([tokens, Dataset.from_list(drills, features=tokens.features)]) if drills else tokens
    return both.select(order)


def drill(rng: random.Random, drawn: Sequence[int]) -> dict[str, list[int]]:
    """A stretch of tokens, then parts of it, each after a random token; trained are the parts without their first token."""
    width = min(rng.choice((*ALPHABETS, len(drawn))), len(drawn))
    first = rng.randrange(len(drawn) - width + 1)
    stretch = [drawn[first + rng.randrange(width)] for _ in range(rng.randint(*STRETCH))]
    ids, labels = list(stretch), [IGNORED] * len(stretch)
    for _ in range(REPEATS):
        start = rng.randrange(len(stretch) - 3)
        part = stretch[start : rng.randint(start + 3, len(stretch))]
        ids += [rng.choice(drawn), *part]
        labels += [IGNORED, IGNORED, *part[1:]]
    return {"input_ids": ids, "labels": labels}


def _order(section: Curriculum, epoch: Epoch, short: Sequence[int], rows: int, lengths: Sequence[int],
           rng: random.Random) -> Iterator[int]:
    """Indices of rows; those from `rows` on are drills. Rows of a window are sorted into batches by length, to pad little."""
    brief, every, drills = _endless(short, rng), _endless(range(rows), rng), iter(range(rows, len(lengths)))
    for begin in range(0, epoch.steps, WINDOW):
        window: list[int] = []
        for step in range(begin, min(begin + WINDOW, epoch.steps)):
            drilled = epoch.batch // 2 if step < section.drills else 0
            window += [next(drills) for _ in range(drilled)]
            window += [next(brief if step < section.short else every) for _ in range(epoch.batch - drilled)]
        window.sort(key=lambda index: lengths[index])
        batches = [window[start : start + epoch.batch] for start in range(0, len(window), epoch.batch)]
        rng.shuffle(batches)
        yield from (index for batch in batches for index in batch)


def _endless(indices: Sequence[int], rng: random.Random) -> Iterator[int]:
    """Every index once, in random order, and so on."""
    while indices:
        yield from rng.sample(indices, len(indices))


def words_of(tokenizer: Any) -> list[int]:
    """The tokens that drills are made of: all but the special ones."""
    special = set(tokenizer.all_special_ids)
    return [token for token in range(len(tokenizer)) if token not in special]
