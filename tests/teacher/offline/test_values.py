"""Every drawn value fits its schema, or none is drawn."""

import random
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from astra_data.teacher.offline.values import Draw
from astra_data.teacher.teacher import Abstained

whole = st.integers(-(2**63), 2**63 - 1)
bounds = st.one_of(st.integers(-1000, 1000), st.floats(-1000, 1000, allow_nan=False))


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.sets(st.sampled_from(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])))
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))} | {key: draw(bounds) for key in keys}
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.integers(1, 7))
    return schema


plain = st.one_of(
    numbers(),
    st.builds(lambda options: {"enum": options}, st.lists(st.one_of(st.text(), whole, st.none()), min_size=1)),
    st.builds(lambda value: {"const": value}, st.one_of(st.text(), whole, st.booleans())),
    st.builds(lambda values: {"type": "string", "maxLength": 5, "examples": values}, st.lists(st.text(), min_size=1)),
    st.just({"type": "boolean"}),
    st.just({"type": "string"}),
)
schemas = st.one_of(
    plain,
    st.builds(lambda arm: {"anyOf": [{"type": "null"}, arm]}, plain),
    st.builds(lambda arm, more: {"oneOf": [arm], "description": more}, plain, st.text()),
    st.just({"type": ["integer", "null"], "minimum": 4}),
)
facts = st.dictionaries(st.sampled_from(["text", "tool.text"]), st.lists(st.one_of(st.text(), whole), min_size=1))


@settings(deadline=None)
@given(schema=schemas, facts=facts, seed=st.integers())
def test_a_drawn_value_fits_its_schema(schema: dict[str, Any], facts: dict[str, list[Any]], seed: int) -> None:
    try:
        value = Draw(random.Random(seed), facts).value("tool", "text", schema)
    except Abstained:
        return
    assert jsonschema_rs.is_valid(schema, value)


@settings(deadline=None)
@given(schema=numbers(), seed=st.integers())
def test_a_number_is_drawn_wherever_there_is_room_for_one(schema: dict[str, Any], seed: int) -> None:
    lows = [schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [schema[key] for key in ("maximum", "exclusiveMaximum") if key in schema]
    assume(not lows or not highs or min(highs) - max(lows) > 30)
    assert jsonschema_rs.is_valid(schema, Draw(random.Random(seed), {}).value("tool", "x", schema))


@settings(deadline=None)
@given(values=st.lists(st.text(), min_size=1), seed=st.integers())
def test_facts_come_before_invention_and_a_tools_own_before_shared_ones(values: list[str], seed: int) -> None:
    schema = {"type": "string", "examples": ["from the schema"]}
    assert Draw(random.Random(seed), {"p": ["common"], "t.p": values}).value("t", "p", schema) in values
    assert Draw(random.Random(seed), {"p": values, "u.p": ["own"]}).value("t", "p", schema) in values


def test_a_fact_that_does_not_fit_is_not_used_and_said() -> None:
    with pytest.raises(Abstained, match=r'no value that fits is known for t\.p: arguments: "x" is not of type "integer"'):
        Draw(random.Random(0), {"t.p": ["x"]}).value("t", "p", {"type": "integer"})


def test_two_tools_speak_of_the_same_thing_where_both_can() -> None:
    draw = Draw(random.Random(0), {"path": [f"{letter}.csv" for letter in "abcdefgh"]})
    first = draw.value("load", "path", {"type": "string"})
    assert [draw.value("read", "path", {"type": "string"}) for _ in range(5)] == [first] * 5
    assert draw.value("read", "path", {"type": "string", "maxLength": 9}) == first
    with pytest.raises(Abstained):
        draw.value("read", "path", {"type": "string", "maxLength": 2})


def test_an_enumeration_leaves_out_what_is_taken() -> None:
    schema = {"type": "string", "enum": ["mile", "meter"]}
    drawn = {Draw(random.Random(seed), {}).value("convert", "to", schema, ["mile"]) for seed in range(20)}
    assert drawn == {"meter"}


def test_a_description_may_name_examples() -> None:
    schema = {"type": "string", "description": "The time zone, e.g. 'Europe/Paris' or 'Asia/Tokyo'. Not 'x'"}
    assert {Draw(random.Random(seed), {}).value("t", "zone", schema) for seed in range(30)} >= {"Europe/Paris", "Asia/Tokyo"}


@pytest.mark.parametrize("schema", [{"type": "string"}, {"type": "object"}, {"type": "array"}, {}, {"$ref": "#/$defs/Unit"}])
def test_what_nothing_tells_is_not_made_up(schema: dict[str, Any]) -> None:
    with pytest.raises(Abstained, match=r"no value is known for t\.p"):
        Draw(random.Random(0), {}).value("t", "p", schema)


@pytest.mark.parametrize("schema", [
    {"type": "number", "multipleOf": 5e-324, "minimum": 1e308, "exclusiveMaximum": 1.7e308},
    {"type": "number", "minimum": -1.7e308, "maximum": 1.7e308},
    {"type": "integer", "minimum": 1e300, "multipleOf": 1e-300},
])
def test_numbers_too_far_apart_to_reckon_with_are_not_drawn(schema: dict[str, Any]) -> None:
    with pytest.raises(Abstained, match=r"no number is known for t\.p"):
        Draw(random.Random(0), {}).value("t", "p", schema)
