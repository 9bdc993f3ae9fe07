"""Takes out of texts what differs from machine to machine: addresses of objects, and where Python lies.

    Scrubber(["/usr/lib/python3.11/"]).text("<Bank object at 0x7f3a5c0d1e20>")     # "<Bank object at 0x1>"

Addresses are numbered in the order in which they are first seen, so that two objects stay two.
"""

import re
from dataclasses import dataclass, field

ADDRESS = re.compile(r" at 0x([0-9a-f]{8,16})(?=>| )")


@dataclass(slots=True)
class Scrubber:
    """`places` are folders of this machine, each with its final slash."""

    places: list[str]
    _seen: dict[str, int] = field(default_factory=dict)

    def text(self, text: str) -> str:
        for place in self.places:
            if place in text:
                text = text.replace(place, "")
        return ADDRESS.sub(self._numbered, text) if " at 0x" in text else text

    def _numbered(self, match: re.Match[str]) -> str:
        return f" at 0x{self._seen.setdefault(match[1], len(self._seen) + 1):x}"
