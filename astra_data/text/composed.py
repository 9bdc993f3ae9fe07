"""Normal forms of Unicode in linear time.

    >>> composed("NFKC", "ﬁve")
    'five'

The standard library sorts a run of combining marks in time by the square of its length. No writing stacks more than `MOST_MARKS`
on one letter: longer runs are cut up by U+034F, as Unicode's stream-safe text is (UAX 15).
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

MOST_MARKS = 30
JOINER = "\u034f"


def composed(form: Literal["NFC", "NFKC"], text: str) -> str:
    """The text in a normal form."""
    if not text.isascii() and any(map(_is_mark, text[MOST_MARKS :: MOST_MARKS + 1])):
        text = "".join(_cut(text))
    return unicodedata.normalize(form, text)


def _cut(text: str) -> Iterator[str]:
    """The characters of the text, with a joiner after so many marks in a row."""
    run = 0
    for character in text:
        run = run + 1 if _is_mark(character) else 0
        if run > MOST_MARKS:
            yield JOINER
            run = 1
        yield character


@lru_cache(8_192)
def _is_mark(character: str) -> bool:
    """Whether it begins with a mark once it is taken apart."""
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0
