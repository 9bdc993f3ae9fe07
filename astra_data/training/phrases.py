"""The constant strings of rendered conversations: what template, JSON and documents write between the words that matter.

    found = phrases(rows, render, most=200)
    found[0]        # '"]}}}\\n</tools>\\n\\nFor each function call, return a json object ...'

A small model pays for every token, and most of a rendered toolset is the same in each row. The words and numbers that calls are
made of (names of tools and arguments, and their values) are never inside a phrase: they keep the same tokens in the question, in
the document of a tool, in the call and in the answer, so that a model can copy them. A phrase never crosses a special token or
the end of the generation prompt, so that a conversation's tokens begin with those of its prompt.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from astra_data.messages import JsonObject

MARK = "\ue000"
"""Stands around the words that calls are made of; of the private use area, so that no text has it."""
UNIT = re.compile(r"[A-Za-z]+|[0-9]+")
PIECE = re.compile(r"[A-Za-z]+|[0-9]|[^A-Za-z0-9]")
"""What a text is split into where no phrase is; digits are single."""
SPECIAL = re.compile(r"<\|\w+\|>")
COMMON = 0.3
"""A word of this share of all questions says nothing about them, such as `the`."""
RARE = 0.01
"""A string of fewer than this share of the rows is no phrase."""

Render = Callable[..., str]
"""Messages and tools, then whether the turn of the assistant is opened -> text."""


def phrases(rows: Sequence[JsonObject], render: Render, opening: str, most: int) -> list[str]:
    """Up to `most` strings that save the most pieces, the longest first. `opening` is the generation prompt; rows have `messages`
    and `tools`."""
    words = content_words(rows)
    opens = [part for part in SPECIAL.split(opening) if part]
    cut = re.compile("|".join([f"{MARK}[A-Za-z0-9]+{MARK}", SPECIAL.pattern, *(f"(?<={re.escape(part)})" for part in opens)]))
    counts = Counter(part for row in rows for part in _parts(row, words, render, cut))
    gains = {text: count * (len(PIECE.findall(text)) - 1) for text, count in counts.items() if count >= RARE * len(rows)}
    best = sorted((text for text, gain in gains.items() if gain > 0), key=lambda text: (-gains[text], text))
    return sorted({*opens, *best[: most - len(opens)]}, key=lambda text: (-len(text), text))


def content_words(rows: Sequence[JsonObject]) -> frozenset[str]:
    """The words and numbers that calls are made of, but for those that most questions have."""
    called = {word for row in rows for call in _calls(row) for text in (call["name"], *_texts(call["arguments"]))
              for word in UNIT.findall(text)}
    asked = Counter(word for row in rows for word in {
        word for message in row["messages"] if message["role"] == "user" for word in UNIT.findall(message["content"] or "")})
    return frozenset(word for word in called if asked[word] <= COMMON * len(rows))


def _parts(row: JsonObject, words: frozenset[str], render: Render, cut: re.Pattern[str]) -> Iterator[str]:
    """What stands between the words that matter: in the documents of tools, whose numbers are constant, and in the messages."""
    tools = [_schema(tool, words) for tool in row["tools"]]
    yield from cut.split(render([{"role": "user", "content": MARK}], tools))
    for part in cut.split(render([_message(message, words) for message in row["messages"]], None)):
        yield from re.split("[0-9]", part)


def _calls(row: JsonObject) -> list[JsonObject]:
    return [call["function"] for message in row["messages"] for call in message.get("tool_calls") or ()]


def _texts(value: Any) -> Iterator[str]:
    """Every key and scalar of a JSON value, as text."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield str(value)


def _marked(text: str, words: frozenset[str]) -> str:
    return UNIT.sub(lambda found: f"{MARK}{found[0]}{MARK}" if found[0] in words else found[0], text)


def _schema(value: Any, words: frozenset[str], within: str = "") -> Any:
    """A tool object with its names and texts marked. Keywords of JSON Schema and names of types are no words of its own."""
    if isinstance(value, dict):
        named = within == "properties"
        return {_marked(key, words) if named else key: _schema(each, words, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_schema(each, words, within) for each in value]
    return _marked(value, words) if isinstance(value, str) and within != "type" else value


def _message(message: JsonObject, words: frozenset[str]) -> JsonObject:
    calls = [{**call, "function": {"name": _marked(call["function"]["name"], words),
                                   "arguments": _every(call["function"]["arguments"], words)}}
             for call in message.get("tool_calls") or ()]
    return {**message, "content": _marked(message["content"] or "", words), **({"tool_calls": calls} if calls else {})}


def _every(value: Any, words: frozenset[str]) -> Any:
    """A JSON value with all of its keys and texts marked."""
    if isinstance(value, dict):
        return {_marked(key, words): _every(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [_every(each, words) for each in value]
    return _marked(value, words) if isinstance(value, str) else value
