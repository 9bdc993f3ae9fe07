"""A decomposition is a graph of nodes that are known by their ids; what of it can be put right without a judge is put right."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.rows import Question, new_row
from astra_data.rows.questions import Node
from astra_data.stages.questions.graph import depends, levels_of, problem, repaired, scenario_of


def node(name: str, level: int, *depends_on: str, answer: Any = "x") -> Node:
    return Node(name, level, f"What is {name}?", answer, "text", list(depends_on), True)


def question(*nodes: Node, answer: Any = "x") -> Question:
    row: Question = new_row(
        Question, source="given", domain="piers", language="en", scenario="multi_hop", template=None, world=None, knowledge={},
        question="What is it?", answer=answer, answer_type="text", nodes=list(nodes), checks=[], quality=None, hops=2, models={},
    )
    return row


CHAIN = (node("7", 1), node("3", 2, "7"), node("0", 3, "3"))


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (question(*CHAIN), None),
        (question(node("1", 1), node("1", 2)), "an id comes twice: 1"),
        (question(node("1", 1), node("2", 2, "9")), "an unknown dependency: 2"),
        (question(node("1", 1, "1")), "a circle: 1"),
        (question(node("1", 1), node("2", 2, "4"), node("4", 3, "2"), node("5", 4, "4")), "a circle: 2, 4, 5"),
        (question(node("1", 2), node("2", 2, "1")), "levels do not rise: 2"),
        (question(node("1", 0)), "a level below 1: 1"),
        (question(node("1", 1, answer="  ")), "no answer: 1"),
        (question(node("1", 1, answer=None)), "no answer: 1"),
        (question(node("1", 1, answer=0)), None),
        (question(node("1", 1, answer=False)), None),
        (question(node("1", 1), answer=[]), "no final answer"),
        (question(), "there is no sub-question"),
    ],
)
def test_what_is_no_graph_is_told_with_the_nodes_at_fault(row: Question, wrong: str | None) -> None:
    found = problem(row)
    assert (None if found is None else str(found)) == wrong


@pytest.mark.parametrize("names", [("1", "2", "3"), ("0", "4", "9"), ("30", "20", "10"), ("c", "a", "b")])
def test_nodes_are_found_by_their_ids_whatever_these_are(names: tuple[str, str, str]) -> None:
    """Positions mean nothing: neither gaps, nor an order, nor a 0 among the ids changes a thing [A 17.2, E11]."""
    first, second, third = names
    row = question(node(third, 1, second), node(first, 1), node(second, 1, first))
    mended, check = repaired(row, {first: [], second: [first], third: [second]})
    assert [(one.id, one.level) for one in mended.nodes] == [(third, 3), (first, 1), (second, 2)]
    assert (problem(mended), mended.hops, check.nodes) == (None, 3, [third, second])


def test_a_sound_graph_is_left_as_it_is() -> None:
    row = question(*CHAIN)
    mended, check = repaired(row, {"7": [], "3": ["7"], "0": ["3"]})
    assert mended == row
    assert (check.check, check.value, check.nodes, check.judge) == ("topology", 1.0, [], "checks")


def test_an_unused_dependency_goes_and_the_serial_step_becomes_parallel() -> None:
    row = question(*CHAIN)
    mended, check = repaired(row, {"7": [], "3": [], "0": ["3"]})
    assert depends(mended.nodes) == {"7": [], "3": [], "0": ["3"]}
    assert [one.level for one in mended.nodes] == [1, 1, 2]
    assert (mended.hops, mended.scenario) == (2, "parallel_multi_hop")
    assert mended.id != row.id
    assert (check.value, check.nodes) == (1 / 3, ["3", "0"])
    assert check.reason == "3: does not use 7, level 2 is 1; 0: level 3 is 2"


def test_a_dependency_that_is_used_and_not_named_is_added() -> None:
    mended, check = repaired(question(node("1", 1), node("2", 1)), {"1": [], "2": ["1"]})
    assert depends(mended.nodes)["2"] == ["1"]
    assert check.reason == "2: uses 1, too, level 1 is 2"


def test_a_dependency_named_twice_is_named_once() -> None:
    mended, check = repaired(question(node("1", 1), replace(node("2", 2), depends_on=["1", "1"])), {"1": [], "2": ["1"]})
    assert depends(mended.nodes)["2"] == ["1"]
    assert check.nodes == ["2"]


@pytest.mark.parametrize(
    ("levels", "scenario"),
    [([1], "single_hop"), ([1, 1], "parallel_single_hop"), ([1, 2, 3], "multi_hop"), ([1, 1, 2], "parallel_multi_hop")],
)
def test_the_scenario_is_the_arrangement_of_the_levels(levels: list[int], scenario: str) -> None:
    assert scenario_of([node(str(index), level) for index, level in enumerate(levels)]) == scenario


@given(st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefg"), max_size=3), max_size=7))
def test_levels_are_there_just_for_graphs_without_circles(edges: dict[str, list[str]]) -> None:
    levels = levels_of(edges)
    if levels is None:
        seen: set[str] = set()
        while ready := [name for name in edges if name not in seen and set(edges[name]) <= seen]:
            seen |= set(ready)
        assert seen != edges.keys()
    else:
        assert levels.keys() == edges.keys()
        assert all(levels[name] == 1 + max((levels[need] for need in edges[name]), default=0) for name in edges)
