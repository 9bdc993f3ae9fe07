"""The page of trust names tests that are there, and they can be run as anybody."""

import ast
import os
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from benchmarks.trust import PAGE, Claim, claims, counted, judged, run

ROOT = Path(__file__).parents[2]
EXAMPLE = """# What is trusted

| word | meaning |
| --- | --- |
| canary | a file that nobody may change, see `tests/no/table.py::test_x` |

| what comes in | what it can do at most | tests |
| --- | --- | --- |
| a file name | be refused | `tests/a.py::test_one`, `tests/a.py::test_two` and `tests/a.py::test_one` |
| a `tools` row | nothing | `tests/b/c.py::test_three`, not `make test` |
| a card | be shown | not tested |

After it.
"""
OWN = '''
import pytest

def test_good(): pass

@pytest.mark.parametrize("n", [1, 2])
def test_many(n): assert n < 2

def test_left_out(): pytest.skip("not here")
'''


@cache
def functions(file: str) -> frozenset[str]:
    """The test functions that a file defines."""
    nodes = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def absent(made: list[Claim]) -> list[str]:
    """What of the page cannot be run: claims without a test, and tests that are not there."""
    named = [test for claim in made for test in claim.tests]
    lost = [test for test in named if not (ROOT / test.partition("::")[0]).is_file()]
    return [claim.thing for claim in made if not claim.tests] + lost + [
        test for test in named if test not in lost and test.partition("::")[2] not in functions(test.partition("::")[0])
    ]


def test_the_claims_of_a_page_are_the_rows_of_its_table_of_tests() -> None:
    assert claims(EXAMPLE) == [
        Claim("a file name", ("tests/a.py::test_one", "tests/a.py::test_two")),
        Claim("a `tools` row", ("tests/b/c.py::test_three",)),
        Claim("a card", ()),
    ]


def test_a_claim_without_a_test_or_with_one_that_is_not_there_is_seen() -> None:
    here = f"tests/project/test_trust.py::{test_a_claim_without_a_test_or_with_one_that_is_not_there_is_seen.__name__}"
    made = [Claim("a", (here,)), Claim("b", ()), Claim("c", ("tests/none.py::test_x", "tests/project/test_trust.py::test_none"))]
    assert absent(made) == ["b", "tests/none.py::test_x", "tests/project/test_trust.py::test_none"]


@pytest.mark.skipif(not PAGE.is_file(), reason="the page is not written yet")
def test_every_row_of_the_page_names_tests_that_are_there() -> None:
    made = claims(PAGE.read_text(encoding="utf-8"))
    assert made and absent(made) == []


def test_what_fails_does_not_run_or_is_only_skipped_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text(OWN)
    good, many, left_out = (f"tests/test_own.py::{name}" for name in ("test_good", "test_many", "test_left_out"))
    ran = run([good, many, left_out], tmp_path, sys.executable, os.environ)
    assert ran == {good: Counter(passed=1), many: Counter(passed=1, failed=1), left_out: Counter(skipped=1)}
    made = [Claim("good", (good, left_out)), Claim("bad", (good, many)), Claim("skipped", (left_out,)),
            Claim("gone", (good, "tests/x.py::test_x")),
            Claim("none", ())]
    figures = judged(made, ran, "anybody")
    assert [figure.passed for figure in figures] == [True, False, False, False, False]
    assert (figures[0].name, figures[0].value) == ("good, as anybody", "1 passed, 1 skipped")


def test_an_error_outside_of_a_test_counts_as_its_failure() -> None:
    case = '<testcase classname="tests.a.test_b" name="test_c[1]"><error/></testcase>'
    report = f"<testsuites><testsuite>{case}</testsuite></testsuites>"
    assert counted(report) == {"tests/a/test_b.py::test_c": Counter(failed=1)}
