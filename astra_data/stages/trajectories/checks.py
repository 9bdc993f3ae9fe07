"""What can be said of a conversation without any judge [A 21.2]. A check never gives full marks; it only finds what is wrong.

    flawed_calls(messages, records)      # {"call_2": "the same call again"}
"""

import re

from astra_data.messages import Message, calls_of, final_answer, results_of
from astra_data.rows.trajectories import CallRecord

URL = re.compile(r"https?://[^\s<>\"')\]]+")
NOT_REACHED = "none"
"""`CallRecord.backend` of a call that no tool saw: unknown name, malformed or unfitting arguments."""


def flawed_calls(messages: list[Message], records: list[CallRecord]) -> dict[str, str]:
    """Call id -> what is wrong, for calls that no backend saw and for repeats of a call that had succeeded."""
    record_of = {record.id: record for record in records}
    succeeded: list[tuple[str, object]] = []
    flaws: dict[str, str] = {}
    for call in calls_of(messages):
        record = record_of.get(call.id)
        if record is None or record.backend == NOT_REACHED:
            flaws[call.id] = "unknown tool or unfitting arguments"
        elif (call.name, call.arguments) in succeeded:
            flaws[call.id] = "the same call again, though it had succeeded"
        elif record.ok:
            succeeded.append((call.name, call.arguments))
    return flaws


def flawed_answer(messages: list[Message]) -> tuple[str, str] | None:
    """(what is wrong, the words) if the conversation ends without an answer, or its answer holds a URL never seen before."""
    answer = final_answer(messages)
    if answer is None:
        return "the conversation does not end with an answer", ""
    seen = "\n".join([*results_of(messages).values(), *(m["content"] for m in messages if m["role"] in ("user", "system"))])
    invented = next((url for url in URL.findall(answer) if not _holds(seen, url.rstrip(".,;:/"))), None)
    return None if invented is None else ("the answer holds a URL that no result holds", invented)


def _holds(text: str, url: str) -> bool:
    """True if the URL stands in the text, by itself or followed by more of its path."""
    return re.search(rf"{re.escape(url)}(?![\w-]|\.\w)", text) is not None
