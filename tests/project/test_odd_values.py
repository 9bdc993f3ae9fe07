"""At every border odd JSON is kept exactly or refused with a reason, and ends no run: a small part of what `make soak` throws."""

import json
import random
from pathlib import Path

import pytest

from benchmarks import odd_values
from benchmarks.borders import compared

EACH = 40
"""Values thrown at a border, of eight."""


@pytest.mark.parametrize("name", odd_values.BORDERS)
def test_odd_values_are_kept_exactly_or_refused_with_a_reason(name: str) -> None:
    counts = odd_values.tried(name, EACH, seed=0)
    assert (counts["changed silently"], counts["ended early"]) == (0, 0)
    assert counts["kept exactly"] + counts["refused with reason"] == counts["thrown"] == EACH
    assert counts["kept exactly"] > 5 and counts["refused with reason"] > 5


def test_the_values_that_are_thrown_are_of_every_kind() -> None:
    rng = random.Random("kinds")
    values = [odd_values.odd(rng) for _ in range(2_000)]
    texts = [json.dumps(value) for value in values]
    assert {type(value) for value in values} == {dict, list, str, int, float, bool, type(None)}
    for part in ("NaN", "Infinity", '"\\ud8', '"": ', "x" * 1_000):
        assert any(part in text for text in texts), part
    assert any(len(text) > 120 and not text[-120:].strip("]}") for text in texts)
    assert any(isinstance(value, int) and abs(value) > 2**64 for value in values)
    assert {odd_values.keepable(value) for value in values} == {True, False}


@pytest.mark.parametrize(("found", "text"), [(1, "1.0"), (1, "true"), (1.0, "1"), (True, "1"), (0.0, "-0.0"), ("?", '"\\ud800"'),
                                             (None, "NaN"), ({}, "[]"), ({"a": [1]}, '{"a": [1.0]}'), (1e40, str(10**40))])
def test_a_value_that_is_nearly_the_same_is_another(found: object, text: str) -> None:
    assert compared(found, text).startswith("changed silently")
    assert compared(json.loads(text), text) == "kept"


def test_what_ends_a_run_is_found_among_the_others() -> None:
    def border(values: list[str], folder: Path) -> list[str]:
        if "7" in values:
            raise RuntimeError("seven")
        return ["kept"] * len(values)

    outcomes = odd_values.thrown(border, [str(number) for number in range(10)])
    assert outcomes == ["kept"] * 7 + ["ended early"] + ["kept"] * 2
