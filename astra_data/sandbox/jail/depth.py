"""How deep a JSON value may be nested: what is deeper no JSON library of the host writes again.

    deeper([[1]], 2, most=1)        # True
"""

from typing import Any, Final

MOST_DEPTH: Final = 200


def deeper(value: Any, openings: int, most: int = MOST_DEPTH) -> bool:
    """Whether lists and objects are nested more than `most` deep. `openings`: how many brackets the JSON opens, or more."""
    if openings <= most:
        return False
    level = [value]
    for _ in range(most):
        level = [inner for one in level for inner in _inside(one)]
    return any(isinstance(one, list | dict) for one in level)


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
