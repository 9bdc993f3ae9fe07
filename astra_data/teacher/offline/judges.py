"""Judgement by checks. Each function answers one ask from what can be checked, and abstains from the rest.

The reference tools are what the task's author expected. A check may say that they were used well; that another way is as
good is beyond it, and then it abstains.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from astra_data.exact import shallow
from astra_data.messages import Call, calls_of, final_answer, results_of
from astra_data.teacher.asks import (
    AnswerJudgement,
    CallJudgement,
    CallJudgements,
    Conversation,
    Judgement,
    RoundJudgement,
)
from astra_data.teacher.offline.lexicon import tokens
from astra_data.teacher.offline.policy import summary
from astra_data.teacher.teacher import Abstained
from astra_data.text.occurrences import stands

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w]|\.\d)")

WORDLY = re.compile(r"\w")
DIGITS = re.compile(r"\d+(?:\.\d+)?")
MOST_LOOKED_UP = 1_000
"""Values of a call that are looked up in what was said."""


def understanding(inputs: Conversation, sample: int) -> Judgement:
    """1 if every value of the first calls was given by the user, 0 if one was made up. Raises `Abstained` where a value may be
    what the user said in other words."""
    first = list(calls_of(inputs.messages[:3]))
    if not first:
        raise Abstained("the first message makes no call, so no check applies")
    for call in first:
        missing = _made_up(call, inputs)
        if missing is not None:
            return Judgement(reason=f"the user never gave {missing!r}", score=0, quote=str(missing))
    return Judgement(reason="every value of the first call was given by the user", score=1, quote=first[0].name)


def planning(inputs: Conversation, sample: int) -> Judgement:
    """1 if the expected tools were called in their order, 0.5 if some were, 0 if none. Raises `Abstained` if others were, too."""
    _need_reference(inputs)
    called = [call.name for call in calls_of(inputs.messages)]
    if other := next((name for name in called if name not in inputs.reference), None):
        raise Abstained(f"{other} was not expected; whether it was a detour cannot be checked")
    used = [name for name in inputs.reference if name in called]
    order = sorted(inputs.reference, key=lambda name: called.index(name) if name in called else len(called))
    if len(used) == len(inputs.reference):
        good = order == list(inputs.reference)
        return Judgement(reason="all expected tools, " + ("in order" if good else "out of order"), score=1 if good else 0.5)
    return Judgement(reason=f"{len(used)} of {len(inputs.reference)} expected tools were called", score=0.5 if used else 0)


def round_of_calls(inputs: Conversation, sample: int) -> RoundJudgement:
    """Planning: the round calls the expected tool that comes next. Understanding: a value of it stands in an earlier result
    (and not in the request), or a call that had succeeded is made again; otherwise nothing can be checked."""
    _need_reference(inputs)
    last = len(inputs.messages) - 1
    calls = list(calls_of(inputs.messages))
    now, before = [call for call in calls if call.message == last], [call for call in calls if call.message < last]
    if not now:
        raise Abstained("the message makes no call, so no check applies")
    rest = _left([call.name for call in before], inputs.reference)
    expected = [call.name for call in now] == rest[: len(now)]
    understanding = _understood(inputs, now, before)
    unseen = "; whether the last result was understood does not show" if understanding is None else ""
    return RoundJudgement(
        reason=("the next expected tool is called" if expected else "not the next expected tool") + unseen,
        understanding=understanding,
        planning=1 if expected else (0.5 if any(call.name in rest for call in now) else None),
        quote=now[0].name,
    )


def _left(called: list[str], reference: list[str]) -> list[str]:
    """The expected tools that are still to be called, in order. Each call takes one."""
    left = list(reference)
    for name in called:
        if name in left:
            left.remove(name)
    return left


def _understood(inputs: Conversation, now: list[Call], before: list[Call]) -> float | None:
    good = [call for call in before if call.id not in inputs.failed]
    if any((call.name, call.arguments) == (old.name, old.arguments) for call in now for old in good):
        return 0
    request = _user_texts(inputs)
    from_results = [call for call in now if _ungrounded(call.arguments, request) is not None]
    if not from_results:
        return None
    said = _said(inputs, now[0].message)
    return 1 if all(_ungrounded(call.arguments, said) is None for call in from_results) else 0


def necessity(inputs: Conversation, sample: int) -> CallJudgements:
    """1 for a call of an expected tool with given values. Raises `Abstained` if a tool that was not expected was called, or one
    more often than expected."""
    _need_reference(inputs)
    judged = []
    left = list(inputs.reference)
    for call in calls_of(inputs.messages):
        missing = _made_up(call, inputs)
        if missing is not None:
            judged.append(CallJudgement(call_id=call.id, necessary=0, reason=f"{missing!r} was made up"))
        elif call.name not in left:
            raise Abstained(f"{call.name} was not expected; whether it was needed cannot be checked")
        else:
            judged.append(CallJudgement(call_id=call.id, necessary=1, reason="an expected tool, with given values"))
        if call.name in left and call.id not in inputs.failed:
            left.remove(call.name)
    return CallJudgements(calls=judged)


def answer(inputs: Conversation, sample: int) -> AnswerJudgement:
    """Correct if every expected tool has a good result and the answer gives it; a summary if it gives every result, failures
    included, and no number of its own. Raises `Abstained` if the answer words a result in its own way."""
    _need_reference(inputs)
    text = _told(inputs)
    results = results_of(inputs.messages)
    missing = _left([call.name for call in calls_of(inputs.messages) if call.id in results.keys() - set(inputs.failed)],
                    inputs.reference)
    complete = all(_reports(text, results[call.id]) for call in _last_tries(inputs) if call.id in results)
    if invented := _invented_numbers(text, inputs):
        why = f"{invented[0]} stands in no result and not in the request"
        return AnswerJudgement(reason=why, correctness=0, summary=0, quote=invented[0])
    if missing:
        honest = 1 if complete and results else 0.5
        return AnswerJudgement(reason=f"no good result of {missing[0]}", correctness=0, summary=honest, quote="")
    if not complete:
        raise Abstained("the answer words a result in its own way")
    reason = "gives every result; its numbers stand in the results or in the request"
    return AnswerJudgement(reason=reason, correctness=1, summary=1, quote=text[:200])


def _told(inputs: Conversation) -> str:
    """The final answer, after those that the user had before."""
    answers = [message for message in inputs.messages if message["role"] == "assistant" and not message.get("tool_calls")]
    return "\n".join(message["content"] for message in answers) if final_answer(inputs.messages) else ""


def _last_tries(inputs: Conversation) -> list[Call]:
    """The calls without those that failed and were made again."""
    calls = list(calls_of(inputs.messages))
    made = [(call.name, call.arguments) for call in calls]
    return [call for number, call in enumerate(calls) if call.id not in inputs.failed or made[number] not in made[number + 1 :]]


def _need_reference(inputs: Conversation) -> None:
    if not inputs.reference:
        raise Abstained("no tools were expected, so no check applies")


def _reports(text: str, result: str) -> bool:
    return stands(summary(result), text, WORDLY, WORDLY)


def _invented_numbers(text: str, inputs: Conversation) -> list[str]:
    known = {float(number) for number in NUMBER.findall("\n".join(_said(inputs, len(inputs.messages))))}
    known |= {float(length) for length in _list_lengths(inputs)}
    return [number for number in NUMBER.findall(text) if float(number) not in known]


def _list_lengths(inputs: Conversation) -> list[int]:
    """Lengths of results that are JSON lists: an answer may count what it was given."""
    values = [shallow(result) for result in results_of(inputs.messages).values()]
    return [len(value) for value in values if isinstance(value, list)]


def _user_texts(inputs: Conversation) -> list[str]:
    return [message["content"] for message in inputs.messages if message["role"] == "user"]


def _said(inputs: Conversation, before: int) -> list[str]:
    """What the user and the tools had said before message `before`."""
    return [message["content"] for message in inputs.messages[:before] if message["role"] in ("user", "tool")]


def _made_up(call: Call, inputs: Conversation) -> Any:
    """A value of the call that nobody said, or None. Raises `Abstained` if it may be what was said in other words: one of the
    values that the schema lists, or one that shares a word with what was said."""
    said = _said(inputs, call.message)
    missing = _ungrounded(call.arguments, said)
    if missing is None:
        return None
    if missing in _listed(_parameters(call.name, inputs)) or _hinted(missing, " ".join(said)):
        raise Abstained(f"whether {missing!r} was meant cannot be checked")
    return missing


def _hinted(value: Any, said: str) -> bool:
    """True if what was said holds the number glued to letters (`5km`), or a word of the text."""
    if isinstance(value, str):
        return bool(tokens(value) & tokens(said))
    return any(float(digits) == abs(value) for digits in DIGITS.findall(said))


def _parameters(tool: str, inputs: Conversation) -> Any:
    functions = [offered["function"] for offered in inputs.tools]
    return next((function.get("parameters") for function in functions if function["name"] == tool), None)


def _listed(schema: Any) -> list[Any]:
    """Every value that a schema names: of enumerations, constants, defaults and examples, at any depth."""
    if isinstance(schema, list):
        return [value for inner in schema for value in _listed(inner)]
    if not isinstance(schema, dict):
        return []
    own = [*(schema.get("enum") or ()), *(schema.get("examples") or ()), schema.get("const"), schema.get("default")]
    return own + [value for inner in schema.values() for value in _listed(inner)]


def _ungrounded(value: Any, said: list[str]) -> Any:
    """The first text or number inside `value` that stands in none of the texts, or None. A number must stand there by itself."""
    numbers = {float(number) for text in said for number in NUMBER.findall(text)}
    lowered = [text.lower() for text in said]
    for one in islice(_scalars(value), MOST_LOOKED_UP):
        if isinstance(one, str):
            written = [one.lower(), json.dumps(one, ensure_ascii=False)[1:-1].lower()]
            if not any(form in text for form in written for text in lowered):
                return one
        elif one not in numbers:
            return one
    return None


def _scalars(value: Any) -> Iterator[str | int | float]:
    """The texts that are not empty and the numbers inside a JSON value."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _scalars(inner)
    elif value is not None and not isinstance(value, bool) and value != "":
        yield value
