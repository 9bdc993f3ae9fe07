"""Characters that nobody sees, or that move what is seen, and how they are written where a person or a model reads.

    >>> print(visible("\\x1b[2J"))
    \\x1b[2J
    >>> escaped("\\u202e")
    '\\\\u202e'

Controls, escape sequences, marks of direction, tags, separators of lines that are no line breaks, halves of characters. Joiners
stand in words of some languages, so that a model may read them; on a terminal they are hidden text like the rest.
"""

import re

CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
"""All but tab and line feed."""

HIDDEN = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
JOINERS = r"\u200c\u200d"
UNSEEN = re.compile(f"[{CONTROLS}{HIDDEN}{JOINERS}]")


def visible(text: object) -> str:
    """The text with all that is not seen written as a backslash and a number; tabs and line feeds stay."""
    return UNSEEN.sub(lambda found: _spelled(found[0]), str(text))


def one_line(text: object, most: int | None = None) -> str:
    """The text as `visible` has it, and line feeds written out too; with `most` no more than so many characters of the text."""
    said = str(text)
    cut = said if most is None or len(said) <= most else f"{said[:most]}..."
    return visible(cut).replace("\n", "\\n")


def whole(text: str) -> str:
    """The text with halves of characters written out, so that it can be stored."""
    return text.encode("utf-8", "backslashreplace").decode()


def escaped(character: str) -> str:
    """The character as JSON may write it inside a string; one beyond the 16 bits as its two halves."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _spelled(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
