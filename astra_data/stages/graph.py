"""The graph of proposed chains, and seeded walks through it [A 20.2].

    graph = Graph.of([["create", "write"], ["create", "write", "read"]])
    graph.weights[("create", "write")]        # 2
    walks = list(sample(graph, seed="7/chains/1f0e", cap=64, lengths=(2, 5)))

An edge weighs as many proposals as hold its tools one directly before the other. A walk has a length drawn evenly, starts at a
node in proportion to its outgoing weight plus one, takes edges in proportion to their weight, and visits no node twice unless
`revisits` says so. Every node and every edge is counted as walks are drawn, dead ends and repetitions too, and its weight is
divided by one plus its count, so that what was drawn gives way to what was not. Time is linear in the cap.
"""

import math
import random
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import mul

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
            yield DrawnWalk(tuple([odds.names[node] for node in nodes]), math.log(chance))


@dataclass(frozen=True, slots=True)
class _Choice:
    """What may be chosen at one place, in lists of one order: nodes, their weights with their sum, how often each was taken, and
    the weights as that has worn them down."""

    nodes: list[int]
    known: frozenset[int]
    fixed: list[int]
    total: int
    taken: list[int]
    worn: list[float]

    @classmethod
    def of(cls, weights: dict[int, int]) -> "_Choice":
        nodes, fixed = list(weights), list(weights.values())
        return cls(nodes, frozenset(nodes), fixed, sum(fixed), [0] * len(nodes), [*fixed])

    def pick(self, closed: Sequence[int], draw: Callable[[], float]) -> tuple[int, float] | None:
        """A place by the worn weights and its share of the fixed ones, both among the nodes that are not closed."""
        worn, total = self.worn, self.total
        if not self.known.isdisjoint(closed):
            is_open = [node not in closed for node in self.nodes]
            worn, total = list(map(mul, worn, is_open)), sum(map(mul, self.fixed, is_open))
        if not total:
            return None
        sums = list(accumulate(worn))
        place = bisect(sums, draw() * sums[-1])
        return place, self.fixed[place] / total

    def take(self, place: int) -> None:
        taken = self.taken[place] = self.taken[place] + 1
        self.worn[place] = self.fixed[place] / (1 + taken)


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
        """The node numbers of a walk of at most `length`, and its probability by the fixed weights. Wears down what it used."""
        walk: list[int] = []
        chance, choice = 1.0, self.start
        while len(walk) < length and (picked := choice.pick(() if revisits else walk, draw)):
            place, share = picked
            node = choice.nodes[place]
            if walk:
                choice.take(place)
            self.start.take(node)
            chance *= share
            walk.append(node)
            choice = self.after[node]
        return walk, chance
