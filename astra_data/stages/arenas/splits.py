"""Which side of a split each environment is on, such that no two sides share a key.

>>> sides([["world:1", "template:a"], ["world:2", "template:a"], ["world:3"]], {"test": 0.34}, seed=7)
['train', 'train', 'test']

Environments that share a key, or are linked by others that do, go to one side together: a group. Groups go, the largest first, to
the side that lacks most of its share; equal ones in an order drawn by seed.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

TRAIN = "train"
OPTIONAL = frozenset({"world", "template"})
"""Kinds of keys that a recipe may leave out; all others always count."""


def sides(keys: Sequence[Sequence[str]], shares: Mapping[str, float], seed: int) -> list[str]:
    """The side of each environment, by its keys. `shares` are those of the sides held out; the rest is for training."""
    wanted = {TRAIN: 1 - sum(shares.values()), **shares}
    lacking = {side: share * len(keys) for side, share in wanted.items()}
    found = [TRAIN] * len(keys)
    for group in sorted(groups(keys), key=lambda group: (-len(group), _drawn(seed, keys, group))):
        side = max(lacking, key=lambda side: lacking[side])
        lacking[side] -= len(group)
        for index in group:
            found[index] = side
    return found


def keys_of(own: Sequence[str], domain: str, apart: Sequence[str]) -> list[str]:
    """The keys that count of an environment in a domain: of worlds, templates and domains those of the kinds kept `apart`."""
    kept = [key for key in own if (kind := key.partition(":")[0]) not in OPTIONAL or kind in apart]
    return [*kept, f"domain:{domain}"] if "domain" in apart else kept


def groups(keys: Sequence[Sequence[str]]) -> list[list[int]]:
    """The connected components of environments by shared keys, as ascending indices. One without keys is a group of its own."""
    parents = list(range(len(keys)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    first: dict[str, int] = {}
    for index, own in enumerate(keys):
        for key in own:
            parents[root(index)] = root(first.setdefault(key, index))
    members = defaultdict(list)
    for index in range(len(keys)):
        members[root(index)].append(index)
    return list(members.values())


def _drawn(seed: int, keys: Sequence[Sequence[str]], group: Sequence[int]) -> str:
    """A number that the seed and the keys of the group give, whatever its order."""
    named = sorted({key for index in group for key in keys[index]}) or [str(group[0])]
    return hashlib.sha256("\n".join([str(seed), *named]).encode()).hexdigest()
