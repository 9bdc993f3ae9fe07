"""Several messages in one text, as servers of the revision 2025-03-26 may send them, and a message over several lines.

    parted(b'[{"id": 1}, {"id": 2}]')       # [b'{"id": 1}', b'{"id": 2}']
    parted(b'{"id": 1}')                    # [b'{"id": 1}']
    lines = Lines()
    [lines.spread(line) for line in (b"{", b'  "jsonrpc": "2.0",', b'  "result": {')]       # [False, False, True]

Each part is cut out as it stands, so that it is read like a message that came alone.
"""

import json
import re

BOM = b"\xef\xbb\xbf"
"""What some platforms write before UTF-8."""
LIST = re.compile(rb"\s*\[\s*\{")
SPACE = re.compile(r"[\s,]*")
FIELD = re.compile(rb'(\{?[ \t]*)"(jsonrpc|result|error)"\s*:')
DECODER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)


def parted(text: bytes) -> list[bytes]:
    """The elements of a list of objects, and any other text as it is. No byte order mark is left before it."""
    text = text.removeprefix(BOM)
    if not LIST.match(text):
        return [text]
    whole = text.decode(errors="surrogateescape")
    at, end, parts = whole.index("[") + 1, len(whole.rstrip()) - 1, list[bytes]()
    if whole[end] != "]":
        return [text]
    try:
        while (at := _start(whole, at)) < end:
            _, after = DECODER.raw_decode(whole, at)
            parts.append(whole[at:after].encode(errors="surrogateescape"))
            at = after
    except (ValueError, RecursionError):
        return [text]
    return parts


def _start(text: str, at: int) -> int:
    """Where the next element begins."""
    found = SPACE.match(text, at)
    return found.end() if found else at


class Lines:
    """Watches lines that are no messages by themselves for an answer that is spread over them."""

    def __init__(self) -> None:
        self._seen: dict[int, set[bytes]] = {}

    def spread(self, line: bytes) -> bool:
        """Whether a message, and its result or error, have been begun by now, at one depth. A new object forgets the last."""
        if line.startswith(b"{"):
            self._seen.clear()
        if field := FIELD.match(line):
            self._seen.setdefault(len(field[1]), set()).add(field[2])
        return any(b"jsonrpc" in names and len(names) > 1 for names in self._seen.values())
