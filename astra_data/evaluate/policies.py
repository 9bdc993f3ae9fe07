"""Policies to measure others by: one that calls at random, and one that says nothing.

    await act(arena, RandomPolicy(arena, seed=7), sandbox)
"""

import math
import random
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from astra_data.messages import JsonObject, Message, assistant, calls_of, tool_call
from astra_data.rows import Arena
from astra_data.teacher.teacher import Turn
from astra_data.tools.validate import argument_error

T = TypeVar("T")

TRIES = 20
"""Draws of a tool and its arguments before a turn ends without a call."""
WORD = re.compile(r"\w[\w.-]*\w|\w")


class EmptyPolicy:
    """Says nothing and calls nothing."""

    name = "empty"

    @property
    def sampling(self) -> JsonObject:
        return {}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        """See `Policy.act`."""
        return Turn(assistant(""))


class RandomPolicy:
    """Makes calls that the schemas allow, one in a turn, in number between one and twice the goals of the user's turn; texts are
    drawn from the words of the conversation."""

    name = "random"

    def __init__(self, arena: Arena, seed: int) -> None:
        self._goals = [len(turn.goals) for turn in arena.turns]
        self._seed, self._key = seed, f"{seed}/random/{arena.id}"

    @property
    def sampling(self) -> JsonObject:
        return {"seed": self._seed}

    async def act(self, messages: list[Message], tools: list[JsonObject], *, sample: int = 0) -> Turn:
        """See `Policy.act`."""
        asked = [index for index, message in enumerate(messages) if message["role"] == "user"]
        turn = len(asked) - 1
        most = random.Random(f"{self._key}/{sample}/{turn}").randint(1, 2 * max(self._goals[turn], 1))
        rng = random.Random(f"{self._key}/{sample}/{turn}/{len(messages)}")
        call = self._call(rng, messages, tools) if sum(1 for _ in calls_of(messages[asked[-1] :])) < most else None
        return Turn(assistant("Done.") if call is None else assistant("", [call]))

    def _call(self, rng: random.Random, messages: Sequence[Message], tools: Sequence[JsonObject]) -> JsonObject | None:
        words = list(dict.fromkeys(word for message in messages for word in WORD.findall(str(message.get("content") or ""))))
        for _ in range(TRIES if tools else 0):
            function = rng.choice(tools)["function"]
            parameters = _of(dict, function.get("parameters"))
            arguments = value_of({"type": "object"} | parameters, rng, words)
            if argument_error(parameters, arguments) is None:
                return tool_call(f"call_{sum(1 for _ in calls_of(list(messages))) + 1}", function["name"], arguments)
        return None


def value_of(schema: Any, rng: random.Random, words: Sequence[str]) -> Any:
    """A value that mostly fits the schema; of an object the required properties alone. A schema that is no object, such as true,
    says nothing, and neither does a keyword whose value no schema may have."""
    schema = _of(dict, schema)
    if options := _of(list, schema.get("enum")):
        return rng.choice(options)
    kinds = schema.get("type")
    kind = rng.choice(kinds) if kinds and isinstance(kinds, list) else kinds
    if kind == "object":
        properties = _of(dict, schema.get("properties"))
        return {name: value_of(properties.get(name), rng, words) for name in _of(list, schema.get("required"))}
    if kind == "array":
        return [value_of(schema.get("items"), rng, words) for _ in range(max(1, math.ceil(_number(schema.get("minItems"), 1))))]
    if kind in ("integer", "number"):
        low = math.ceil(_number(schema.get("minimum"), 0))
        high = math.floor(_number(schema.get("maximum"), low + 100))
        return rng.randint(min(low, high), high)
    if kind == "boolean":
        return rng.random() < 0.5
    return None if kind == "null" else rng.choice(words) if words else "x"


def _of(kind: type[T], value: Any) -> T:
    return value if isinstance(value, kind) else kind()


def _number(value: Any, default: float) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default
