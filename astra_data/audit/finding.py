"""How checks speak: short helpers to make an `AuditCheck`, and what counts as an answer that could give something away.

    >>> informative("Oslo"), informative(3), informative(True)
    (True, False, False)
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from astra_data.rollout.goals import stands_in, text_of
from astra_data.rows.environments import AuditCheck, Environment, Goal

NOT_APPLICABLE = "not applicable: "
NOT_MADE = "not made: "
LONGEST = 300
DIGITS = re.compile(r"\d+")
ESCAPED = re.compile(r"\\(.)")


def verdict(check: str, tool: str | None, faults: Iterable[str], seen: str) -> AuditCheck:
    """Passed with what was `seen` where there is no fault; else failed, with the first faults as evidence."""
    told = list(dict.fromkeys(faults))
    return AuditCheck(check, tool, not told, ("; ".join(told[:3]) if told else seen)[:LONGEST])


def not_applicable(check: str, tool: str | None, why: str) -> AuditCheck:
    return AuditCheck(check, tool, None, NOT_APPLICABLE + why)


def not_made(check: str, tool: str | None, why: str) -> AuditCheck:
    return AuditCheck(check, tool, None, (NOT_MADE + why)[:LONGEST])


def goals_of(environment: Environment) -> list[Goal]:
    return [goal for turn in environment.turns for goal in turn.goals]


def only_calls(environment: Environment) -> bool:
    """Whether the goals are calls with recorded responses, so that no answer can be had without the call itself."""
    return all(goal.match.kind == "call" for goal in goals_of(environment))


def parameters(schema: Any) -> Mapping[str, Any]:
    """The JSON Schema of the arguments."""
    found = schema.get("parameters") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def properties(schema: Any) -> Mapping[str, Any]:
    return parameters(schema).get("properties") or {}


def required(schema: Any) -> list[str]:
    return list(parameters(schema).get("required") or ())


def is_answer(goal: Goal) -> bool:
    """Whether a response reaches the goal by what it says."""
    return goal.match.kind not in ("call", "state") and goal.answer is not None


def informative(answer: Any) -> bool:
    """Whether the answer is unlikely to stand somewhere by chance: three characters at least, and no truth value."""
    return answer is not None and not isinstance(answer, bool) and len(text_of(answer).strip('[]{}"')) >= 3


def numbers_in(value: Any) -> set[int]:
    """The runs of digits in a value, as numbers: 3 is one of `2025-06-03`."""
    return {int(run) for run in DIGITS.findall(text_of(value)) if len(run) < 20}


def stated(answer: Any, text: str, inputs: Any) -> bool:
    """Whether the text tells the answer and the inputs do not. A short number counts only if no part of an input is it."""
    if answer is None or isinstance(answer, bool):
        return False
    if not informative(answer) and not (isinstance(answer, int | float) and not numbers_in(answer) & numbers_in(inputs)):
        return False
    if not told_in(answer, text):
        return False
    given = list(map(text_of, scalars(inputs)))
    return told_in(answer, text, given) and not any(told_in(answer, each) for each in given)


def told_in(answer: Any, text: str, known: Iterable[str] = ()) -> bool:
    """Whether an answer stands in a text: as it is, in a JSON text within JSON, or a list or object by all that it holds and that
    is not `known`."""
    plain = ESCAPED.sub(lambda found: " " if found[1] in "bfnrt" else found[1], text) if "\\" in text else text
    if stands_in(text_of(answer), plain):
        return True
    parts = [text_of(each) for each in leaves(answer) if each is not None and not isinstance(each, bool)]
    parts = [each for each in parts if each not in known]
    return len(parts) > 1 and any(map(informative, parts)) and all(stands_in(each, plain) for each in parts)


def leaves(value: Any) -> Iterator[Any]:
    """The texts and numbers of a list or an object; nothing for others."""
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(each) if isinstance(each, dict | list) else [each]


def within(part: Any, value: Any) -> bool:
    """Whether an object stands, whole, somewhere inside a JSON value, and is not all of it."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return any((isinstance(part, dict) and part and each == part) or within(part, each) for each in inner)


def scalars(value: Any) -> Iterator[Any]:
    """The texts and numbers inside a JSON value, and its lists as they are."""
    if isinstance(value, dict):
        for each in value.values():
            yield from scalars(each)
    elif isinstance(value, list):
        yield value
        for each in value:
            yield from scalars(each)
    else:
        yield value
