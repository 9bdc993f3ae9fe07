"""Calls that must not reach a goal, made of the one that does.

    list(mutants_of(goal, schema, domain, known))   # Mutant("altered", "city", {"city": "Oslozq"}), Mutant("empty", None, {})

Kinds: `altered` holds a value that is in no table, `swapped` one of the same domain, `dropped` lacks a required argument,
`mistyped` has one of the wrong type, `empty` has no arguments at all, `optioned` asks for what is in no table with an argument
more that may be left out, `listed` has a value that the schema names and that is an answer, `unlisted` another one in its place.
"""

import json
import math
import random
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from astra_data.audit.finding import properties, required
from astra_data.messages import JsonObject
from astra_data.rollout.goals import same
from astra_data.rows.environments import Goal
from astra_data.tools.validate import argument_error

MOST_SWAPS = 8
NEAR = 4
"""Values with letters and digits where the gold one has them."""
FACTORS = (1000, 3, 170)
"""By how much numbers grow that nobody asked for: each by another factor, since a share of scaled numbers stays the same."""
WRONG: tuple[Any, ...] = ("abc", 17, 2.5, True, None, [], {})
SEARCHED = ("search", "quer", "keyword", "contain", "prefix", "pattern", "start", "text", "partial", "substring", "match")
"""Words by which a parameter says that a part of a value finds it."""
EVERYTHING = (*SEARCHED, "*", "wildcard", "empty", "blank", "for all", "for any", "for every", "'all'", '"all"', "`all`")
"""Words by which a parameter says that one value stands for all."""
ORDERED = re.compile(r"[-+]?[\d.,:/ -]+([T ][\d:.]+)?(Z|[+-]\d\d:?\d\d)?")
"""Texts that are dates, times or numbers: the next one may well have the same answer."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A call and how it differs from the gold call, in which argument."""

    kind: str
    argument: str | None
    arguments: JsonObject


def mutants_of(goal: Goal, schema: Any, domain: Mapping[str, list[Any]], known: Set[str]) -> Iterator[Mutant]:
    """All mutants of a gold call. `domain` has other values of the same kind by argument, `known` all texts of the tables."""
    must = required(schema)
    for name, value in goal.arguments.items():
        about = properties(schema).get(name) or {}
        unknown = [*altered(value, about), *(near(value, about, known) if name in must else ())]
        yield from (_with(goal, "altered", name, other) for other in unknown)
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
        yield from filter(_finite, (value + 1, value - 1, value + 98_765, -value - 31, value * 1000 + 7))
    elif isinstance(value, list):
        yield from ([], ["zq-1-xv"] if value and isinstance(value[0], str) else [987_654_321])
    elif isinstance(value, dict):
        yield from ({}, {"zq": "xv"})


def _finite(value: float) -> bool:
    """Whether a number can be sent: a large one times a thousand may be none."""
    return -math.inf < value < math.inf


def near(value: Any, about: Mapping[str, Any], known: Set[str]) -> Iterator[str]:
    """Texts that are made like this one and that nobody has, where tables show what there is, and those that might stand for all.

    They differ by more than case and spaces around: whoever does without those may have meant the same.
    """
    said = str(about.get("description", "")).lower()
    if isinstance(value, str) and value and not any(word in said for word in EVERYTHING):
        yield from ("*", "")
    if not isinstance(value, str) or value not in known or ORDERED.fullmatch(value) or any(word in said for word in SEARCHED):
        return
    rng = random.Random(f"near/{value}")
    places = [at for at, each in enumerate(value) if each.isalnum()]
    single = [f"{value[:at]}{_other(value[at], rng)}{value[at + 1 :]}" for at in (*places[-1:], *places[:1])]
    whole = ["".join(_other(each, rng) if each.isdigit() else each for each in value) for _ in range(NEAR // 2)]
    whole += ["".join(_other(each, rng) for each in value) for _ in range(NEAR // 2)]
    seen = {text.casefold() for text in known}
    yield from (text for text in dict.fromkeys([*single, *whole, value[::-1]]) if text.casefold() not in seen)


def _other(character: str, rng: random.Random) -> str:
    """Another digit for a digit, another letter for a letter."""
    if character.isdigit():
        return rng.choice("0123456789".replace(character, "") or "0")
    if not character.isalpha():
        return character
    other = rng.choice("abcdefghijklmnopqrstuvwxyz".replace(character.lower(), ""))
    return other.upper() if character.isupper() else other


def optioned(goal: Goal, schema: Any) -> Iterator[Mutant]:
    """Calls for what is in no table, each with one argument more that the schema has and the gold call has not; one without."""
    must, free = required(schema), [name for name in properties(schema) if name not in goal.arguments]
    given = {name: value for name, value in goal.arguments.items() if name in must and not isinstance(value, bool)}
    texts: dict[str, Any] = {name: f"zq-{len(value)}-xv" for name, value in given.items() if isinstance(value, str)}
    numbers = [name for name, value in given.items() if isinstance(value, int | float)]
    asked = texts or {name: given[name] * FACTORS[at % len(FACTORS)] + 7 for at, name in enumerate(numbers)}
    asked = {name: value for name, value in asked.items() if isinstance(value, str) or _finite(value)}
    if free and asked:
        yield Mutant("optioned", None, {**goal.arguments, **asked})
        yield from (Mutant("optioned", name, {**goal.arguments, **asked, name: value}) for name in free
                    for value in _options(properties(schema)[name]))


def _options(about: Any) -> list[Any]:
    """Values of a parameter that a maker would think of."""
    about = about if isinstance(about, Mapping) else {}
    if isinstance(about.get("enum"), list):
        return list(about["enum"][:MOST_SWAPS])
    by_type: dict[str, list[Any]] = {"boolean": [True, False], "integer": [1, 100], "number": [1, 100],
                                     "string": ["all", "*", "debug"], "array": [["all"]], "object": [{}]}
    kinds = about["type"] if isinstance(about.get("type"), list) else [about.get("type")]
    return [value for kind in kinds for value in by_type.get(str(kind), [True, "all"] if kind is None else [])]


def mistyped(value: Any, about: Any, must: bool) -> Iterator[Any]:
    """Values that the schema does not allow for their type. For an argument that may be left out, null may mean just that."""
    if not isinstance(about, Mapping) or not about.get("type"):
        return
    bare = {"type": about["type"]}
    digits = re.sub("[^0-9]", "", value)[:15] if isinstance(value, str) else ""
    spelled = [json.dumps(value)] if not isinstance(value, str) else [int(digits)] if digits else []
    for wrong in (*WRONG, *spelled, [value]):
        if (wrong is not None or must) and argument_error({"properties": {"it": bare}}, {"it": wrong}):
            yield wrong
