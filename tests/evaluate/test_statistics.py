"""Intervals say what unit they are over, and pass^k is the chance that k rollouts all succeed."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.evaluate.statistics import bootstrap, mean_of, pass_hat, wilson


@pytest.mark.parametrize(("hits", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634)])
def test_wilsons_interval_is_that_of_the_books(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


def test_shares_of_zeros_and_ones_are_wilsons_and_all_else_is_bootstrapped() -> None:
    assert mean_of([1, 0, 1]).method == "wilson"
    assert mean_of([1, 0.5]).method == mean_of([1, 0, 1], share=False).method == "bootstrap"
    none = mean_of([])
    assert (none.value, none.low, none.arenas, none.method, none.told()) == (None, None, 0, None, "-")


def test_the_bootstrap_covers_the_mean_about_as_often_as_it_says() -> None:
    rng = random.Random(3)
    draws = [[rng.random() ** 2 for _ in range(60)] for _ in range(200)]
    covered = sum(low <= 1 / 3 <= high for low, high in map(bootstrap, draws))
    assert 180 <= covered <= 198
    assert bootstrap(draws[0]) == bootstrap(draws[0])


@given(st.integers(1, 6), st.data())
def test_pass_hat_is_the_share_of_subsets_that_all_succeed(samples: int, data: st.DataObject) -> None:
    outcomes = data.draw(st.lists(st.booleans(), min_size=samples, max_size=samples))
    k = data.draw(st.integers(1, samples))
    subsets = [all(one) for one in itertools.combinations(outcomes, k)]
    assert pass_hat(sum(outcomes), samples, k) == pytest.approx(sum(subsets) / len(subsets))
