"""Which texts of many nearly repeat an earlier one.

    >>> near_duplicates(["Book a table for two.", "book a table for two", "Sell the table."], 0.8)
    [None, 0, None]

Texts are compared as sets of word pairs. rensa's MinHash and banding propose candidates, and their exact Jaccard similarity
decides, so that nothing is called a duplicate that is none. A text is compared with those before it that were kept; in a crowd
of texts that are much alike, with the first of them and with its equals.
"""

import hashlib
from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from astra_data.text.ngrams import jaccard, ngrams, tokens

if TYPE_CHECKING:
    import polars as pl

SHINGLE = 2
"""Words of a shingle. Texts that are shorter are one shingle."""

PERMUTATIONS = 64
MISSED = 1e-3
"""At most this share of the pairs that lie exactly on the threshold is missed; of closer pairs, far fewer."""

CROWD = 64
"""A text with so many candidates is compared with the first of them and with its equals only, and is no candidate itself: texts
of one template that are alike, but not alike enough, would otherwise cost time by the square of their number."""

SEED = 7
BATCH = 2_048
REMEMBERED = 16_384
"""Shingle sets of kept texts held in memory at once."""


def near_duplicates(texts: "Sequence[str] | pl.Series", threshold: float) -> list[int | None]:
    """For each text the index of the first kept text whose similarity to it is at least `threshold` (above 0, up to 1), or None.

    A text without any word repeats no other. The answer depends on nothing but the texts, their order and the threshold.
    """
    from rensa import RMinHash, RMinHashLSH

    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold lies above 0 and up to 1, not at {threshold}")
    rows = rows_per_band(threshold)
    bands = PERMUTATIONS // rows
    index = RMinHashLSH(threshold, rows * bands, bands)
    remembered = lru_cache(REMEMBERED)(lambda position: shingles(texts[position]))
    sizes = array("I")
    crowd: dict[bytes, int] = {}
    found: list[int | None] = []
    remaining = iter(texts)
    while batch := [shingles(text) for text in islice(remaining, BATCH)]:
        hashes = RMinHash.from_token_sets([sorted(one) for one in batch], rows * bands, SEED)
        for own, hashed in zip(batch, hashes, strict=True):
            sizes.append(len(own))
            near = sorted(index.query(hashed)) if own else []
            likely = (other for other in near[:CROWD] if _comparable(len(own), sizes[other], threshold))
            found.append(next((other for other in likely if jaccard(own, remembered(other)) >= threshold), None))
            if own and found[-1] is None:
                if len(near) < CROWD:
                    index.insert(len(found) - 1, hashed)
                else:
                    found[-1] = _equal_in(crowd, own, len(found) - 1)
    return found


def _equal_in(crowd: dict[bytes, int], own: frozenset[str], position: int) -> int | None:
    """The position of the equal of a crowded text, or None once it is remembered as the first of its kind."""
    first = crowd.setdefault(hashlib.blake2b("\n".join(sorted(own)).encode(), digest_size=16).digest(), position)
    return None if first == position else first


def shingles(text: str) -> frozenset[str]:
    """The runs of `SHINGLE` words of a text; the whole text if it has fewer words, nothing if it has none."""
    words = tokens(text)
    runs = ngrams(words, SHINGLE) or ({tuple(words)} if words else set())
    return frozenset(map(" ".join, runs))


def rows_per_band(threshold: float) -> int:
    """The most values per band, and so the fewest vain candidates, that miss at most `MISSED` of the pairs at `threshold`."""
    sound = (rows for rows in range(PERMUTATIONS, 1, -1) if missed(threshold, rows) <= MISSED)
    return next(sound, 1)


def missed(similarity: float, rows: int) -> float:
    """The probability that two texts of a similarity share no band of `rows` values."""
    share: float = (1 - similarity**rows) ** (PERMUTATIONS // rows)
    return share


def _comparable(one: int, other: int, threshold: float) -> bool:
    """Whether sets of these sizes can be as similar as `threshold`."""
    return min(one, other) >= threshold * max(one, other)
