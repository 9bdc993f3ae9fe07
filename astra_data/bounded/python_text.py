"""Python from outside, as a tree.

    parsed("import json")             # an `ast.Module`; nothing of it is run

The parser says in four ways that a text is too much for it; here all of them are a `SyntaxError`.
"""

import ast


def parsed(source: str) -> ast.Module:
    """The tree of a source. Raises `SyntaxError` for one that is no Python, or nested too deep."""
    try:
        return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:
        raise _too_much(error) from error


def expression(source: str) -> ast.Expression:
    """The tree of an expression. Raises as `parsed` does."""
    try:
        return ast.parse(source, mode="eval")
    except (ValueError, RecursionError, MemoryError) as error:
        raise _too_much(error) from error


def _too_much(error: Exception) -> SyntaxError:
    return SyntaxError(f"no Python that can be parsed: {type(error).__name__}")
