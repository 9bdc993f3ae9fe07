"""Hypothesis strategies for whatever the row types allow.

    @given(rows_of(Task))
    def test_...(row): ...            # a plain dict that passes check(Task, row)

JSON values hold strings that look like JSON, and floats of every size down to 1e-290: that is where JSON columns go wrong.
"""

import dataclasses
import typing
from typing import Any

from hypothesis import strategies as st

from astra_data.rows import Arena, Environment, Server, SftRow, Trajectory
from astra_data.rows.environments import MATCHES
from astra_data.rows.schema import Json, fields, unwrap

LOOKS_LIKE_JSON = ["123", "1e5", '{"a": 1}', '["x"]', "null", "true", '"quoted"', "NaN", "", " ", "{", "0x10"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(LOOKS_LIKE_JSON)
INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEGIBLE = (FLOATS | st.decimals(-1000, 1000, places=3).map(float)).filter(lambda value: value == 0 or abs(value) > 1e-290)
"""Below, some doubles have no spelling that the JSON reader of `datasets` takes for them."""
JSON = st.recursive(
    st.none() | st.booleans() | INT64 | LEGIBLE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=3)


def with_fields(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any object that has these fields, of these values, beside others."""
    return st.tuples(OBJECTS, st.fixed_dictionaries(fields)).map(lambda pair: pair[0] | pair[1])


MESSAGES = with_fields(role=st.sampled_from(["system", "user"]), content=TEXT) | with_fields(
    role=st.just("tool"), content=TEXT, tool_call_id=TEXT
)
PARAMETERS = with_fields(properties=OBJECTS, required=st.lists(TEXT, max_size=2))
FUNCTIONS = with_fields(name=TEXT, description=TEXT, parameters=PARAMETERS)
TOOLS = with_fields(type=st.just("function"), function=FUNCTIONS)


def rows_of(row_type: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Plain dicts of a row type."""
    return st.fixed_dictionaries({name: values_of(kind) for name, kind in fields(row_type).items()})


def shaped(row_type: Any, row: dict[str, Any], draw: Any) -> dict[str, Any]:
    """The row with JSON of the shape that code goes by, where it goes by one."""
    for column, values in (("messages", MESSAGES), ("prompt", MESSAGES)):
        if column in row:
            row = row | {column: draw(st.lists(values, max_size=2))}
    if "turns" in row and row_type in (Environment, Arena):
        row = row | {"turns": [turn | {"goals": [_goal(goal, draw) for goal in turn["goals"]]} for turn in row["turns"]]}
    if row_type in (Trajectory, SftRow, Arena):
        row = row | {"tools": draw(st.lists(TOOLS, max_size=2))}
    if row_type is Arena:
        named = [tool["function"]["name"] for tool in row["tools"]]
        row = row | {"entries": [{"name": name, "entry": draw(TEXT), "from_turn": 0} for name in named]}
    elif row_type is Environment:
        row = row | {"tools": [tool | {"schema": draw(FUNCTIONS) | {"name": tool["name"]}} for tool in row["tools"]]}
    elif row_type is Server:
        row = row | {"tools": [tool | {"parameters": {"properties": draw(OBJECTS)}} for tool in row["tools"]]}
    return row


def _goal(goal: dict[str, Any], draw: Any) -> dict[str, Any]:
    kinds = [kind for kind in MATCHES if kind != "call" or goal["arguments"] is not None]
    return goal | {"match": goal["match"] | {"kind": draw(st.sampled_from(kinds))}}


def values_of(annotation: Any) -> st.SearchStrategy[Any]:
    """Plain values of one annotation; bare JSON values are objects, as they are in every row we make."""
    inner, optional = unwrap(annotation)
    values = _required(inner)
    return st.none() | values if optional else values


def _required(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation is Json:
        return OBJECTS
    if dataclasses.is_dataclass(annotation):
        return rows_of(annotation)
    if typing.get_origin(annotation) is list:
        return st.lists(values_of(typing.get_args(annotation)[0]), max_size=2)
    if typing.get_origin(annotation) is dict:
        return st.dictionaries(TEXT, TEXT, max_size=2)
    return {str: TEXT, int: INT64, float: FLOATS, bool: st.booleans()}[annotation]
