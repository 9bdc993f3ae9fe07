"""How deep lists and objects lie in one another.

    >>> too_deep([[[1]]], most=2)
    True

What walks a JSON value does so by recursion, and what writes one ends at 254 levels. So whatever is read from outside is measured
first.
"""

from collections.abc import Iterable
from typing import Any

MOST_DEPTH = 128
"""Of a JSON value from outside. Real ones stay below 40."""
STORED_DEPTH = 254
"""Of a JSON value in a row: what can be written at all."""


def too_deep(value: Any, most: int = MOST_DEPTH) -> bool:
    """Whether more than `most` lists and objects lie in one another."""
    level = [value]
    for _ in range(most):
        level = [part for inner in level for part in _parts(inner) if isinstance(part, dict | list)]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)


def _parts(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def may_be_too_deep(text: str | bytes, most: int = MOST_DEPTH) -> bool:
    """Whether a JSON text has so many brackets that the value may be too deep: quick, and false for most."""
    one, other = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    return text.count(one) + text.count(other) > most  # type: ignore[arg-type]
