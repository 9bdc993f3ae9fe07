"""Python from outside, as a tree.

    parsed("import json")             # an `ast.Module`; nothing of it is run

The parser says in four ways that a text is too much for it; here all of them are a `SyntaxError`.
"""

import ast
from typing import Literal, overload


@overload
def parsed(source: str, mode: Literal["exec"] = "exec") -> ast.Module: ...
@overload
def parsed(source: str, mode: Literal["eval"]) -> ast.Expression: ...
def parsed(source: str, mode: str = "exec") -> ast.AST:
    """The tree of a source. Raises `SyntaxError` for one that is no Python, or nested too deep."""
    try:
        return ast.parse(source, mode=mode)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"no Python that can be parsed: {type(error).__name__}") from error
