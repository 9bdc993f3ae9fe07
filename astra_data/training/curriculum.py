"""The order in which a small model meets its rows: short rows first, and some in other words.

    section = Curriculum(renamed=0.5, drills=300, short=600, longest=150)
    arranged(tokens, section, Epoch(steps=1350, batch=8), kinds_of(tokenizer), seed=0)     # 1350 * 8 rows, as they are trained

A model with random weights calls no tool before it can copy a name or a number from the conversation, and the rows themselves
teach that slowly, since most of what they repeat can be learnt by heart. In a renamed row every word and every digit is another
one, the same wherever it stands: what the assistant says there can be known only from what stands before. While it drills, the
model is trained on all that such a row says, for its prompt repeats itself as well.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astra_data.errors import UsageError
from astra_data.training.sections import Curriculum

if TYPE_CHECKING:
    from datasets import Dataset

KINDS = ("[a-z]+", "[A-Z]+", "[0-9]+")
"""Tokens of one of these may stand for one another."""
WINDOW = 10
"""Batches within which rows of like length come together."""
Tokens = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What a run consumes: `steps` of `batch` rows."""

    steps: int
    batch: int


def arranged(tokens: "Dataset", section: Curriculum, epoch: Epoch, kinds: Sequence[Sequence[int]], seed: int) -> "Dataset":
    """Rows `input_ids` and `labels`, as many as the run takes, in its order; tokens of one of `kinds` are renamed to each other.

    The same arguments give the same rows. Raises `UsageError` where no row is short enough for the beginning.
    """
    from datasets import Dataset, concatenate_datasets

    rng = random.Random(f"{seed}/curriculum")
    lengths = [len(ids) for ids in tokens["input_ids"]]
    short = [index for index, length in enumerate(lengths) if length <= section.longest]
    if section.short and not short:
        mend = f"raise it: the shortest row has {min(lengths)}"
        raise UsageError(f"no row has {section.longest} tokens or fewer, as data.curriculum.longest says", mend=mend)
    order = list(_order(section, epoch, short, lengths, rng))
    places = [place for place in range(len(order)) if rng.random() < section.renamed]
    others = [renamed(rng, tokens[order[place]], kinds, place < section.drills * epoch.batch) for place in places]
    for index, place in enumerate(places, len(tokens)):
        order[place] = index
    every = concatenate_datasets([tokens, Dataset.from_list(others, features=tokens.features)]) if others else tokens
    return every.select(order)


def renamed(rng: random.Random, row: Tokens, kinds: Sequence[Sequence[int]], whole: bool = False) -> Tokens:
    """A row with other tokens of the same kind, two different ones never the same; `whole`: all of it is trained."""
    here, other = set(row["input_ids"]), dict[int, int]()
    for kind in kinds:
        present = [token for token in kind if token in here]
        other.update(zip(present, rng.sample(kind, len(present)), strict=True))
    ids, labels = ([other.get(token, token) for token in row[name]] for name in ("input_ids", "labels"))
    return {"input_ids": ids, "labels": list(ids) if whole else labels}


def kinds_of(tokenizer: Any) -> list[list[int]]:
    """The tokens that are words or parts of them, in small letters and in capitals, and those that are numbers."""
    texts = {token: tokenizer.decode([token]) for token in range(len(tokenizer))}
    return [[token for token, text in texts.items() if re.fullmatch(kind, text)] for kind in KINDS]


def _order(section: Curriculum, epoch: Epoch, short: Sequence[int], lengths: Sequence[int], rng: random.Random) -> Iterator[int]:
    """Indices of rows. Those of a window are sorted into batches by length, to pad little."""
    brief, every = _endless(short, rng), _endless(range(len(lengths)), rng)
    for begin in range(0, epoch.steps, WINDOW):
        window: list[int] = []
        for step in range(begin, min(begin + WINDOW, epoch.steps)):
            window += [next(brief if step < section.short else every) for _ in range(epoch.batch)]
        window.sort(key=lambda index: lengths[index])
        batches = [window[start : start + epoch.batch] for start in range(0, len(window), epoch.batch)]
        rng.shuffle(batches)
        yield from (index for batch in batches for index in batch)


def _endless(indices: Sequence[int], rng: random.Random) -> Iterator[int]:
    """Every index once, in random order, and so on."""
    while indices:
        yield from rng.sample(indices, len(indices))
