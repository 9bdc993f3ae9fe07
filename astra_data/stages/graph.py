"""The graph of proposed chains, and seeded walks through it [A 20.2].

    graph = Graph.of([["create", "write"], ["create", "write", "read"]])
    graph.weights[("create", "write")]        # 2
    walks = list(sample(graph, seed="7/chains/1f0e", cap=64, lengths=(2, 5)))

An edge weighs as many proposals as hold its tools one directly before the other. A walk has a length drawn evenly, starts at a
node in proportion to its outgoing weight plus one, takes edges in proportion to their weight, and visits no node twice unless
`revisits` says so. Every node and every edge is counted as walks are taken, and weighs its share divided by one plus its count,
so that what was drawn gives way to what was not. Time is linear in the cap.
"""

import math
import random
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

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


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often walks visit each node and take each edge."""

    nodes: Counter[str]
    edges: Counter[tuple[str, str]]

    @classmethod
    def of(cls, walks: Iterable[DrawnWalk]) -> "Coverage":
        coverage = cls(Counter(), Counter())
        for walk in walks:
            coverage.nodes.update(walk.nodes)
            coverage.edges.update(pairwise(walk.nodes))
        return coverage


def sample(graph: Graph, *, seed: str, cap: int, lengths: tuple[int, int], revisits: bool = False) -> Iterator[DrawnWalk]:
    """Up to `cap` different walks of `lengths[0]` to `lengths[1]` nodes."""
    if not graph.weights:
        return
    shortest, longest = lengths
    draw = random.Random(seed).random
    odds = _Odds.of(graph)
    seen: set[tuple[int, ...]] = set()
    for _ in range(cap * TRIES):
        if len(seen) == cap:
            return
        walk, chance = odds.walk(shortest + int(draw() * (longest - shortest + 1)), revisits, draw)
        nodes = tuple(walk)
        if len(nodes) >= shortest and nodes not in seen:
            seen.add(nodes)
            odds.count(nodes)
            yield DrawnWalk(tuple([odds.names[node] for node in nodes]), math.log(chance))


@dataclass(frozen=True, slots=True)
class _Choice:
    """What may be chosen at one place: node numbers, their fixed weights with their sum, how often each was taken, and the
    weights as that has worn them down. `place` finds a node in the lists."""

    nodes: list[int]
    fixed: list[int]
    total: int
    taken: list[int]
    worn: list[float]
    place: dict[int, int]

    @classmethod
    def of(cls, weights: dict[int, int]) -> "_Choice":
        nodes, fixed = list(weights), list(weights.values())
        return cls(nodes, fixed, sum(fixed), [0] * len(nodes), [*fixed], {node: place for place, node in enumerate(nodes)})

    def pick(self, drawn: float) -> tuple[int, float]:
        """A node by the worn weights and a number from [0, 1), and its share of the fixed weights."""
        place = _place(self.worn, drawn)
        return self.nodes[place], self.fixed[place] / self.total

    def without(self, nodes: Sequence[int]) -> "_Choice":
        """The same choice, if some of these nodes are no longer open."""
        if self.place.keys().isdisjoint(nodes):
            return self
        kept = [place for place, node in enumerate(self.nodes) if node not in nodes]
        fixed = [self.fixed[place] for place in kept]
        return _Choice([self.nodes[place] for place in kept], fixed, sum(fixed), [], [self.worn[place] for place in kept], {})

    def take(self, node: int) -> None:
        place = self.place[node]
        self.taken[place] += 1
        self.worn[place] = self.fixed[place] / (1 + self.taken[place])


@dataclass(frozen=True, slots=True)
class _Odds:
    """A graph by node numbers: the choice of a start, and the choice at each node."""

    names: list[str]
    start: _Choice
    after: list[_Choice]

    @classmethod
    def of(cls, graph: Graph) -> "_Odds":
        names = sorted(graph.successors)
        number = {name: index for index, name in enumerate(names)}
        start = {index: graph.out_weight(name) + 1 for index, name in enumerate(names)}
        after = [{number[other]: graph.weights[name, other] for other in graph.successors[name]} for name in names]
        return cls(names, _Choice.of(start), [_Choice.of(weights) for weights in after])

    def walk(self, length: int, revisits: bool, draw: Callable[[], float]) -> tuple[list[int], float]:
        """The node numbers of a walk of at most `length`, and its probability by the fixed weights."""
        node, chance = self.start.pick(draw())
        walk = [node]
        while len(walk) < length:
            choice = self.after[node] if revisits else self.after[node].without(walk)
            if not choice.nodes:
                break
            node, share = choice.pick(draw())
            chance *= share
            walk.append(node)
        return walk, chance

    def count(self, nodes: Sequence[int]) -> None:
        """Wear down the nodes and edges of a walk that was taken."""
        for node in nodes:
            self.start.take(node)
        for first, second in pairwise(nodes):
            self.after[first].take(second)


def _place(weights: Iterable[float], drawn: float) -> int:
    """A place in the list of weights, in proportion to them."""
    sums = list(accumulate(weights))
    return bisect(sums, drawn * sums[-1], 0, len(sums) - 1)
