"""JSON strings, lists and objects inside a text, found in time that grows with its length.

    >>> literals('Move "a. b" to ["x", "y"], not to {this}')
    [(5, 11), (15, 25)]

A bracket that opens nothing may be read up to the end of the text before that is known. So what is read in vain is counted, and
where it comes to many times the text, no more is looked for.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Sequence

OPENING = re.compile(r'["\[{]')
MOST_NESTED = 1_000
"""Characters that count as read where a value is nested too deep to tell."""
PATIENCE = 16
"""Times the text that may be read in vain."""
LEAST_PATIENCE = 20_000
"""Characters that may be read in vain in any text."""
_DECODER = json.JSONDecoder()


def end_of(text: str, start: int) -> tuple[int | None, int]:
    """Where the JSON value at `start` ends, or None if there is none; and how many characters were read to tell."""
    try:
        end = _DECODER.raw_decode(text, start)[1]
    except json.JSONDecodeError as error:
        read_to = len(text) if error.msg.startswith("Unterminated") else error.pos
        return None, max(read_to - start, 1)
    except (ValueError, RecursionError):
        return None, MOST_NESTED
    return end, end - start


def patience(text: str) -> int:
    """Characters of a text that may be read in vain."""
    return max(PATIENCE * len(text), LEAST_PATIENCE)


def literals(text: str) -> list[tuple[int, int]]:
    """Where the outermost of them start and end, in order."""
    found, at, left = [], 0, patience(text)
    while left > 0 and (opened := OPENING.search(text, at)):
        start = opened.start()
        end, read = end_of(text, start)
        if end is None:
            at, left = start + 1, left - read
        else:
            found.append((start, end))
            at = end
    return found


def within(position: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a position lies behind the first character of one of these spans, which are in order, and before its end."""
    at = bisect_right(spans, (position, 0)) - 1
    return at >= 0 and spans[at][0] < position < spans[at][1]
