"""The graph of proposed chains, and seeded walks through it [A 20.2].

    graph = Graph.of([["create", "write"], ["create", "write", "read"]])
    graph.weights[("create", "write")]        # 2
    walks = list(sample(graph, seed="7/chains/1f0e", cap=64, lengths=(2, 5)))

An edge weighs as many proposals as hold its tools one directly before the other. A walk starts at a node in proportion to its
outgoing weight plus one, takes edges in proportion to their weight divided by one plus how often they were used, and visits
no node twice. Time is linear in the cap.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

TRIES = 4
"""Walks begun per walk wanted; what is left over was a dead end or had been drawn before."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Edge weights, and the successors of each node in a fixed order."""

    weights: dict[tuple[str, str], int]
    successors: dict[str, list[str]]

    @classmethod
    def of(cls, proposals: Iterable[Sequence[str]]) -> "Graph":
        """Aggregate proposed chains; a proposal counts an edge once."""
        counts: Counter[tuple[str, str]] = Counter()
        for chain in proposals:
            counts.update(set(pairwise(chain)))
        weights = dict(sorted(counts.items()))
        successors: dict[str, list[str]] = {}
        for first, second in weights:
            successors.setdefault(first, []).append(second)
            successors.setdefault(second, [])
        return cls(weights, successors)

    def out_weight(self, node: str) -> int:
        return sum(self.weights[node, successor] for successor in self.successors[node])


@dataclass(frozen=True, slots=True)
class DrawnWalk:
    """A walk and the natural log of the probability of drawing it on a fresh graph, given its length."""

    nodes: tuple[str, ...]
    logp: float


def sample(graph: Graph, *, seed: str, cap: int, lengths: tuple[int, int]) -> Iterator[DrawnWalk]:
    """Up to `cap` different walks of `lengths[0]` to `lengths[1]` nodes."""
    if not graph.weights:
        return
    rng = random.Random(seed)
    nodes = sorted(graph.successors)
    starts = [graph.out_weight(node) + 1 for node in nodes]
    used: Counter[tuple[str, str]] = Counter()
    seen: set[tuple[str, ...]] = set()
    for _ in range(cap * TRIES):
        if len(seen) == cap:
            return
        walk = _walk(graph, nodes, starts, used, rng.randint(*lengths), rng)
        if len(walk.nodes) >= lengths[0] and walk.nodes not in seen:
            seen.add(walk.nodes)
            used.update(pairwise(walk.nodes))
            yield walk


def _walk(graph: Graph, nodes: list[str], starts: list[int], used: Counter[tuple[str, str]], length: int,
          rng: random.Random) -> DrawnWalk:
    index = rng.choices(range(len(nodes)), weights=starts)[0]
    walk, logp = [nodes[index]], math.log(starts[index] / sum(starts))
    while len(walk) < length:
        options = [node for node in graph.successors[walk[-1]] if node not in walk]
        if not options:
            break
        base = [graph.weights[walk[-1], node] for node in options]
        worn = [weight / (1 + used[walk[-1], node]) for weight, node in zip(base, options, strict=True)]
        chosen = rng.choices(range(len(options)), weights=worn)[0]
        logp += math.log(base[chosen] / sum(base))
        walk.append(options[chosen])
    return DrawnWalk(tuple(walk), logp)
