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
            return self._rng.choice(own)
        if parameter in self._shared:
            return self._shared[parameter]
        common = self._facts.get(parameter)
        value = self._rng.choice(common) if common else self._invent(tool, parameter, _narrow(schema), taken or [])
        if isinstance(value, str) and "enum" not in _narrow(schema):
            self._shared[parameter] = value
        return value

    def _invent(self, tool: str, parameter: str, schema: JsonObject, taken: list[Any]) -> Any:
        options = [option for option in _listed(schema) if option not in taken]
        if options:
            return self._rng.choice(options)
        kind = schema.get("type")
        if kind == "boolean":
            return self._rng.choice([True, False])
        if kind in ("integer", "number"):
            return self._number(schema)
        if kind == "string" and parameter in FREE_TEXT:
            return self._rng.choice(FREE_TEXT[parameter])
        raise Abstained(f"no value is known for {tool}.{parameter}")

    def _number(self, schema: JsonObject) -> int | float:
        low = _bound(schema, ("minimum", "exclusiveMinimum"), 1.0)
        high = _bound(schema, ("maximum", "exclusiveMaximum"), low + 40)
        value = low + (high - low) * self._rng.uniform(0.1, 0.9)
        return round(value, 1) if schema["type"] == "number" else max(math.ceil(value), int(low))


def _bound(schema: JsonObject, keys: tuple[str, ...], default: float) -> float:
    return next((float(schema[key]) for key in keys if key in schema), default)


def _narrow(schema: JsonObject) -> JsonObject:
    """The first arm of a union that is not null."""
    for arm in schema.get("anyOf") or schema.get("oneOf") or ():
        if isinstance(arm, dict) and arm.get("type") != "null":
            return {**schema, **arm}
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
