"""Calls that must not reach a goal, made of the one that does.

    list(mutants_of(goal, schema, domain))     # Mutant("altered", "city", {"city": "Oslozq"}), Mutant("dropped", "city", {}), ...

Kinds: `altered` holds a value that is in no table, `swapped` one of the same domain, `dropped` lacks a required argument,
`mistyped` has one of the wrong type, `empty` has no arguments at all, `listed` has a value that the schema names and that is an
answer.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from astra_data.audit.finding import properties, required
from astra_data.messages import JsonObject
from astra_data.rollout.goals import same
from astra_data.rows.environments import Goal
from astra_data.tools.validate import argument_error

MOST_SWAPS = 8
WRONG: tuple[Any, ...] = ("abc", 17, 2.5, True, None, [], {})
SEARCHED = ("search", "quer", "keyword", "contain", "prefix", "pattern", "start", "text", "partial", "substring", "match")
"""Words by which a parameter says that a part of a value finds it."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A call and how it differs from the gold call, in which argument."""

    kind: str
    argument: str | None
    arguments: JsonObject


def mutants_of(goal: Goal, schema: Any, domain: Mapping[str, list[Any]]) -> Iterator[Mutant]:
    """All mutants of a gold call. `domain` has other values of the same kind by argument."""
    must = required(schema)
    for name, value in goal.arguments.items():
        about = properties(schema).get(name) or {}
        yield from (_with(goal, "altered", name, other) for other in altered(value, about))
        yield from (_with(goal, "swapped", name, other) for other in domain.get(name, [])[:MOST_SWAPS] if not same(other, value))
        yield from (_with(goal, "mistyped", name, other) for other in mistyped(value, about, name in must))
        if name in must:
            yield Mutant("dropped", name, {key: each for key, each in goal.arguments.items() if key != name})
    if goal.arguments:
        yield Mutant("empty", None, {})


def _with(goal: Goal, kind: str, name: str, value: Any) -> Mutant:
    return Mutant(kind, name, {**goal.arguments, name: value})


def altered(value: Any, about: Mapping[str, Any]) -> Iterator[Any]:
    """Values near to this one, and far from it, that nobody has."""
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, str):
        middle = len(value) // 2
        yield f"{value}zq"
        yield f"{value[:middle]}qx{value[middle + 1 :]}"
        yield f"zq-{len(value)}-xv"
        if len(value) > 3 and not any(word in str(about.get("description", "")).lower() for word in SEARCHED):
            yield value[:-1]
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, value + 98_765, -value - 31, value * 1000 + 7)
    elif isinstance(value, list):
        yield from ([], ["zq-1-xv"] if value and isinstance(value[0], str) else [987_654_321])
    elif isinstance(value, dict):
        yield from ({}, {"zq": "xv"})


def mistyped(value: Any, about: Any, must: bool) -> Iterator[Any]:
    """Values that the schema does not allow for their type. For an argument that may be left out, null may mean just that."""
    if not isinstance(about, Mapping) or not about.get("type"):
        return
    bare = {"type": about["type"]}
    spelled = json.dumps(value) if not isinstance(value, str) else None
    for wrong in (*WRONG, *([spelled] if spelled else [])):
        if (wrong is not None or must) and argument_error({"properties": {"it": bare}}, {"it": wrong}):
            yield wrong
