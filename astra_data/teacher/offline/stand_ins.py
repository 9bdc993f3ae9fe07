"""A server and a user without a model.

An emulated call gives typed values that its output schema and its arguments decide, the same for the same call, and changes no
world. Where the schema does not say what a value could be, and no argument has its name, it abstains. The user tells one part
after the other and stops.
"""

import random
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows.canonical import digest
from astra_data.teacher.offline.lexicon import label
from astra_data.teacher.offline.values import Draw, narrow
from astra_data.teacher.stand_ins import EmulateCall, Emulated, SimulateUser, UserTurn
from astra_data.teacher.teacher import Abstained
from astra_data.tools.validate import argument_error

MOST_ITEMS = 3
DEEPEST = 6


def emulate(inputs: EmulateCall, sample: int) -> Emulated:
    """A result that fits the output schema. Raises `Abstained` for a tool that has none, or for one that cannot be filled."""
    schema = inputs.tool.output_schema
    if not schema:
        raise Abstained(f"{inputs.tool.name} has no output schema")
    seed = digest([inputs.server.name, inputs.tool.name, inputs.arguments])
    value = _Fill(random.Random(seed), inputs).value("result", {"type": "object"} | schema)
    if wrong := argument_error(schema, value, root="result"):
        raise Abstained(f"the output schema of {inputs.tool.name} cannot be filled: {wrong}")
    return Emulated(result=value)


def reply(inputs: SimulateUser, sample: int) -> UserTurn:
    """The first part that is still held back, or the end."""
    if not inputs.untold:
        return UserTurn(done=True)
    part = min(inputs.untold)
    return UserTurn(done=False, message=inputs.goal[part], tells=[part])


class _Fill:
    """Fills one schema. A field with the name and type of an argument has its value."""

    def __init__(self, rng: random.Random, inputs: EmulateCall) -> None:
        self._rng, self._arguments, self._tool = rng, inputs.arguments, inputs.tool.name
        self._draw = Draw(rng, {})

    def value(self, name: str, schema: Any, depth: int = 0) -> Any:
        """A value for a field. Raises `Abstained` where nothing says what it could be."""
        if not isinstance(schema, dict) or depth > DEEPEST or "$ref" in schema:
            raise Abstained(f"no value is known for {self._tool}.{name}")
        schema = narrow(schema)
        if name in self._arguments and argument_error(schema, self._arguments[name]) is None:
            return self._arguments[name]
        if schema.get("type") == "object" or "properties" in schema:
            return self._object(schema, depth)
        if schema.get("type") == "array":
            return self._array(name, schema, depth)
        if schema.get("type") == "string" and not {"enum", "const", "examples", "pattern", "format"} & schema.keys():
            return f"{label(name)} {self._rng.randint(100, 999)}"
        return self._draw.value(self._tool, name, schema)

    def _object(self, schema: JsonObject, depth: int) -> JsonObject:
        """The required properties, and others where a value is known."""
        filled: JsonObject = {}
        for name, inner in (schema.get("properties") or {}).items():
            try:
                filled[name] = self.value(name, inner, depth + 1)
            except Abstained:
                if name in (schema.get("required") or ()):
                    raise
        return filled

    def _array(self, name: str, schema: JsonObject, depth: int) -> list[Any]:
        fewest = int(schema.get("minItems") or 1)
        count = self._rng.randint(fewest, max(fewest, min(int(schema.get("maxItems") or MOST_ITEMS), MOST_ITEMS)))
        return [self.value(name.removesuffix("s"), schema.get("items"), depth + 1) for _ in range(count)]
