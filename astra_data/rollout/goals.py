"""Whether a call reaches a goal: typed comparison, never a bare substring test ("3" is not in "13").

    >>> Match("text"), reaches(goal, made)        # goal.answer "Oslo", made.response "It is in Oslo."
    True

Everything that is compared can be read from the messages of a rollout, except the state that goals of kind `state` ask for.
"""

import functools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from astra_data.messages import JsonObject, Message, calls_of, results_of
from astra_data.nesting import too_deep
from astra_data.rows.environments import EnvironmentTurn, Goal
from astra_data.text.composed import composed
from astra_data.text.occurrences import occurrences

_as_json = json.JSONEncoder(ensure_ascii=False).encode

MISSING = object()
"""The part at a path that is not there; equal to no answer."""

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d{1,3})?")
MOST_DIGITS = 20
"""Of an index in a path."""
UNSPACED = re.compile(
    "[\u0e00-\u0e4e\u0e80-\u0eff\u1000-\u103f\u1780-\u17d3\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)
"""Ranges of the scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana and Han."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call that a rollout made. `arguments` are null for a malformed call; `response` is JSON where the result is, else text;
    `state` is the state after the call where goals ask for it; `turn` counts user turns from 0."""

    name: str
    arguments: JsonObject | None
    response: Any
    turn: int = 0
    state: Any = None
    before: Any = None


def ask_for_state(turns: Iterable[EnvironmentTurn]) -> bool:
    """Whether a goal is reached by the state that a call leaves."""
    return any(goal.match.kind == "state" for turn in turns for goal in turn.goals)


def calls_made(messages: list[Message]) -> list[Made]:
    """Every call of a conversation in order, unknown names and malformed calls included. A call without a result has None."""
    results, turn, turns = results_of(messages), -1, []
    for message in messages:
        turn += message["role"] == "user"
        turns.append(max(turn, 0))
    return [
        Made(call.name, None if call.malformed else call.arguments, parsed(results.get(call.id)), turns[call.message])
        for call in calls_of(messages)
    ]


def parsed(content: str | None) -> Any:
    """A tool result as JSON if it is, else as the text that it is: `NaN` is a text, since it is no JSON."""
    try:
        value = None if content is None else json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return content
    return content if too_deep(value) else value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def with_defaults(arguments: JsonObject, parameters: Mapping[str, Any]) -> JsonObject:
    """The arguments with the defaults that the schema states for those left out, so that both spellings are one call."""
    stated = {name: schema["default"] for name, schema in (parameters.get("properties") or {}).items()
              if isinstance(schema, dict) and "default" in schema}
    return {**stated, **arguments}


def reaches(goal: Goal, made: Made, parameters: Mapping[str, Any] | None = None) -> bool:
    """Whether the call is one that reaches the goal. `parameters` is the schema of the goal's tool. Raises `ValueError` for a
    match of unknown kind."""
    kind = goal.match.kind
    if kind == "state":
        return holds(goal.answer, made.state) and not holds(goal.answer, made.before)
    if made.name != goal.tool or made.arguments is None:
        return False
    if kind == "call":
        if goal.arguments is None:
            raise ValueError(f"goal {goal.id}: a match of kind call needs the arguments of the call")
        wanted, given = with_defaults(goal.arguments, parameters or {}), with_defaults(made.arguments, parameters or {})
        return same(wanted, given) and same(goal.response, made.response)
    if kind not in COMPARE:
        raise ValueError(f"unknown kind of match: {kind}")
    return COMPARE[kind](goal.answer, part(made.response, goal.match.path), goal.match.tolerance or 0.0)


def part(value: Any, path: str | None) -> Any:
    """The part of a JSON value at a dotted path of names and indices, or `MISSING`."""
    for step in path.split(".") if path else ():
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and len(step) < MOST_DIGITS and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: numbers by value, true and false unlike 1 and 0, objects in any key order."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right) and isinstance(left, str) == isinstance(right, str)


def _hashable(value: Any) -> Hashable:
    """Equal for two JSON values just if they are the `same`. Numbers are spelled out, so that nobody can choose their hashes."""
    if isinstance(value, dict):
        return "object", frozenset((name, _hashable(part)) for name, part in value.items())
    if isinstance(value, list):
        return "list", *map(_hashable, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", str(int(value) if math.isfinite(value) and value == int(value) else value)
    return "other", value


def holds(wanted: Any, state: Any) -> bool:
    """Whether every part of `wanted` is in the state: objects by their named parts, anything else as a whole."""
    if isinstance(wanted, dict):
        return isinstance(state, dict) and all(name in state and holds(value, state[name]) for name, value in wanted.items())
    return same(wanted, state)


def _exact(answer: Any, found: Any, _: float) -> bool:
    return found is not MISSING and same(answer, found) and isinstance(answer, float) == isinstance(found, float)


def _json(answer: Any, found: Any, _: float) -> bool:
    return found is not MISSING and same(answer, found)


def _number(answer: Any, found: Any, tolerance: float) -> bool:
    wanted, given = number_of(answer), number_of(found)
    return wanted is not None and given is not None and abs(wanted - given) <= Decimal(repr(tolerance))


def _set(answer: Any, found: Any, _: float) -> bool:
    if not isinstance(answer, list) or not isinstance(found, list) or len(answer) != len(found):
        return False
    return Counter(map(_hashable, answer)) == Counter(map(_hashable, found))


def _text(answer: Any, found: Any, _: float) -> bool:
    return found is not MISSING and stands_in(text_of(answer), text_of(found))


COMPARE: Mapping[str, Callable[[Any, Any, float], bool]] = {
    "exact": _exact, "json": _json, "number": _number, "set": _set, "text": _text,
}
"""Kind of match -> comparison of answer, found part and tolerance."""


def number_of(value: Any) -> Decimal | None:
    """The number that a JSON number, or a text that is nothing but one, stands for, as it is written: so 93.51 is 0.01 from 93.5,
    and large integers stay apart."""
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


def text_of(value: Any) -> str:
    """A JSON value as text: texts as they are, anything else as JSON."""
    if isinstance(value, str):
        return value
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return repr(value)
    return _as_json(value)


@functools.lru_cache(4096)
def normalised(text: str) -> str:
    """Text without differences of case, width, composition, spacing and minus signs."""
    plain = text if text.isascii() else composed("NFKC", text).replace("\u2212", "-")
    return " ".join(plain.casefold().split())


def stands_in(wanted: str, text: str) -> bool:
    """Whether `wanted` stands in the text as whole tokens, a number not as a part of a longer, negative or compound one.

    Where a script puts no spaces between words, nobody can tell a word from a part of one: there, too, `wanted` must be set off
    by punctuation, spaces or another script.
    """
    wanted, text = normalised(wanted), normalised(text)
    size = len(wanted)
    return bool(wanted) and any(
        _set_off(wanted, text[max(0, at - 2) : at], text[at + size : at + size + 2]) for at in occurrences(wanted, text)
    )


def _set_off(wanted: str, before: str, after: str) -> bool:
    """Whether the text is no part of a longer token; `before` and `after` are the two characters on each side."""
    first, last = wanted[1:2] if wanted[0] in "+-" else wanted[0], wanted[-1]
    if _runs_on(first, before[-1:]) or _runs_on(last, after[:1]):
        return False
    if first.isdecimal() and (before.endswith("-") or (before[:1].isdecimal() and before[1:] in (".", ",", "/", ":"))):
        return False
    return not (last.isdecimal() and after[:1] in ("-", ".", ",", "/", ":") and after[1:].isdecimal())


def _runs_on(character: str, neighbour: str) -> bool:
    """Whether the two are of the same kind of writing."""
    if UNSPACED.match(character):
        return UNSPACED.match(neighbour) is not None
    return bool(_wordly(character) and _wordly(neighbour) and not UNSPACED.match(neighbour))


def _wordly(character: str) -> bool:
    return character.isalnum() or character == "_"

