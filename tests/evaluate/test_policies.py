"""The random policy makes calls that the schemas allow, the empty one none; both are the same every time."""

import asyncio
import random
import sys
from typing import Any

import pytest
from arena_rows import arena_of
from hypothesis import given
from hypothesis import strategies as st
from small_environments import SHOP

from astra_data.evaluate.policies import EmptyPolicy, RandomPolicy, value_of
from astra_data.messages import calls_of
from astra_data.rollout.acting import act
from astra_data.rollout.loop import Rollout
from astra_data.rollout.scoring import scored
from astra_data.sandbox import Sandbox
from astra_data.teacher.teacher import Policy
from astra_data.tools.validate import argument_error

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)
ARENA = arena_of(SHOP, tools=[tool for tool in arena_of(SHOP).tools if tool["function"]["name"] != "spin"],
                 entries=[entry for entry in arena_of(SHOP).entries if entry.name != "spin"])


def played(policy: Policy, sandbox: Sandbox, sample: int = 0) -> Rollout:
    return asyncio.run(act(ARENA, policy, sandbox, sample=sample))


def test_random_calls_are_valid_and_those_of_the_turn_and_are_drawn_by_seed_and_sample() -> None:
    with Sandbox(1, "best_effort") as sandbox:
        done = [played(RandomPolicy(ARENA, 7), sandbox, sample) for sample in range(4)]
        assert played(RandomPolicy(ARENA, 7), sandbox, 1).messages == done[1].messages
    assert len({str(one.messages) for one in done}) == 4
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in ARENA.tools}
    for one in done:
        assert one.terminal == "answered" and [m["content"] for m in one.messages if m["role"] == "user"] == [
            "How much is A?", "Thanks.", "And B? Then count."]
        assert all(argument_error(schemas[call.name], call.arguments) is None for call in calls_of(one.messages))
        third = next(index for index, m in enumerate(one.messages) if m["content"] == "And B? Then count.")
        assert all(call.message > third for call in calls_of(one.messages) if call.name == "count")
        assert scored(ARENA, one.messages).valid
    with Sandbox(1, "best_effort") as sandbox:
        assert played(RandomPolicy(ARENA, 8), sandbox).messages != done[0].messages


def test_an_empty_policy_is_worth_nothing_and_its_turn_is_malformed() -> None:
    with Sandbox(1, "best_effort") as sandbox:
        done = played(EmptyPolicy(), sandbox)
    found = scored(ARENA, done.messages)
    assert (done.terminal, found.f1, found.malformed_turns, found.calls) == ("empty_answer", 0.0, 1, 1)


def test_values_fit_their_schema() -> None:
    schema = {
        "type": "object", "required": ["a", "b", "c", "d", "e", "f"],
        "properties": {
            "a": {"type": "integer", "minimum": 3, "maximum": 4}, "b": {"enum": ["x", "y"]}, "c": {"type": "boolean"},
            "d": {"type": "array", "items": {"type": "string"}, "minItems": 2}, "e": {"type": ["null", "number"]},
            "f": {"type": "object", "properties": {"g": {"type": "string"}}, "required": ["g"]}, "unneeded": {"type": "string"},
        },
    }
    drawn = [value_of(schema, random.Random(seed), ["Oslo"]) for seed in range(20)]
    assert all(argument_error(schema, value) is None and "unneeded" not in value for value in drawn)
    assert {value["a"] for value in drawn} == {3, 4} and {value["b"] for value in drawn} == {"x", "y"}


BOUNDS = st.one_of(st.integers(-300, 300), st.floats(-300, 300))
NUMERIC = st.fixed_dictionaries({"type": st.sampled_from(["integer", "number"])}, optional={"minimum": BOUNDS, "maximum": BOUNDS})
OTHERS = st.one_of(st.booleans(), st.just({}), st.sampled_from([{"type": "string"}, {"type": "null"}, {"enum": [1, "a"]}]))
SCHEMAS = st.recursive(NUMERIC | OTHERS, lambda inner: st.one_of(
    st.fixed_dictionaries({"type": st.just("array")}, optional={"items": inner, "minItems": st.integers(0, 3)}),
    st.dictionaries(st.sampled_from("abc"), inner).flatmap(lambda some: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.just(some), "required": st.lists(st.sampled_from("abcd"), unique=True)})),
), max_leaves=6)
KEYWORDS = st.sampled_from(["type", "enum", "items", "minItems", "minimum", "maximum", "required", "properties"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["array", "object", "integer", ""]),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(KEYWORDS, one, max_size=4))


@given(NUMERIC, st.integers())
def test_a_number_keeps_to_its_bounds_wherever_an_integer_is_between_them(schema: dict[str, Any], seed: int) -> None:
    value = value_of(schema, random.Random(seed), [])
    low, high = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    assert isinstance(value, int) and value <= high
    assert value >= low or not any(low <= one <= high for one in range(-300, 301))


@given(SCHEMAS | ODD, st.randoms(use_true_random=False), st.lists(st.just("Oslo"), max_size=1))
def test_any_schema_gets_a_value_that_is_the_same_every_time(schema: Any, rng: random.Random, words: list[str]) -> None:
    state = rng.getstate()
    drawn = value_of(schema, rng, words)
    rng.setstate(state)
    assert value_of(schema, rng, words) == drawn


def test_a_policy_that_meets_bounds_and_booleans_in_a_schema_calls_the_tool() -> None:
    parameters = {"type": "object", "properties": {"x": True, "y": {"type": "integer", "maximum": -5}}, "required": ["x", "y"]}
    tools = [{"type": "function", "function": {"name": "look", "parameters": parameters}}]
    turn = asyncio.run(RandomPolicy(ARENA, 7).act([{"role": "user", "content": "Go to Oslo."}], tools))
    (call,) = calls_of([turn.message])
    assert call.name == "look" and call.arguments["y"] <= -5 and call.arguments["x"] in ("Go", "to", "Oslo")
