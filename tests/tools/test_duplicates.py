"""Servers that offer nearly the same tools are found, and found fast."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.text.ngrams import jaccard
from astra_data.tools.duplicates import LEAST_SIMILARITY, near_duplicate_servers

SETS = st.lists(st.frozensets(st.sampled_from("abcdefghij"), max_size=8), max_size=20)


def names(*numbers: int) -> set[str]:
    return {f"tool_{number}" for number in numbers}


def test_nine_tenths_of_the_names_are_enough_and_less_is_not() -> None:
    """Jaccard of at least 0.9, ours in [A 20.1]."""
    assert LEAST_SIMILARITY == 0.9
    assert near_duplicate_servers([names(*range(10)), names(*range(9))]) == [None, 0], "9 of 10"
    assert near_duplicate_servers([names(*range(10)), names(*range(11), 99)]) == [None, None], "10 of 12"


def test_the_first_stays_and_case_is_no_matter() -> None:
    assert near_duplicate_servers([{"Add", "Divide"}, {"add", "divide"}, {"DIVIDE", "ADD"}]) == [None, 0, 0]


@given(SETS, st.sampled_from([0.5, 0.9, 1.0]))
def test_the_answer_is_that_of_comparing_all_kept_pairs(sets: list[frozenset[str]], threshold: float) -> None:
    found: list[int | None] = []
    for index, own in enumerate(sets):
        kept = (other for other in range(index) if found[other] is None and own & sets[other])
        found.append(next((other for other in kept if jaccard(own, sets[other]) >= threshold), None))
    assert near_duplicate_servers(sets, threshold) == found


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_thousands_of_servers_take_seconds(share: float) -> None:
    """5,000 servers of 12 tools, of which every server has `search`, and half may repeat an earlier one."""
    rng = random.Random(5)
    servers: list[set[str]] = []
    for _ in range(5_000):
        repeats = servers and rng.random() < share
        servers.append(set(rng.choice(servers)) if repeats else {"search", *(f"t{rng.randrange(20_000)}" for _ in range(11))})
    start = time.process_time()
    found = near_duplicate_servers(servers)
    assert time.process_time() - start < 20
    assert all(servers[index] == servers[other] for index, other in enumerate(found) if other is not None)
    assert sum(other is not None for other in found) == pytest.approx(share * 5_000, abs=200)
