"""Evidence for a score: words that a judge quotes, where they stand. Words that stand nowhere are no evidence.

    quotes, note = evidence(messages, [(2, "the blue chair")], until=3)
"""

import json
import re
from functools import cache

from astra_data.messages import Message
from astra_data.rows.trajectories import Quote

UNIMPORTANT = re.compile(r"[\s\"'\\\u2018-\u201f]+")
"""Spaces and quotation marks: a judge copies them as it likes."""
MOST_QUOTES = 200
"""Of one answer of a judge."""
NOWHERE = "a quote of the judge stands in no message"


def evidence(messages: list[Message], given: list[tuple[int, str]], until: int) -> tuple[list[Quote], str]:
    """Each quote at the message it is said to be from, or else at the first before `until` that holds it, once; and a note if one
    stands in none. Empty quotes are passed over."""
    found: dict[Quote, None] = {}
    note = ""
    shown = cache(lambda number: _bare(_all(messages[number])))
    for at, text in given[:MOST_QUOTES]:
        if not text.strip():
            continue
        index = next((number for number in (at, *range(until)) if _bare(text) in shown(number)), None)
        if index is None:
            note = NOWHERE
        else:
            found[Quote(index, text)] = None
    return list(found), note


def _bare(text: str) -> str:
    return UNIMPORTANT.sub(" ", text).strip().lower()


def _all(message: Message) -> str:
    """Everything in a message that a judge was shown."""
    calls = json.dumps(message.get("tool_calls") or [], ensure_ascii=False)
    return "\n".join([message.get("content") or "", message.get("reasoning_content") or "", calls])
