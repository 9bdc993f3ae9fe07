"""Tool names as words.

    >>> words("createWorkbook_2")
    ['create', 'workbook', '2']
    >>> gives_away("please git status now", "git_status")
    True
"""

import re
from functools import lru_cache

LONGEST_NAME = 128
"""Characters of a name that may be spelled out; those of tools have 64 at most."""
CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(name: str) -> list[str]:
    """The lower-case words of an identifier, split at separators, digits and camel case."""
    return [part.lower() for part in CAMEL.findall(name)]


def gives_away(text: str, tool: str) -> bool:
    """True if the text holds the tool's name, or the words of its name in a row. One plain word gives nothing away."""
    parts = words(tool)
    return len(parts) >= 2 and len(tool) <= LONGEST_NAME and spelled_out(tool).search(text.lower()) is not None


@lru_cache(4096)
def spelled_out(tool: str) -> re.Pattern[str]:
    """The words of a name in a row, whatever stands between them."""
    return re.compile(r"\b" + r"[\W_]*".join(map(re.escape, words(tool))) + r"\b")
