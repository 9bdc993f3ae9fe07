"""A conversation of the same shape with other words: what a template writes into both is its own, and not the data's.

    like = likeness_of(template, marks)
    like.of([{"role": "user", "content": "How are you?"}])        # [{'role': 'user', 'content': '~~~ ~~~ ~~~~'}]

Texts keep their white space, quotes and ends, so that a template trims, splits and escapes them as it does the real ones. What it
may ask for by name is kept: roles, kinds of values, and words that it has itself, unless they are parts of marks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

WORD: Final = re.compile(r"\w+")
INK: Final = re.compile(r"[^\s\"'\\]")
KEPT: Final = 24
"""Characters of either end of a text that are enough of it."""
KINDS: Final = frozenset(("array", "boolean", "function", "integer", "null", "number", "object", "string"))
ROLES: Final = frozenset(("assistant", "system", "tool", "user"))
KEYS: Final = frozenset(("role", "content", "reasoning_content", "tool_calls", "tool_call_id", "id", "type", "function", "name",
                         "arguments", "description", "parameters"))
"""Those of messages and of tools."""
FILLERS: Final = "~^`$;\ue000"


@dataclass(frozen=True, slots=True)
class Likeness:
    """`filler` stands for every character; keys that the template has are kept, and of texts those that are one of `words`."""

    filler: str
    keys: frozenset[str]
    words: frozenset[str]

    def of(self, value: Any) -> Any:
        """The likeness of a JSON value."""
        if isinstance(value, str):
            return value if value in self.words else self._filled(value)
        if isinstance(value, list):
            return [self.of(each) for each in value]
        return dict(self._pairs(value)) if isinstance(value, dict) else value

    def _filled(self, text: str) -> str:
        ends = text if len(text) <= 2 * KEPT else text[:KEPT] + text[-KEPT:]
        return INK.sub(lambda _: self.filler, ends)

    def _pairs(self, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for number, (key, each) in enumerate(value.items(), 1):
            role = key == "role" and isinstance(each, str) and each in ROLES
            yield key if key in self.keys else self.filler * number, each if role else self.of(each)


def likeness_of(template: str, marks: str) -> Likeness:
    """For a template and the text of all its marks."""
    words = frozenset(WORD.findall(template))
    filler = next(sign for sign in FILLERS if sign not in marks)
    return Likeness(filler, words | KEYS, KINDS | {word for word in words if word not in marks})
