"""A text as it is read once its escapes are resolved, with the way back: which part of the text each character came from.

    >>> view = list(views("a%20%5Cu0062c"))[-1]
    >>> view.text, view.span(2, 3)
    ('a bc', (4, 12))

Escapes of JSON, URLs, HTML and shells are resolved in rounds, so that JSON in JSON in a URL is read too.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

ROUNDS = 4
"""How many kinds of escapes inside one another are resolved; any number of one kind is one."""
ESCAPE = re.compile(
    r"(?P<percent>(?:%(?:25)*[0-9A-Fa-f]{2})+)"
    r"|\\+u(?P<high>[dD][89abAB][0-9A-Fa-f]{2})\\+u(?P<low>[dD][c-fC-F][0-9A-Fa-f]{2})"
    r"|\\+(?:u(?P<four>[0-9A-Fa-f]{4})|U000(?P<five>[0-9A-Fa-f]{5})|x(?P<two>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2}))"
    r"|\\+(?P<letter>[nrtbf])|(?P<slash>\\+)|&(?:amp;)*(?P<name>#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[a-zA-Z]{2,8});"
)
PERCENT = re.compile(r"%(?:25)*([0-9A-Fa-f]{2})")
LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
BLANK = re.compile(r"[\s\"'`\u200b\ufeff]+")

Read = list[tuple[str, int, int]]
"""What an escape says: (text, start, end) of each character, places in the text that was read."""


@dataclass(frozen=True)
class View:
    """A reading of a text. The piece that begins at `starts[i]` was copied from `origins[i][0]` on; where `origins[i][1]` is not
    0, it is an escape, and came from all between the two."""

    text: str
    starts: list[int]
    origins: list[tuple[int, int]]
    below: "View | None" = None

    @cached_property
    def lowered(self) -> str:
        """The text in small letters; as it is, where that would move its places."""
        lowered = self.text.lower()
        return lowered if len(lowered) == len(self.text) else self.text

    @cached_property
    def tight(self) -> "View":
        """The view without blanks and quotes."""
        return _read(self, BLANK, lambda found: [])

    def places(self, needle: str, *, lowered: bool = False) -> Iterator[tuple[int, int]]:
        """Where a needle stands, as places of the original text."""
        text = self.lowered if lowered else self.text
        at = text.find(needle)
        while at >= 0:
            yield self.span(at, at + len(needle))
            at = text.find(needle, at + 1)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original text that a part of this view came from."""
        first, last = self._origin(start)[0], self._origin(end - 1)[1]
        return self.below.span(first, last) if self.below else (first, last)

    def _origin(self, place: int) -> tuple[int, int]:
        piece = bisect_right(self.starts, place) - 1
        first, last = self.origins[piece]
        at = first + place - self.starts[piece]
        return (first, last) if last else (at, at + 1)


def views(text: str) -> list[View]:
    """The text as it is, then after each round of escapes."""
    found = [View(text, [0], [(0, 0)])]
    while len(found) <= ROUNDS and ESCAPE.search(found[-1].text):
        found.append(_read(found[-1], ESCAPE, _resolved))
    return found


def _read(view: View, pattern: re.Pattern[str], resolve: Callable[[re.Match[str]], Read]) -> View:
    parts, starts, origins, size, done = list[str](), list[int](), list[tuple[int, int]](), 0, 0
    for match in pattern.finditer(view.text):
        for text, first, last in [(view.text[done : match.start()], done, 0), *resolve(match)]:
            if text:
                parts.append(text)
                starts.append(size)
                origins.append((first, last))
                size += len(text)
        done = match.end()
    return View("".join([*parts, view.text[done:]]), [*starts, size], [*origins, (done, 0)], view)


def _resolved(match: re.Match[str]) -> Read:
    if match["percent"]:
        return _octets(match)
    return [(_said(match), *match.span())]


def _said(match: re.Match[str]) -> str:
    if match["high"]:
        return chr(0x10000 + ((int(match["high"], 16) - 0xD800) << 10) + int(match["low"], 16) - 0xDC00)
    for name, base in (("four", 16), ("five", 16), ("two", 16), ("octal", 8)):
        if match[name]:
            return chr(int(match[name], base))
    if match["name"]:
        return html.unescape(f"&{match['name']};")
    return LETTERS.get(match["letter"] or "", "")


def _octets(match: re.Match[str]) -> Read:
    """The characters of a run of percent escapes, which are octets of UTF-8."""
    escapes = list(PERCENT.finditer(match.string, *match.span()))
    text = bytes(int(escape[1], 16) for escape in escapes).decode("utf-8", "surrogateescape")
    read, at = Read(), 0
    for character in text:
        size = len(character.encode("utf-8", "surrogateescape"))
        read.append((character, escapes[at].start(), escapes[at + size - 1].end()))
        at += size
    return read
