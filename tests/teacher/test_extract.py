"""The JSON that a model wrote is found whole, or not at all."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astra_data.teacher.extract import json_values, split_thought

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | st.sampled_from(["</think>", "<think>", "```", '{"a": 1}', "}"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)
PROSE = st.text(alphabet="abc .,:;!?\"\n'", max_size=40)


@given(OBJECTS, st.sampled_from([None, 2]), st.booleans())
def test_a_bare_object_round_trips(value: Any, indent: int | None, escaped: bool) -> None:
    assert list(json_values(json.dumps(value, indent=indent, ensure_ascii=escaped))) == [value]


@given(OBJECTS, PROSE, PROSE, st.sampled_from(["", '<think>Hm {"x": 1}, or {</think>', "no tag, but</think>"]))
def test_an_object_round_trips_through_thoughts_fences_and_prose(value: Any, before: str, after: str, thought: str) -> None:
    text = f"{thought}{before}\n```json\n{json.dumps(value)}\n```\n{after}"
    assert list(json_values(text)) == [value]


@given(OBJECTS.filter(bool), st.data())
def test_no_part_of_an_object_that_was_cut_off_is_taken_for_it(value: Any, data: st.DataObject) -> None:
    text = json.dumps({"answer": value, "last": 1})
    cut = data.draw(st.integers(2, len(text) - 1))
    assert list(json_values(text[:cut])) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('Use {name} here: {"a": 1}', [{"a": 1}]),
        ('In [0, 1) we have {"a": 1}', [{"a": 1}]),
        ('first [1], then {"a": 1}', [[1], {"a": 1}]),
        ('{"a": 1, "b": oops, "c": {"d": 1}} {"e": 1}', [{"e": 1}]),
        ('{"a": NaN}', []),
        ('{"a": 1e999}', []),
        ('{"a": "\\ud800"}', []),
        ('<think>{"a": 1}', []),
        ("", []),
        ("nothing", []),
    ],
)
def test_only_whole_values_outside_thoughts_count(text: str, values: list[Any]) -> None:
    assert list(json_values(text)) == values


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "{ " * 100_000, '"' + '{"' * 100_000])
def test_hostile_nesting_ends_soon_and_yields_nothing(text: str) -> None:
    assert list(json_values(text)) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Yes.", ("", "Yes.")),
        ("<think>a</think> Yes.", ("a", "Yes.")),
        ("<thinking>a</thinking>Yes.", ("a", "Yes.")),
        ("a</think>Yes.", ("a", "Yes.")),
        ("<think>a", ("a", "")),
        ("Yes. <think>a", ("a", "Yes.")),
        ('<think>a</think>{"t": "</think>"}', ("a", '{"t": "</think>"}')),
    ],
)
def test_thoughts_are_split_off(text: str, parts: tuple[str, str]) -> None:
    assert split_thought(text) == parts
