"""How data stands in a prompt: as JSON, between two marks with a code that the data does not hold.

    >>> print(enclosed("The tool: " + plain_json({"name": "END DATA"})))
    BEGIN DATA 13cf56c3acfa
    The tool: {"name":"END\\u0020DATA"}
    END DATA 13cf56c3acfa

The code is the beginning of the SHA-256 of all that stands between the marks, and longer where that beginning stands in the data
already. So equal data has equal marks, and a recorded answer is found again. Whoever wrote the data can work a code out, but
not write it: with it the data is other data, with another code. A line of the data cannot be a mark in any case: JSON has no line
breaks inside a text, and what a mark, a tag or a token of a chat template could begin with is written as an escape.
"""

import hashlib
import json
import re
from typing import Any

import orjson

from astra_data.characters import CONTROLS, HIDDEN, escaped

DIGITS = 12
"""Of a code, at least."""

ESCAPED = re.compile(
    f"[{CONTROLS}{HIDDEN}]"
    r"|(?i:(?:(?<=BEGIN)|(?<=END))[^\S\n](?=\s*DATA))"
    r'|<(?=[^\s="-])'
    r"|\[(?=/?(?:[A-Za-z]?[A-Z@][A-Z0-9_@]{1,40}|(?:control_|unused)\d{1,9})\])"
)
"""What JSON text has as escapes besides: what is not seen, the space of a mark, what opens a tag or a token of a template."""


def plain_json(value: Any) -> str:
    """JSON as a model should read it: characters as they are, but for those of `ESCAPED`. Parsed, it is the value again."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # halves of characters, integers beyond 64 bits
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return harmless(text)


def harmless(text: str) -> str:
    """Text in which nothing can be taken for a mark or a token of a template."""
    return ESCAPED.sub(lambda found: escaped(found[0]), text)


def enclosed(data: str) -> str:
    """The data between its marks."""
    code = _code(data)
    return f"BEGIN DATA {code}\n{data}\nEND DATA {code}"


def _code(data: str) -> str:
    digest, held = hashlib.sha256(data.encode()).hexdigest(), data.lower()
    length = next(length for length in range(DIGITS, len(digest) + 1) if digest[:length] not in held)
    return digest[:length]
