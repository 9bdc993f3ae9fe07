"""Tool names as words.

    >>> words("createWorkbook_2")
    ['create', 'workbook', '2']
    >>> gives_away("please git status now", "git_status")
    True
"""

import re

CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(name: str) -> list[str]:
    """The lower-case words of an identifier, split at separators, digits and camel case."""
    return [part.lower() for part in CAMEL.findall(name)]


def gives_away(text: str, tool: str) -> bool:
    """True if the text holds the tool's name, or the words of its name in a row. One plain word gives nothing away."""
    parts = words(tool)
    if len(parts) < 2:
        return False
    return re.search(r"\b" + r"[\W_]*".join(map(re.escape, parts)) + r"\b", text.lower()) is not None
