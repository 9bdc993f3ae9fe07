"""The JSON in what a model wrote: after its thoughts, inside fences, between pleasantries.

    >>> list(json_values('<think>{"a": 0}?</think> Sure! ```json\\n{"a": 1}\\n``` Hope this helps.'))
    [{'a': 1}]

Only whole values count. What is inside a value that was cut off or is malformed is never taken for the answer.
"""

import re
from collections.abc import Iterator
from typing import Any

from astra_data.exact import loads
from astra_data.text.literals import end_of, patience, within

MAX_STARTS = 2000
"""Brackets that are looked at before we give up on a text."""

_OPEN = re.compile(r"[\[{]")
_BEGUN = re.compile(r'\{\s*"|\[\s*[\[{"]')
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_THOUGHT = re.compile(r"</?think(?:ing)?>")
_ANSWER_STARTS = ("{", "[", "```")


def json_values(text: str) -> Iterator[Any]:
    """Objects and arrays written in `text`, outermost only, in order. What cannot be kept exactly makes no value."""
    try:
        yield loads(text)
        return
    except ValueError:
        answer = split_thought(text)[1]
    for start, end in _spans(answer):
        try:
            yield loads(answer[start:end])
        except ValueError:
            continue


def split_thought(text: str) -> tuple[str, str]:
    """`(thought, answer)`.

    Without an opening tag the text began inside a thought, without a closing one it ends there. What starts as an
    answer has no thought before it, and a tag inside a JSON value is text.
    """
    if not _THOUGHT.search(text) or text.lstrip().startswith(_ANSWER_STARTS):
        return "", text
    spans = list(_spans(text))
    tags = [tag for tag in _THOUGHT.finditer(text) if not within(tag.start(), spans)]
    closed = max((tag.end() for tag in tags if tag.group().startswith("</")), default=0)
    reopened = min((tag.start() for tag in tags if tag.start() >= closed), default=len(text))
    thought = _THOUGHT.sub("", text[:closed] + text[reopened:])
    return thought.strip(), text[closed:reopened].strip()


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the outermost JSON objects and arrays of `text` begin and end."""
    position, left = 0, patience(text)
    for _ in range(MAX_STARTS):
        opened = _OPEN.search(text, position)
        if not opened or left < 0:
            return
        start = opened.start()
        end, read = end_of(text, start)
        if end is not None:
            position = end
            yield start, end
        elif _BEGUN.match(text, start):
            position = _after(text, start)
        else:
            position, left = start + 1, left - read


def _after(text: str, start: int) -> int:
    """The position after the brackets that open at `start` have closed; the end of the text if they never do."""
    depth = 0
    for token in _STRUCTURE.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token.group(), 0)
        if depth == 0:
            return token.end()
    return len(text)
