"""What can be said of a conversation without any judge [A 21.2]. A check never gives full marks; it only finds what is wrong.

    flaws = find(messages, records, tools, reference)
    # [Flaw("repeated_call", "TC", 4, "call_1", "the same call again, though it had succeeded")]

Flaws of calls belong to the axis TC, flaws of the answer to FA. Each check keeps to what cannot be meant otherwise; failures that
were injected on purpose are nobody's flaw.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from astra_data.messages import Call, JsonObject, Message, calls_of, final_answer, results_of
from astra_data.rollout.debris import mark
from astra_data.rollout.turns import spoken
from astra_data.rows.trajectories import CallRecord, Flaw
from astra_data.stages.trajectories.grounding import MOST_LOOKED_UP, Known
from astra_data.teacher.offline.lexicon import Stage, stage_of, tokens, verb_of
from astra_data.text.language import language_of
from astra_data.text.occurrences import stands

T = TypeVar("T")
SCHEME = re.compile(r"^https?://(?:www\.)?")
WORD = re.compile(r"[^\W\d_]+")
LEAST_OWN_WORDS = 3
"""In fewer different words of Latin letters than these, a language is a guess."""
URL = re.compile(r"https?://[^\s<>\"')\]]+")
MORE_OF_URL = re.compile(r"[\w-]|\.\w")
NOTHING = re.compile(r"(?!)")
MOST_CALLS = 200
"""Calls of a conversation, and failures, that are looked at one by one."""
NOT_REACHED = "none"
"""`CallRecord.backend` of a call that no tool saw: unknown name, malformed or unfitting arguments."""
ADMITTED = re.compile(
    r"\b(?:fail\w*|error\w*|could(?: not|n.t)|cannot|can.t|unable|unfortunately|problem\w*|denied|refused|locked|sorry|"
    r"not (?:done|possible|found|available|complet\w+|succe\w+)|impossible|erreur|échec|échoué|fehler|konnte nicht|leider|"
    r"no se pudo|не удалось)\b|错误|失败|无法|抱歉",
    re.IGNORECASE,
)
"""Words by which an answer admits that something went wrong."""


TRANSLATION = re.compile(
    r"translat|übersetz|tradu|翻译|\bin (?:arabic|chinese|dutch|english|french|german|hindi|italian|japanese|korean|polish|"
    r"portuguese|russian|spanish|turkish)\b",
    re.IGNORECASE,
)
"""Words by which a user asks for another language than their own."""


@dataclass(frozen=True, slots=True)
class Made:
    """A call, its record and the message that holds its result; a call that was cut off has neither."""

    call: Call
    record: CallRecord | None
    result: int | None

    @property
    def ok(self) -> bool:
        return self.record is not None and self.record.ok


def find(messages: list[Message], records: list[CallRecord], tools: list[JsonObject], reference: list[str]) -> list[Flaw]:
    """Every flaw, calls first, then turns, then the answer. `reference` are the tools that the task's author expected."""
    made = made_calls(messages, records)
    schemas = {tool["function"]["name"]: json.dumps(tool["function"], ensure_ascii=False) for tool in tools}
    return [*_of_calls(made, messages, schemas, reference), *_of_turns(messages), *_of_answer(messages, records, reference)]


def made_calls(messages: list[Message], records: list[CallRecord]) -> list[Made]:
    """Every call with what became of it. Of calls that share an id, each takes the next record and result of that id."""
    waiting: dict[str, list[CallRecord]] = {}
    for record in records:
        waiting.setdefault(record.id, []).append(record)
    results: dict[str, list[int]] = {}
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            results.setdefault(message["tool_call_id"], []).append(index)
    return [Made(call, _next(waiting, call.id), _next(results, call.id)) for call in calls_of(messages)]


def _next(queues: dict[str, list[T]], name: str) -> T | None:
    queue = queues.get(name)
    return queue.pop(0) if queue else None


def _of_calls(made: list[Made], messages: list[Message], schemas: dict[str, str], reference: list[str]) -> Iterator[Flaw]:
    for position, one in enumerate(made[:MOST_CALLS]):
        call, record = one.call, one.record
        if record is None or record.backend == NOT_REACHED:
            yield _call_flaw("invalid_call", call, "unknown tool or unfitting arguments")
        elif _repeated(one, made[:position], messages):
            yield _call_flaw("repeated_call", call, "the same call again, though it had succeeded")
        elif (missing := _unknown(call, messages, schemas.get(call.name, ""))) is not None:
            yield _call_flaw("fabricated_argument", call, f"nobody had mentioned {missing!r}")
        elif record.ok and _unused(one, made[position + 1 :], messages, reference):
            yield _call_flaw("redundant_call", call, "it was not expected, and nothing uses its result")


def _call_flaw(check: str, call: Call, why: str) -> Flaw:
    return Flaw(check, "TC", call.message, call.id, why)


def _looks(tool: str) -> bool:
    return stage_of(tool) is Stage.READ


def _may_change(tool: str) -> bool:
    """True unless the tool's name begins with a verb that only looks."""
    return verb_of(tool) is None or not _looks(tool)


def _repeated(one: Made, before: list[Made], messages: list[Message]) -> bool:
    """The same call had succeeded with the same result, and nothing was changed since that a second look could have seen."""
    for earlier in reversed(before):
        if earlier.ok and (earlier.call.name, earlier.call.arguments) == (one.call.name, one.call.arguments):
            return _text(earlier, messages) == _text(one, messages)
        if earlier.ok and _looks(one.call.name) and _may_change(earlier.call.name):
            return False
    return False


def _text(one: Made, messages: list[Message]) -> str:
    return "" if one.result is None else str(messages[one.result]["content"])


def _unknown(call: Call, messages: list[Message], schema: str) -> object:
    """An identifier or number among the arguments that neither the conversation so far nor the tool's document holds."""
    before = [json.dumps(earlier.arguments, ensure_ascii=False) for earlier in calls_of(messages[: call.message])]
    return Known.of([*_contents(messages[: call.message]), *before, schema]).unknown_in(call.arguments)


def _unused(one: Made, after: list[Made], messages: list[Message], reference: list[str]) -> bool:
    """True for a call that only looks, that the author did not expect, before no change that it may have been a precaution for,
    and of whose result nothing new stands anywhere later."""
    if not reference or one.call.name in reference or one.result is None or not _looks(one.call.name):
        return False
    if any(_may_change(later.call.name) for later in after):
        return False
    new = tokens(_text(one, messages)) - tokens("\n".join(_contents(messages[: one.result])))
    later = [json.dumps(other.call.arguments, ensure_ascii=False) for other in after]
    return bool(new) and not new & tokens("\n".join([*later, final_answer(messages) or ""]))


def _of_turns(messages: list[Message]) -> Iterator[Flaw]:
    """Pieces of a template or a call in what the policy said, or gave a tool, unless it repeats what others had said."""
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        before, axis = "\n".join(_contents(messages[:index])), "FA" if index == len(messages) - 1 else "TC"
        if (found := mark(spoken(message), before)) is not None:
            yield Flaw("debris", axis, index, None, f"the text holds {found[:60]}")
        for call in calls_of([message]):
            if (found := mark(json.dumps(call.arguments, ensure_ascii=False), before)) is not None:
                yield Flaw("debris", "TC", index, call.id, f"an argument holds {found[:60]}")


def _of_answer(messages: list[Message], records: list[CallRecord], reference: list[str]) -> Iterator[Flaw]:
    answer, last = final_answer(messages), len(messages) - 1
    if answer is None:
        yield Flaw("no_answer", "FA", last, None, "the conversation does not end with an answer")
        return
    for check, why in (
        ("invented_url", _invented_url(answer, messages)),
        ("ungrounded_answer", _ungrounded(answer, messages)),
        ("ignored_error", _ignored(answer, messages, records, reference)),
        ("wrong_language", _foreign(answer, messages)),
        ("unfinished", _unfinished(answer, records, reference)),
    ):
        if why is not None:
            yield Flaw(check, "FA", last, None, why)


def _invented_url(answer: str, messages: list[Message]) -> str | None:
    seen = "\n".join(_contents(messages[:-1])).lower()
    named = (url.rstrip(".,;:!?/") for url in islice(dict.fromkeys(URL.findall(answer)), MOST_LOOKED_UP))
    found = next((url for url in named if not _holds(seen, SCHEME.sub("", url.lower()))), None)
    return None if found is None else f"no result holds the URL {found}"


def _holds(text: str, url: str) -> bool:
    """True if the URL stands in the text, by itself or followed by more of its path."""
    return stands(url, text, NOTHING, MORE_OF_URL)


def _ungrounded(answer: str, messages: list[Message]) -> str | None:
    said = [json.dumps(call.arguments, ensure_ascii=False) for call in calls_of(messages)]
    figure = Known.of([*_contents(messages[:-1]), *said]).unknown_figure(URL.sub("", answer))
    return None if figure is None else f"{figure} stands in no result and does not follow from one"


def _ignored(answer: str, messages: list[Message], records: list[CallRecord], reference: list[str]) -> str | None:
    """A tool that failed, and neither it nor one that was not expected succeeded later in its place, while the answer neither
    admits it nor gives the error."""
    results = results_of(messages)
    for position, record in enumerate(records[:MOST_CALLS]):
        instead = (later.tool == record.tool or later.tool not in reference for later in records[position + 1 :] if later.ok)
        if record.ok or record.injected or any(instead):
            continue
        said = tokens(results.get(record.id, ""))
        if not ADMITTED.search(answer) and len(said & tokens(answer)) * 2 < max(len(said), 1):
            return f"{record.tool} failed, and the answer does not say so"
    return None


def _foreign(answer: str, messages: list[Message]) -> str | None:
    """The language of the answer where it is not the user's. Words that only quote the user or a result say nothing of it."""
    request = " ".join(message["content"] for message in messages if message["role"] == "user")
    if TRANSLATION.search(request):
        return None
    quoted = {word for said in _contents(messages) for word in WORD.findall(said.lower())}
    words = [word for word in answer.split() if not quoted.issuperset(WORD.findall(word.lower()))]
    own = language_of(" ".join(words)) if len(set(words)) >= LEAST_OWN_WORDS or not answer.isascii() else None
    asked = language_of(request)
    return f"the user writes {asked}, the answer is {own}" if own and asked and own != asked else None


def _unfinished(answer: str, records: list[CallRecord], reference: list[str]) -> str | None:
    """An expected tool was never reached, no other was used, and fewer calls succeeded than were expected; unless the answer
    admits a failure, or asks."""
    reached = [record.tool for record in records if record.backend != NOT_REACHED]
    missing = next((name for name in reference if name not in reached), None)
    good = [record.tool for record in records if record.ok]
    if missing is None or len(good) >= len(reference) or any(name not in reference for name in good):
        return None
    if answer.rstrip().endswith(("?", "\uff1f")) or (len(good) < len(records) and ADMITTED.search(answer)):
        return None
    return f"{missing} was expected, and nothing was done in its place"


def _contents(messages: list[Message]) -> list[str]:
    """What the user, the system and the tools said."""
    return [message["content"] for message in messages if message["role"] != "assistant" and message.get("content")]
