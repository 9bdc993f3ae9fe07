"""Walks follow edges of the proposed graph, by weight and by seed, in time linear in their number [A 20.2]."""

import math
import sys
from collections import Counter
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astra_data.stages.graph import Coverage, Graph, sample

NODES = "abcdef"
proposals = st.lists(st.lists(st.sampled_from(NODES), min_size=2, max_size=5, unique=True), max_size=12)
lengths = st.tuples(st.integers(2, 3), st.integers(3, 6))


def drawn(graph: Graph, seed: str = "7", cap: int = 64, between: tuple[int, int] = (2, 5)) -> list[tuple[str, ...]]:
    return [walk.nodes for walk in sample(graph, seed=seed, cap=cap, lengths=between)]


def test_an_edge_weighs_the_proposals_that_hold_it() -> None:
    graph = Graph.of([["a", "b", "c"], ["a", "b"], ["b", "c", "a"]])
    assert graph.weights == {("a", "b"): 2, ("b", "c"): 2, ("c", "a"): 1}
    assert graph.successors == {"a": ["b"], "b": ["c"], "c": ["a"]}
    assert graph.out_weight("a") == 2


def test_an_edge_counts_once_in_a_proposal() -> None:
    assert Graph.of([["a", "b", "a", "b"]]).weights[("a", "b")] == 1


def test_no_proposals_give_no_walks() -> None:
    assert drawn(Graph.of([])) == []


@settings(deadline=None)
@given(chains=proposals, between=lengths, cap=st.integers(1, 20), seed=st.text(max_size=3))
def test_walks_are_different_follow_edges_and_repeat_nothing(
    chains: list[list[str]], between: tuple[int, int], cap: int, seed: str
) -> None:
    graph = Graph.of(chains)
    walks = drawn(graph, seed, cap, between)
    assert len(walks) == len(set(walks)) <= cap
    for walk in walks:
        assert between[0] <= len(walk) <= between[1]
        assert len(set(walk)) == len(walk)
        assert all(edge in graph.weights for edge in pairwise(walk))


@settings(deadline=None)
@given(chains=proposals, seed=st.text(max_size=3), order=st.randoms())
def test_the_same_seed_gives_the_same_walks_whatever_the_order_of_proposals(
    chains: list[list[str]], seed: str, order: st.DataObject
) -> None:
    shuffled = list(chains)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert drawn(Graph.of(chains), seed) == drawn(Graph.of(shuffled), seed)


def test_seeds_differ() -> None:
    graph = Graph.of(permutations(NODES, 2))
    assert len({tuple(drawn(graph, str(seed), cap=5)) for seed in range(5)}) == 5


@settings(deadline=None)
@given(chains=proposals, seed=st.text(max_size=3))
def test_every_walk_has_a_probability(chains: list[list[str]], seed: str) -> None:
    assert all(walk.logp <= 0 for walk in sample(Graph.of(chains), seed=seed, cap=10, lengths=(2, 4)))


def test_the_probability_is_that_of_start_and_edges() -> None:
    graph = Graph.of([["a", "b"], ["a", "b"], ["a", "b"], ["a", "c"]])
    found = {walk.nodes: walk.logp for walk in sample(graph, seed="1", cap=2, lengths=(2, 2))}
    start = math.log(5 / 7)
    assert found == pytest.approx({("a", "b"): start + math.log(3 / 4), ("a", "c"): start + math.log(1 / 4)})


def test_heavy_edges_are_drawn_first() -> None:
    graph = Graph.of([["a", "b"]] * 30 + [["a", "c"]])
    first = Counter(drawn(graph, str(seed), cap=1)[0] for seed in range(200))
    assert first[("a", "b")] > 160
    assert first[("a", "c")] > 0


def steps_of(graph: Graph, cap: int) -> tuple[int, list[tuple[str, ...]]]:
    """Functions entered while walks are drawn, as a measure of the work that no clock disturbs, and the walks."""
    entered = Counter[str]()
    sys.setprofile(lambda frame, event, argument: entered.update([event]))
    try:
        walks = drawn(graph, cap=cap)
    finally:
        sys.setprofile(None)
    return entered["call"] + entered["c_call"], walks


def test_a_complete_graph_of_twenty_tools_is_sampled_in_time_linear_in_the_cap() -> None:
    graph = Graph.of(permutations([f"t{number:02}" for number in range(20)], 2))
    work = {}
    for cap in (64, 640, 1280):
        work[cap], walks = steps_of(graph, cap)
        assert len(walks) == cap
        assert all(len(set(walk)) == len(walk) for walk in walks)
        assert {edge for walk in walks for edge in pairwise(walk)} <= set(graph.weights)
    assert (work[1280] - work[640]) / 640 == pytest.approx((work[640] - work[64]) / 576, rel=0.2)


@given(chains=proposals, cap=st.integers(1, 20), seed=st.text(max_size=3))
def test_a_node_is_met_again_only_where_that_is_allowed(chains: list[list[str]], cap: int, seed: str) -> None:
    graph = Graph.of(chains)
    for walk in sample(graph, seed=seed, cap=cap, lengths=(2, 6), revisits=True):
        assert all(edge in graph.weights for edge in pairwise(walk.nodes))
    loop = Graph.of([["a", "b"], ["b", "a"]])
    there_and_back = {walk.nodes for walk in sample(loop, seed=seed, cap=9, lengths=(3, 3), revisits=True)}
    assert there_and_back == {("a", "b", "a"), ("b", "a", "b")}
    assert drawn(loop, seed, between=(3, 3)) == []


@given(chains=proposals, seed=st.text(max_size=3))
def test_coverage_counts_the_nodes_and_edges_of_walks(chains: list[list[str]], seed: str) -> None:
    walks = list(sample(Graph.of(chains), seed=seed, cap=20, lengths=(2, 4)))
    coverage = Coverage.of(walks)
    assert coverage.nodes.total() == sum(len(walk.nodes) for walk in walks)
    assert coverage.edges.total() == coverage.nodes.total() - len(walks)


def test_lengths_are_drawn_evenly() -> None:
    graph = Graph.of(permutations([f"t{number:02}" for number in range(20)], 2))
    counts = Counter(len(walk) for walk in drawn(graph, cap=2000))
    assert set(counts) == {2, 3, 4, 5}
    assert all(count > 300 for count in counts.values())


def test_every_node_is_visited_however_light_its_edges() -> None:
    graph = Graph.of([["a", "b"]] * 100 + [["a", "c"], ["d", "e"], ["e", "f"]])
    for seed in range(20):
        coverage = Coverage.of(sample(graph, seed=str(seed), cap=16, lengths=(2, 3)))
        assert set(coverage.nodes) == set("abcdef"), seed


def test_used_edges_make_room_for_others() -> None:
    graph = Graph.of(list(permutations("abcde", 2)) + [["a", "b"]] * 50)
    edges = {edge for walk in drawn(graph, cap=40) for edge in pairwise(walk)}
    assert edges == set(graph.weights)
