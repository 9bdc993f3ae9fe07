"""Tool names as words.

    >>> words("createWorkbook_2")
    ['create', 'workbook', '2']
    >>> gives_away("please git status now", "git_status")
    True
    >>> one_line("rm\\n-rf")
    'rm\\\\n-rf'
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


def one_line(text: object, most: int = 200) -> str:
    """What a dataset says, as it may stand in a message: no control characters, and no more than `most` characters."""
    cut = str(text)[: most + 1]
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in cut[:most])
    return f"{shown}..." if len(cut) > most else shown
