"""What a recorded call took from which: for each value among its arguments, where it could be had.

    flows(calls, request)       # {"1": [], "2": ["1"]}, or the reason why it cannot be told

A value comes from the request if it stands there; else from the earliest call whose result holds it, or whose arguments do; else
it may be one that anybody could choose. A value of none of these, and a number that follows from several results at once, has no
source.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rollout.goals import number_of, stands_in, text_of
from astra_data.stages.trajectories.grounding import DIGIT, IDENTIFIER, MOST_LOOKED_UP, SMALL, Known
from astra_data.tools.naming import words

TOKEN = re.compile(r"[\w@./\\:#-]+")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call that went well. `made` and `seen` are the messages of the call and of its result, `tool` its OpenAI document."""

    id: str
    name: str
    arguments: JsonObject
    content: str
    response: Any
    tool: JsonObject
    made: int
    seen: int


class NoSourceError(ValueError):
    """A value that has no single source."""


def flows(calls: Sequence[Recorded], request: str) -> dict[str, list[str]]:
    """For each call the earlier ones that it takes a value from, in order. Raises `NoSourceError`."""
    found = {}
    for call in calls:
        before = [other for other in calls if other.seen < call.made]
        said = Known.of([request, json.dumps(call.tool, ensure_ascii=False)])
        different = {(name, repr(value)): (name, value) for name, value in _scalars(call.arguments)}
        values = islice(different.values(), MOST_LOOKED_UP)
        sources = {source for name, value in values for source in _sources(name, value, call, before, request, said)}
        found[call.id] = [other.id for other in before if other.id in sources]
    return found


def _scalars(value: Any, name: str = "") -> Iterator[tuple[str, str | int | float]]:
    """The texts and numbers inside a JSON value, each with the name of its field."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _scalars(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner, name)
    elif isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield name, value


def _sources(name: str, value: str | int | float, call: Recorded, before: Sequence[Recorded], request: str,
             said: Known) -> set[str]:
    """The calls that a value is from; none if it is the user's, or one that anybody could choose."""
    if stands_in(text_of(value), request) or not text_of(value).strip():
        return set()
    for holds in (_result_holds, _arguments_hold):
        if holding := [other.id for other in before if holds(other, name, value)]:
            return set(holding[:1])
    if isinstance(value, str):
        return _of_parts(name, value, call, before, said)
    return set() if said.choosable(value) else {_calculated(name, value, before, request)}


def _of_parts(name: str, value: str, call: Recorded, before: Sequence[Recorded], said: Known) -> set[str]:
    """The sources of the parts of a text that point at something; a text without any is the assistant's own words."""
    if IDENTIFIER.fullmatch(value) and said.identifier(value):
        return set()
    sources = set()
    tokens = (token for token in dict.fromkeys(TOKEN.findall(value)) if DIGIT.search(token) or IDENTIFIER.fullmatch(token))
    for part in (token.strip(".,:") for token in islice(tokens, MOST_LOOKED_UP)):
        if stands_in(part, said.text) or said.identifier(part) or _choosable(part, said):
            continue
        found = next((one.id for one in before if stands_in(part, one.content) or stands_in(part, _told(one.arguments))), None)
        if found is None:
            raise NoSourceError(f"{call.name}: nobody had mentioned {name} {part!r}")
        sources.add(found)
    return sources


def _choosable(part: str, said: Known) -> bool:
    number = number_of(part)
    return number is not None and said.choosable(float(number))


def _calculated(name: str, value: int | float, before: Sequence[Recorded], request: str) -> str:
    """The first call whose result, with the request, a number follows from."""
    for other in before:
        if Known.of([request, other.content]).number(value):
            return other.id
    raise NoSourceError(f"{name} {value} follows from no single result")


def _result_holds(call: Recorded, name: str, value: str | int | float) -> bool:
    """Whether the result has the value. A small number must stand under a name that shares a word with the parameter's: as a mere
    number it may be anything."""
    if isinstance(value, str):
        return stands_in(value, call.content)
    held = [key for key, inner in _scalars(call.response) if number_of(inner) == value]
    if abs(value) <= SMALL and value == int(value):
        return any({*words(name)} & {*words(key)} for key in held)
    return bool(held) or (isinstance(call.response, str) and stands_in(text_of(value), call.response))


def _arguments_hold(call: Recorded, name: str, value: str | int | float) -> bool:
    """Whether the call was given the value before, under the same name if it is small."""
    held = [key for key, inner in _scalars(call.arguments) if inner == value]
    small = isinstance(value, int | float) and abs(value) <= SMALL
    return (name in held) if small else bool(held)


def _told(arguments: JsonObject) -> str:
    return json.dumps(arguments, ensure_ascii=False)
