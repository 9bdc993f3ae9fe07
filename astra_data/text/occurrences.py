"""Where a text stands in another, in time that grows with their lengths and not with their product.

    >>> list(occurrences("ana", "banana"))
    [1, 3]
    >>> stands("7", "17 and 7", before=re.compile(r"\\d"), after=re.compile(r"\\d"))
    True
"""

import re
from collections.abc import Iterator

SHORT = 128
"""Characters up to which it costs nothing to compare a text anew at every place."""


def occurrences(wanted: str, text: str) -> Iterator[int]:
    """Every place where `wanted` begins in the text, overlapping ones too; an empty text begins everywhere."""
    if len(wanted) > SHORT and wanted in text:
        yield from _of_long(wanted, text)
        return
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def stands(wanted: str, text: str, before: re.Pattern[str], after: re.Pattern[str]) -> bool:
    """Whether `wanted` stands in the text without what `before` matches in front of it, or what `after` does behind it."""
    return any(
        not (at and before.match(text, at - 1)) and not after.match(text, at + len(wanted)) for at in occurrences(wanted, text)
    )


def _of_long(wanted: str, text: str) -> Iterator[int]:
    """Knuth, Morris and Pratt: what is known of the text when a comparison fails is not read again."""
    borders, matched = _borders(wanted), 0
    for at, character in enumerate(text):
        while matched and wanted[matched] != character:
            matched = borders[matched - 1]
        matched += wanted[matched] == character
        if matched == len(wanted):
            yield at - matched + 1
            matched = borders[matched - 1]


def _borders(wanted: str) -> list[int]:
    """For every start of a text the length of its longest end that is also a start."""
    borders, length = [0], 0
    for character in wanted[1:]:
        while length and wanted[length] != character:
            length = borders[length - 1]
        length += wanted[length] == character
        borders.append(length)
    return borders
