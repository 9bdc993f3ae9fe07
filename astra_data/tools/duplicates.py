"""Servers that offer what an earlier one does, by the names of their tools [A 20.1].

    >>> near_duplicate_servers([{"add", "divide"}, {"draw"}, {"divide", "add"}])
    [None, None, 0]

Every server is compared exactly with those before it that were kept. Two sets can only be similar if they share one of their
rarest names, so the rarest are all that is looked up: a name that every server has costs nothing.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from astra_data.text.ngrams import jaccard

LEAST_SIMILARITY = 0.9
"""Jaccard similarity of two servers' tool names from which on they are one [A 20.1]."""


def near_duplicate_servers(names: Sequence[Collection[str]], threshold: float = LEAST_SIMILARITY) -> list[int | None]:
    """For each set of names the index of the first kept set that is at least this similar to it, or None. Case is no matter."""
    sets = [frozenset(name.casefold() for name in given) for given in names]
    having = Counter(name for own in sets for name in own)
    kept: defaultdict[str, list[int]] = defaultdict(list)
    found: list[int | None] = []
    for index, own in enumerate(sets):
        telling = sorted(own, key=lambda name: (having[name], name))[: _telling(len(own), threshold)]
        likely = sorted({other for name in telling for other in kept.get(name, ())})
        found.append(next((other for other in likely if jaccard(own, sets[other]) >= threshold), None))
        if found[-1] is None:
            for name in telling:
                kept[name].append(index)
    return found


def _telling(size: int, threshold: float) -> int:
    """How many of its rarest names a set of this size must be looked up by: a similar one lacks too few to miss them all."""
    return size - math.ceil(threshold * size - 1e-9) + 1
