"""Judgement by checks. Each function answers one ask from what can be checked, and abstains from the rest.

The reference tools are what the task's author expected. A check may say that they were used well; that another way is as
good is beyond it, and then it abstains.
"""

import json
import re
from typing import Any

from astra_data.messages import Call, calls_of, final_answer, results_of
from astra_data.teacher.asks import (
    AnswerJudgement,
    CallJudgement,
    CallJudgements,
    Conversation,
    Judgement,
    RoundJudgement,
)
from astra_data.teacher.offline.policy import summary
from astra_data.teacher.teacher import Abstained

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w]|\.\d)")


def understanding(inputs: Conversation, sample: int) -> Judgement:
    """1 if every value of the first call was given by the user, 0 if one was made up."""
    first = list(calls_of(inputs.messages[:3]))
    if not first:
        raise Abstained("the first message makes no call, so no check applies")
    for call in first:
        if missing := _ungrounded(call.arguments, _said(inputs, call.message)):
            return Judgement(reason=f"the user never gave {missing!r}", score=0, quote=str(missing))
    return Judgement(reason="every value of the first call was given by the user", score=1, quote=first[0].name)


def planning(inputs: Conversation, sample: int) -> Judgement:
    """1 if the expected tools were called in their order, 0.5 if some were, 0 if none."""
    _need_reference(inputs)
    called = [call.name for call in calls_of(inputs.messages)]
    used = [name for name in inputs.reference if name in called]
    order = sorted(inputs.reference, key=lambda name: called.index(name) if name in called else len(called))
    if len(used) == len(inputs.reference):
        good = order == list(inputs.reference)
        return Judgement(reason="all expected tools, " + ("in order" if good else "out of order"), score=1 if good else 0.5)
    return Judgement(reason=f"{len(used)} of {len(inputs.reference)} expected tools were called", score=0.5 if used else 0)


def round_of_calls(inputs: Conversation, sample: int) -> RoundJudgement:
    """Planning: the round calls the expected tool that comes next. Understanding: a value of it stands in an earlier result
    (and not in the request), or a failed call is repeated unchanged; otherwise nothing can be checked."""
    _need_reference(inputs)
    last = len(inputs.messages) - 1
    calls = list(calls_of(inputs.messages))
    now, before = [call for call in calls if call.message == last], [call for call in calls if call.message < last]
    if not now:
        raise Abstained("the message makes no call, so no check applies")
    rest = [name for name in inputs.reference if name not in {call.name for call in before}]
    expected = [call.name for call in now] == rest[: len(now)]
    return RoundJudgement(
        reason="the next expected tool is called" if expected else "not the next expected tool",
        understanding=_understood(inputs, now, before),
        planning=1 if expected else (0.5 if any(call.name in rest for call in now) else None),
        quote=now[0].name,
    )


def _understood(inputs: Conversation, now: list[Call], before: list[Call]) -> float | None:
    if any((call.name, call.arguments) == (old.name, old.arguments) for call in now for old in before):
        return 0
    request = _user_texts(inputs)
    from_results = [call for call in now if _ungrounded(call.arguments, request) is not None]
    if not from_results:
        return None
    said = _said(inputs, now[0].message)
    return 1 if all(_ungrounded(call.arguments, said) is None for call in from_results) else 0


def necessity(inputs: Conversation, sample: int) -> CallJudgements:
    """1 for a call of an expected tool with given values. Raises `Abstained` if a call is to a tool that was not expected."""
    _need_reference(inputs)
    judged = []
    for call in calls_of(inputs.messages):
        if missing := _ungrounded(call.arguments, _said(inputs, call.message)):
            judged.append(CallJudgement(call_id=call.id, necessary=0, reason=f"{missing!r} was made up"))
        elif call.name in inputs.reference:
            judged.append(CallJudgement(call_id=call.id, necessary=1, reason="an expected tool, with given values"))
        else:
            raise Abstained(f"{call.name} was not expected; whether it was needed cannot be checked")
    return CallJudgements(calls=judged)


def answer(inputs: Conversation, sample: int) -> AnswerJudgement:
    """Correct if every expected tool has a result and the answer gives it; a summary if it gives every result and no number of
    its own. Raises `Abstained` if the answer words a result in its own way."""
    _need_reference(inputs)
    text = final_answer(inputs.messages) or ""
    results = results_of(inputs.messages)
    reached = {call.name: results[call.id] for call in calls_of(inputs.messages) if call.id in results}
    missing = [name for name in inputs.reference if name not in reached]
    invented = _invented_numbers(text, inputs)
    reported = [name for name, result in reached.items() if _reports(text, result)]
    if missing or invented:
        why = f"no result of {missing[0]}" if missing else f"{invented[0]} stands in no result and not in the request"
        return AnswerJudgement(reason=why, correctness=0, summary=0 if invented else 0.5, quote=(invented or [""])[0])
    if len(reported) < len(reached):
        raise Abstained("the answer words a result in its own way")
    return AnswerJudgement(reason="gives every result and nothing else", correctness=1, summary=1, quote=text[:200])


def _need_reference(inputs: Conversation) -> None:
    if not inputs.reference:
        raise Abstained("no tools were expected, so no check applies")


def _reports(text: str, result: str) -> bool:
    return summary(result) in text


def _invented_numbers(text: str, inputs: Conversation) -> list[str]:
    known = {float(number) for number in NUMBER.findall("\n".join(_said(inputs, len(inputs.messages))))}
    known |= {float(length) for length in _list_lengths(inputs)}
    return [number for number in NUMBER.findall(text) if float(number) not in known]


def _list_lengths(inputs: Conversation) -> list[int]:
    """Lengths of results that are JSON lists: an answer may count what it was given."""
    values = [_parsed(result) for result in results_of(inputs.messages).values()]
    return [len(value) for value in values if isinstance(value, list)]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _user_texts(inputs: Conversation) -> list[str]:
    return [message["content"] for message in inputs.messages if message["role"] == "user"]


def _said(inputs: Conversation, before: int) -> list[str]:
    """What the user and the tools had said before message `before`."""
    return [message["content"] for message in inputs.messages[:before] if message["role"] in ("user", "tool")]


def _ungrounded(value: Any, said: list[str]) -> Any:
    """The first string or number inside `value` that stands in none of the texts, or None."""
    if isinstance(value, dict):
        return next((bad for inner in value.values() if (bad := _ungrounded(inner, said)) is not None), None)
    if isinstance(value, list):
        return next((bad for inner in value if (bad := _ungrounded(inner, said)) is not None), None)
    if value is None or isinstance(value, bool) or value == "":
        return None
    written = [str(value), json.dumps(value, ensure_ascii=False).strip('"')]
    return None if any(form in text for form in written for text in said) else value
