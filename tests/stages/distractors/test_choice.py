"""Each instance draws for itself, and without bands it takes five to nine tools of other fields."""

import distractor_oracle as oracle
import numpy as np

from astra_data.stages.distractors.bands import Instance, Lines, each
from astra_data.stages.distractors.choice import banded, unlike


def test_an_instance_draws_the_same_whichever_others_there_are_and_another_seed_draws_others() -> None:
    pool, vectors, scopes = oracle.clusters(200, 16, 1), oracle.clusters(300, 16, 2), np.ones((1, 200), bool)
    wanted = oracle.instances(30, 200, 1, 5)
    all_of_them = each(*oracle.joined(pool, vectors), wanted, scopes, Lines(), banded(7, 2))
    assert each(*oracle.joined(pool, vectors), wanted[::3], scopes, Lines(), banded(7, 2)) == all_of_them[::3]
    assert each(*oracle.joined(pool, vectors), wanted, scopes, Lines(), banded(8, 2)) != all_of_them
    assert all(len([pick for pick in picks if pick.band == band]) <= 2 for picks in all_of_them for band in ("high", "low"))


def test_how_many_of_a_band_is_drawn_where_the_recipe_says_the_fewest() -> None:
    pool, vectors, scopes = oracle.clusters(200, 16, 1), oracle.clusters(300, 16, 2), np.ones((1, 200), bool)
    wanted = oracle.instances(60, 200, 1, 5)
    drawn = each(*oracle.joined(pool, vectors), wanted, scopes, Lines(), banded(7, 2, 0))
    assert {sum(pick.band == "low" for pick in picks) for picks in drawn} == {0, 1, 2}
    assert each(*oracle.joined(pool, vectors), wanted, scopes, Lines(), banded(7, 2, 2)) != drawn


def test_random_tools_are_five_to_nine_of_the_scope_and_no_namesakes() -> None:
    scopes = np.zeros((2, 100), bool)
    scopes[1, 20:60] = True
    counts = set()
    for number in range(200):
        picks = unlike(7, Instance(f"i{number}", range(3), [25, -1, 30], 1), scopes)
        positions = [pick.position for pick in picks]
        assert positions == sorted(set(positions))
        assert set(positions) <= set(range(20, 60)) - {25, 30}
        assert {(pick.band, pick.similarity, pick.tool) for pick in picks} == {("random", None, None)}
        counts.add(len(picks))
    assert counts == {5, 6, 7, 8, 9}


def test_random_tools_are_all_there_are_where_there_are_few() -> None:
    scopes = np.array([[True, True, False]])
    assert [pick.position for pick in unlike(7, Instance("x", [0], [1], 0), scopes)] == [0]
