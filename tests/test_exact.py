"""The door for JSON from outside: what comes through is what was written, and what cannot be kept says why."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astra_data.exact import BEYOND, DEEP, HALF, NO_JSON, NOT_FINITE, UNREAD, fault, loads, shallow, wide

NUMBERS = st.integers(-(10**40), 10**40) | st.integers(-(2**64) - 3, 2**64 + 3) | st.floats()
TEXTS = st.text(st.characters(), max_size=8) | st.just("") | st.sampled_from(["1" * 30, "NaN", "\ud800", "null"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def parts(value: Any) -> list[Any]:
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(found for part in inner for found in parts(part))]


def keepable(value: Any) -> bool:
    for part in parts(value):
        if isinstance(part, str) and any(0xD800 <= ord(character) < 0xE000 for character in part):
            return False
        if isinstance(part, float) and not math.isfinite(part):
            return False
        if isinstance(part, int) and not isinstance(part, bool) and not -(2**63) <= part < 2**64:
            return False
    return True


def alike(one: Any, other: Any) -> bool:
    """Equality that tells 1 from 1.0 and from true."""
    return json.dumps(one) == json.dumps(other)


@given(VALUES)
@example({"a": [None, {"": 2**64}]})
@example("\ud83d\ude00")
def test_a_value_is_kept_exactly_or_refused(value: Any) -> None:
    text = json.dumps(value)
    read = json.loads(text)  # two halves that stand together are one character
    assert alike(wide(text), read)
    assert (fault(read) is None) == keepable(read)
    if not keepable(read):
        with pytest.raises(ValueError, match=f"{BEYOND}|{NOT_FINITE}|{HALF}|not JSON"):
            loads(text)
        assert shallow(text, "other") == "other"
        return
    assert alike(loads(text), read)
    assert alike(loads(text.encode()), read)


@pytest.mark.parametrize(("text", "why"), [
    ('{"a": 18446744073709551616}', BEYOND),
    ("[-9223372036854775809]", BEYOND),
    ("9" * 5000, NOT_FINITE),
    ("9" * 300, BEYOND),
    ("-1e999", NOT_FINITE),
    ('"\\udc00\\ud800"', HALF),
    ("[" * 129 + "]" * 129, DEEP),
    ("[" * 100_000, UNREAD),
    ("[NaN]", "not JSON"),
    ("", "not JSON"),
])
def test_what_cannot_be_kept_says_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        loads(text)


@pytest.mark.parametrize("text", ["18446744073709551615", "-9223372036854775808", "12345678901234567890.5", "1e308", "5e-324",
                                  '"' + "1" * 50 + '"', "[" * 128 + "]" * 128, '{"": {"": ""}}'])
def test_what_can_be_kept_is(text: str) -> None:
    assert alike(loads(text), json.loads(text))
    assert fault(json.loads(text)) is None


@pytest.mark.parametrize(("value", "why"), [
    ({1: 2}, NO_JSON), (b"bytes", NO_JSON), ({"a": {2, 3}}, NO_JSON), ([object()], NO_JSON),
    ([[float("inf")], None], NOT_FINITE), ({"a\udfff": 1}, HALF), ([10**5000], BEYOND),
])
def test_what_others_read_is_looked_at_too(value: Any, why: str) -> None:
    assert fault(value) == why


@pytest.mark.parametrize("inner", ["1", "9" * 30, '"\\ud800"'])
@pytest.mark.parametrize("deep", [980, 1_015, 3_000])
def test_a_value_is_read_in_parts_as_deep_as_a_parser_goes(deep: int, inner: str) -> None:
    text = "[" * deep + inner + "]" * deep
    try:
        assert fault(wide(text)) == DEEP
    except ValueError as error:
        assert deep > 900 and str(error) in (UNREAD, HALF)


def test_what_walks_a_value_is_not_led_too_deep() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    assert fault(value) == DEEP
