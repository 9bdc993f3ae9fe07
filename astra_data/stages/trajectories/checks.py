"""What can be said of a conversation without any judge [A 21.2]. A check never gives full marks; it only finds what is wrong.

    flaws = find(messages, records, tools, reference)
    # [Flaw("repeated_call", "TC", 4, "call_1", "the same call again, though it had succeeded")]

Flaws of calls belong to the axis TC, flaws of the answer to FA. Each check keeps to what cannot be meant otherwise; failures that
were injected on purpose are nobody's flaw.
"""

import json
import re
from collections.abc import Iterator

from astra_data.messages import Call, JsonObject, Message, calls_of, final_answer, results_of
from astra_data.rows.trajectories import CallRecord, Flaw
from astra_data.stages.trajectories.grounding import Known
from astra_data.teacher.offline.lexicon import Stage, stage_of, tokens
from astra_data.text.language import language_of

URL = re.compile(r"https?://[^\s<>\"')\]]+")
NOT_REACHED = "none"
"""`CallRecord.backend` of a call that no tool saw: unknown name, malformed or unfitting arguments."""
ADMITTED = re.compile(
    r"\b(?:fail\w*|error\w*|could(?: not|n.t)|cannot|can.t|unable|unfortunately|problem\w*|denied|refused|locked|sorry|"
    r"not (?:done|possible|found|available|complet\w+|succe\w+)|impossible|erreur|échec|échoué|fehler|konnte nicht|leider|"
    r"no se pudo|не удалось)\b|错误|失败|无法|抱歉",
    re.IGNORECASE,
)
"""Words by which an answer admits that something went wrong."""


def find(messages: list[Message], records: list[CallRecord], tools: list[JsonObject], reference: list[str]) -> list[Flaw]:
    """Every flaw, calls first, then the answer. `reference` are the tools that the task's author expected."""
    return [*_of_calls(messages, records, tools, reference), *_of_answer(messages, records, reference)]


def _of_calls(messages: list[Message], records: list[CallRecord], tools: list[JsonObject],
              reference: list[str]) -> Iterator[Flaw]:
    record_of = {record.id: record for record in records}
    schemas = {tool["function"]["name"]: json.dumps(tool["function"], ensure_ascii=False) for tool in tools}
    succeeded: list[tuple[str, JsonObject]] = []
    for call in calls_of(messages):
        record = record_of.get(call.id)
        if record is None or record.backend == NOT_REACHED:
            yield _call_flaw("invalid_call", call, "unknown tool or unfitting arguments")
        elif (call.name, call.arguments) in succeeded:
            yield _call_flaw("repeated_call", call, "the same call again, though it had succeeded")
        elif (missing := _unknown(call, messages, schemas.get(call.name, ""))) is not None:
            yield _call_flaw("fabricated_argument", call, f"nobody had mentioned {missing!r}")
        elif record.ok and _unused(call, messages, reference):
            yield _call_flaw("redundant_call", call, "it was not expected, and nothing uses its result")
        if record is not None and record.ok:
            succeeded.append((call.name, call.arguments))


def _call_flaw(check: str, call: Call, why: str) -> Flaw:
    return Flaw(check, "TC", call.message, call.id, why)


def _unknown(call: Call, messages: list[Message], schema: str) -> object:
    """An identifier or number among the arguments that neither the conversation so far nor the tool's document holds."""
    before = [json.dumps(earlier.arguments, ensure_ascii=False) for earlier in calls_of(messages[: call.message])]
    return Known.of([*_contents(messages[: call.message]), *before, schema]).unknown_in(call.arguments)


def _unused(call: Call, messages: list[Message], reference: list[str]) -> bool:
    """True for a call that only looks, that the author did not expect, and of whose result nothing new stands anywhere later."""
    if not reference or call.name in reference or stage_of(call.name) is not Stage.READ:
        return False
    result = next(index for index, message in enumerate(messages) if message.get("tool_call_id") == call.id)
    new = tokens(messages[result]["content"]) - tokens("\n".join(_contents(messages[:result])))
    later = [json.dumps(after.arguments, ensure_ascii=False) for after in calls_of(messages) if after.message > result]
    return bool(new) and not new & tokens("\n".join([*later, final_answer(messages) or ""]))


def _of_answer(messages: list[Message], records: list[CallRecord], reference: list[str]) -> Iterator[Flaw]:
    answer, last = final_answer(messages), len(messages) - 1
    if answer is None:
        yield Flaw("no_answer", "FA", last, None, "the conversation does not end with an answer")
        return
    for check, why in (
        ("invented_url", _invented_url(answer, messages)),
        ("ungrounded_answer", _ungrounded(answer, messages)),
        ("ignored_error", _ignored(answer, messages, records)),
        ("wrong_language", _foreign(answer, messages)),
        ("unfinished", _unfinished(records, reference)),
    ):
        if why is not None:
            yield Flaw(check, "FA", last, None, why)


def _invented_url(answer: str, messages: list[Message]) -> str | None:
    seen = "\n".join(_contents(messages[:-1]))
    named = (url.rstrip(".,;:!?/") for url in URL.findall(answer))
    found = next((url for url in named if not _holds(seen, url)), None)
    return None if found is None else f"no result holds the URL {found}"


def _holds(text: str, url: str) -> bool:
    """True if the URL stands in the text, by itself or followed by more of its path."""
    return re.search(rf"{re.escape(url)}(?![\w-]|\.\w)", text) is not None


def _ungrounded(answer: str, messages: list[Message]) -> str | None:
    said = [json.dumps(call.arguments, ensure_ascii=False) for call in calls_of(messages)]
    figure = Known.of([*_contents(messages[:-1]), *said]).unknown_figure(URL.sub("", answer))
    return None if figure is None else f"{figure} stands in no result and does not follow from one"


def _ignored(answer: str, messages: list[Message], records: list[CallRecord]) -> str | None:
    """A tool that failed and never succeeded later, while the answer neither admits it nor gives the error."""
    results = results_of(messages)
    for position, record in enumerate(records):
        if record.ok or record.injected or any(later.ok and later.tool == record.tool for later in records[position + 1 :]):
            continue
        said = tokens(results.get(record.id, ""))
        if not ADMITTED.search(answer) and len(said & tokens(answer)) * 2 < max(len(said), 1):
            return f"{record.tool} failed, and the answer does not say so"
    return None


def _foreign(answer: str, messages: list[Message]) -> str | None:
    """The language of the answer where it is not the user's. Words that only quote the user or a result say nothing of it."""
    quoted = {word.strip(".,:;").lower() for said in _contents(messages) for word in said.split()}
    own = language_of(" ".join(word for word in answer.split() if word.strip(".,:;").lower() not in quoted))
    asked = language_of(" ".join(message["content"] for message in messages if message["role"] == "user"))
    return f"the user writes {asked}, the answer is {own}" if own and asked and own != asked else None


def _unfinished(records: list[CallRecord], reference: list[str]) -> str | None:
    """An expected tool was never reached, and fewer calls succeeded than were expected, so no other way can have been taken."""
    reached = [record.tool for record in records if record.backend != NOT_REACHED]
    missing = next((name for name in reference if name not in reached), None)
    if missing is None or sum(record.ok for record in records) >= len(reference):
        return None
    return f"{missing} was expected, and nothing was done in its place"


def _contents(messages: list[Message]) -> list[str]:
    """What the user, the system and the tools said."""
    return [message["content"] for message in messages if message["role"] != "assistant" and message.get("content")]
