"""Bands are exact: what a pair-by-pair computation with fractions finds, whatever the block size, the threads and the BLAS."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import distractor_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from astra_data.stages.distractors.bands import Instance, Lines, each
from astra_data.stages.distractors.choice import banded
from astra_data.stages.distractors.vectors import LENGTH, integers, square

TESTS = Path(__file__).parents[2]


def scopes_of(pool: int, seed: int = 3) -> Any:
    return np.random.default_rng(seed).random((4, pool)) < 0.8


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.float32, st.tuples(st.integers(2, 6), st.integers(1, 5000)),
                     elements=st.floats(-1, 1, width=32), fill=st.floats(-1, 1, width=32)))
def test_no_sum_over_some_products_leaves_what_float32_and_its_differences_hold_exactly(rows: Any) -> None:
    rows[:, 0] = np.where(np.abs(rows).sum(axis=1) == 0, 1, rows[:, 0])
    whole = integers(rows).astype(np.int64)
    assert (whole * whole).sum(axis=1).max() <= LENGTH**2 < 2**23
    for one in whole:
        for other in whole:
            assert np.abs(one * other).sum() <= 2**23, "the largest partial sum, in whatever order"
            assert int(one.astype(np.float32) @ other.astype(np.float32)) == int(one @ other)


@pytest.mark.parametrize("dimension", [3, 384, 4096])
def test_rounding_hardly_moves_a_cosine(dimension: int) -> None:
    rows = np.random.default_rng(0).standard_normal((40, dimension))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    whole = integers(rows).astype(np.float64)
    assert np.abs(whole @ whole.T / square(dimension) - unit @ unit.T).max() < 2e-3


@pytest.mark.parametrize("row", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_vector_without_a_direction_is_refused(row: list[float]) -> None:
    with pytest.raises(ValueError, match="no direction"):
        integers(np.array([row]))


@pytest.mark.parametrize("lines", [Lines(), Lines(0.2, 0.5, raw=True), Lines(0.5, 0.5)])
def test_picks_are_those_of_the_definition(lines: Lines) -> None:
    pool, vectors, scopes = oracle.clusters(150, 24, 1), oracle.clusters(200, 24, 2), scopes_of(150)
    wanted = oracle.instances(40, 150, len(scopes), 5)
    found = each(*oracle.joined(pool, vectors), wanted, scopes, lines, banded(7, 2), block=32, threads=2)
    assert found == [oracle.picks(pool, vectors, one, scopes, lines, 7, 2) for one in wanted]
    bands = {pick.band for picks in found for pick in picks}
    assert bands == ({"high", "medium", "low"} if lines.low < lines.high else {"high", "low"})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_picks_are_those_of_the_definition_where_products_are_equal_or_on_a_line(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 6))
    small = st.integers(-3, 3)
    pool = np.array(data.draw(st.lists(st.tuples(small, small), min_size=size, max_size=size)), np.int16)
    vectors = np.array(data.draw(st.lists(st.tuples(small, small), min_size=9, max_size=9)), np.int16)
    scopes = np.ones((1, size), bool)
    wanted = [one for one in oracle.instances(4, size, 1, data.draw(st.integers(0, 99))) if one.tools.stop <= 9]
    lines = data.draw(st.sampled_from([Lines(), Lines(0.25, 0.75), Lines(0, 1), Lines(0.5, 0.5)]))
    found = each(*oracle.joined(pool, vectors), wanted, scopes, lines, banded(7, 2))
    assert found == [oracle.picks(pool, vectors, one, scopes, lines, 7, 2) for one in wanted]


def test_a_row_without_a_range_sees_everything_in_the_low_band() -> None:
    pool = np.array([[5, 0], [5, 0], [5, 0]], np.int16)
    instance, scopes = Instance("x", [0], [0], 0), np.ones((1, 3), bool)
    (seen,) = each(*oracle.joined(pool, pool), [instance], scopes, Lines(), lambda seen: seen.members())
    assert {band: members.tolist() for band, members in seen.items()} == {"high": [], "medium": [], "low": [1, 2]}


def test_the_only_tool_of_a_pool_distracts_nobody_from_itself() -> None:
    pool = np.array([[5, 0]], np.int16)
    assert each(*oracle.joined(pool, pool), [Instance("x", [0], [0], 0)], np.ones((1, 1), bool), Lines(), banded(7, 2)) == [[]]


def test_no_tool_has_a_name_of_the_instance_or_is_out_of_scope() -> None:
    pool, vectors = oracle.clusters(30, 8, 1), oracle.clusters(60, 8, 2)
    scopes, wanted = scopes_of(30), oracle.instances(20, 30, 4, 6)
    for instance, picks in zip(wanted, each(*oracle.joined(pool, vectors), wanted, scopes, Lines(), banded(7, 30)), strict=True):
        positions = {pick.position for pick in picks}
        allowed = {position for position in range(30) if scopes[instance.scope][position]} - set(instance.twins)
        assert len(picks) == len(positions), "a tool is in one band"
        assert positions == allowed, "all are taken where there are fewer than asked for"


SCRIPT = """
import sys; sys.path.insert(0, sys.argv[1])
import hashlib, numpy as np, distractor_oracle as oracle
from astra_data.stages.distractors.bands import Lines, each
from astra_data.stages.distractors.choice import banded
pool, vectors = oracle.clusters(700, 96, 1), oracle.clusters(900, 96, 2)
scopes = np.random.default_rng(3).random((4, 700)) < 0.8
wanted = oracle.instances(250, 700, 4, 5)
block, threads = map(int, sys.argv[2:4])
picks = each(*oracle.joined(pool, vectors), wanted, scopes, Lines(), banded(7, 2), block=block, threads=threads)
print(hashlib.sha256(repr(picks).encode()).hexdigest())
"""


def test_block_size_threads_and_kernels_of_the_blas_change_no_bit() -> None:
    digests = set()
    for block, threads, core in [("1", "1", ""), ("64", "2", ""), ("4096", "1", "Haswell"), ("4096", "2", "Sandybridge")]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS")}
        environ |= {"OPENBLAS_NUM_THREADS": threads} | ({"OPENBLAS_CORETYPE": core} if core else {})
        command = [sys.executable, "-c", SCRIPT, str(TESTS), block, threads]
        digests.add(subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout)
    assert len(digests) == 1
