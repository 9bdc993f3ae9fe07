"""Spoiling a JSON tree: at places drawn by chance a value is replaced, a name hidden under another, a part lost or doubled.

    spoiled(rng, {"name": "add", "parameters": {...}}, lures, times=3)
"""

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.hostile.lures import Lures
from benchmarks.hostile.texts import DUNDERS, Raw, text, value

Place = tuple[Any, Any]
"""A list or an object, and the index or name of a part of it."""


def spoiled(rng: random.Random, tree: Any, lures: Lures, times: int = 1,
            draw: Callable[[random.Random, Lures], Any] = value) -> Any:
    """A copy of the tree, spoiled this many times."""
    root = [copy.deepcopy(tree)]
    for _ in range(times):
        places = list(_places(root))
        holder, key = rng.choice(places)
        _spoil(rng, holder, key, lures, draw)
    return root[0]


def texts_spoiled(rng: random.Random, tree: Any, lures: Lures, share: float,
                  draw: Callable[[random.Random, Lures], str] = text) -> Any:
    """A copy of the tree of which this share of the texts are others, or have others added to them. Types stay."""
    root = [copy.deepcopy(tree)]
    for holder, key in list(_places(root)):
        if isinstance(holder[key], str) and rng.random() < share:
            drawn = draw(rng, lures)
            holder[key] = rng.choice((drawn, holder[key] + drawn, drawn + holder[key]))
    return root[0]


def _places(value: Any) -> Iterator[Place]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield value, key
        yield from _places(part)


def _spoil(rng: random.Random, holder: Any, key: Any, lures: Lures, draw: Callable[[random.Random, Lures], Any]) -> None:
    kind = rng.random()
    if kind < 0.6 or isinstance(holder[key], Raw):
        holder[key] = draw(rng, lures)
    elif kind < 0.7:
        holder[key] = rng.choice(([holder[key]], {"": holder[key]}, {rng.choice(DUNDERS): holder[key]}))
    elif kind < 0.8:
        _lose(rng, holder, key)
    elif isinstance(holder, dict):
        holder[rng.choice((*DUNDERS, text(rng, lures)))] = holder[key] if rng.random() < 0.5 else holder.pop(key)
    else:
        holder.extend(copy.deepcopy(holder[key]) for _ in range(rng.choice((1, 3, 500))))


def _lose(rng: random.Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict) or len(holder) > 1:
        del holder[key]
    else:
        holder[key] = None
