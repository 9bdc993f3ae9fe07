"""Canonical JSON: one form for equal values, another for every other value."""

import hashlib
import json
import random
from typing import Any

import pytest
from any_rows import JSON, OBJECTS
from hypothesis import given, settings
from hypothesis import strategies as st

from astra_data.rows import canonical, content_id, digest

quick = settings(deadline=None, max_examples=60)


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same JSON value with the keys of its objects in another order."""
    if isinstance(value, dict):
        names = list(value)
        rng.shuffle(names)
        return {name: shuffled(value[name], rng) for name in names}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


@quick
@given(OBJECTS, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_count(value: Any, rng: random.Random) -> None:
    assert canonical(shuffled(value, rng)) == canonical(value)


@quick
@given(JSON)
def test_canonical_json_is_json_and_its_own_canonical_form(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@quick
@given(JSON, JSON)
def test_values_that_differ_have_other_digests(left: Any, right: Any) -> None:
    same = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    assert (digest(left) == digest(right)) is same


def test_the_form_is_utf8_without_spaces_and_sorted_by_code_point() -> None:
    assert canonical({"b": [1, 2.5, None], "é": "ü", "B": True}) == '{"B":true,"b":[1,2.5,null],"é":"ü"}'.encode()


def test_a_content_id_is_the_head_of_the_sha256() -> None:
    assert content_id({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()[:16]


@pytest.mark.parametrize("value", [{1: "x"}, {1, 2}, b"x", "\ud800", 2**64])
def test_what_json_cannot_hold_has_no_canonical_form(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical(value)
