"""Concrete values for parameters: from the facts that came with the ask, else from the schema, else none.

    >>> Draw(random.Random(0), {"path": ["budget.xlsx"]}).value("read_range", "path", {"type": "string"})
    'budget.xlsx'
"""

import math
import random
import re
from typing import Any

from astra_data.messages import JsonObject
from astra_data.teacher.teacher import Abstained
from astra_data.tools.validate import argument_error

QUOTED = re.compile(r"""['"`]([^'"`]{1,60})['"`]""")
FREE_TEXT = {
    "text": ["The new season starts in March", "Please keep the receipts", "Opening hours change on Monday"],
    "message": ["Update the shared notes", "Correct two typing errors", "Add the figures for March"],
    "title": ["Quarterly overview", "Meeting notes", "Plan for the spring"],
    "description": ["A short summary for the team", "Figures for the spring"],
    "note": ["Checked by the team", "To be confirmed next week"],
}


class Draw:
    """Draws the values of one task. A string parameter that several tools share keeps its value across them."""

    def __init__(self, rng: random.Random, facts: dict[str, list[Any]]) -> None:
        self._rng, self._facts = rng, facts
        self._shared: dict[str, Any] = {}

    def value(self, tool: str, parameter: str, schema: JsonObject, taken: list[Any] | None = None) -> Any:
        """A value that fits `schema` and is none of `taken`. Raises `Abstained` where nothing says what would fit."""
        own = self._facts.get(f"{tool}.{parameter}")
        if own:
            return _fitting(self._rng.choice(own), tool, parameter, schema)
        if parameter in self._shared and argument_error(schema, self._shared[parameter]) is None:
            return self._shared[parameter]
        common = self._facts.get(parameter)
        drawn = self._rng.choice(common) if common else self._invent(tool, parameter, narrow(schema), taken or [])
        value = _fitting(drawn, tool, parameter, schema)
        if isinstance(value, str) and "enum" not in narrow(schema):
            self._shared[parameter] = value
        return value

    def _invent(self, tool: str, parameter: str, schema: JsonObject, taken: list[Any]) -> Any:
        options = [option for option in _listed(schema) if option not in taken and argument_error(schema, option) is None]
        if options:
            return self._rng.choice(options)
        kind = schema.get("type")
        if kind == "boolean":
            return self._rng.choice([True, False])
        if kind in ("integer", "number"):
            try:
                return self._number(schema)
            except OverflowError:
                raise Abstained(f"no number is known for {tool}.{parameter}") from None
        if kind == "string" and parameter in FREE_TEXT:
            return self._rng.choice(FREE_TEXT[parameter])
        raise Abstained(f"no value is known for {tool}.{parameter}")

    def _number(self, schema: JsonObject) -> int | float:
        """Raises `OverflowError` where the numbers of the schema lie too far apart to reckon with."""
        low, high = _bounds(schema)
        value = low + (high - low) * self._rng.uniform(0.1, 0.9)
        step = schema.get("multipleOf") or 1
        up = math.ceil(value / step) * step
        candidates: list[int | float] = [up, up - step]
        if schema["type"] == "number":
            candidates = [round(value, 1), *candidates, round(value, 3), round(value, 6), value]
        return next((number for number in candidates if argument_error(schema, number) is None), up)


def _fitting(value: Any, tool: str, parameter: str, schema: JsonObject) -> Any:
    wrong = argument_error(schema, value)
    if wrong is not None:
        raise Abstained(f"no value that fits is known for {tool}.{parameter}: {wrong}")
    return value


def _bounds(schema: JsonObject) -> tuple[float, float]:
    """Lowest and highest number; what the schema leaves open is 40 away from the other end, and 1 if both are."""
    low = max((float(schema[key]) for key in ("minimum", "exclusiveMinimum") if _numeric(schema.get(key))), default=None)
    high = min((float(schema[key]) for key in ("maximum", "exclusiveMaximum") if _numeric(schema.get(key))), default=None)
    if low is None:
        low = 1.0 if high is None or high > 1 else high - 40
    return low, low + 40 if high is None else high


def _numeric(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def narrow(schema: JsonObject) -> JsonObject:
    """The first arm of a union, or of a list of types, that is not null."""
    for arm in schema.get("anyOf") or schema.get("oneOf") or ():
        if isinstance(arm, dict) and arm.get("type") != "null":
            return {**schema, **arm}
    if isinstance(schema.get("type"), list):
        return {**schema, "type": next((kind for kind in schema["type"] if kind != "null"), None)}
    return schema


def _listed(schema: JsonObject) -> list[Any]:
    """Values that the schema itself names: enum, const, examples, and quoted examples in a string's description."""
    if "const" in schema:
        return [schema["const"]]
    if schema.get("enum"):
        return [value for value in schema["enum"] if value is not None]
    if schema.get("examples"):
        return list(schema["examples"])
    description = schema.get("description") or ""
    if schema.get("type") == "string" and "e.g" in description:
        return QUOTED.findall(description.partition("e.g")[2])
    return []
