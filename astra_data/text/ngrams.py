"""Words of a text in any script, runs of them, and how much two sets share.

    >>> tokens("Book a table, PLEASE: 订一张桌")
    ['book', 'a', 'table', 'please', '订', '一', '张', '桌']
    >>> jaccard({1, 2, 3}, {2, 3, 4})
    0.5

Where a script writes no spaces between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer), every character counts as a word.
"""

import re
from collections.abc import Collection, Sequence, Set
from typing import TypeVar

from astra_data.text.composed import composed

T = TypeVar("T")

SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0981-\u0d83\u0dca-\u0ddf"
SPACELESS_CHARACTER = re.compile(rf"[{SPACELESS}]")
TOKEN = re.compile(rf"[{SPACELESS}]|(?:(?![{SPACELESS}_])[\w{MARKS}])+")


def tokens(text: str) -> list[str]:
    """The words of a text in order, without case, punctuation and differences that Unicode calls compatible."""
    return TOKEN.findall(composed("NFKC", text).casefold())


def ngrams(words: Sequence[T], n: int) -> set[tuple[T, ...]]:
    """Every run of `n` words; none if there are fewer."""
    return {tuple(words[start : start + n]) for start in range(len(words) - n + 1)}


def jaccard(one: Set[T], other: Set[T]) -> float:
    """Shared members as a share of all; 1 for two empty sets."""
    shared = len(one & other)
    union = len(one) + len(other) - shared
    return shared / union if union else 1.0


def containment(part: Set[T], whole: Collection[T]) -> float:
    """The share of `part` that is in `whole`; 0 for an empty part."""
    return sum(item in whole for item in part) / len(part) if part else 0.0
