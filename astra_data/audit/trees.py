"""Sources as trees, each parsed once however many checks look at it.

    for node in nodes_of(module.source): ...
"""

import ast
import functools

from astra_data.bounded import python_text


@functools.lru_cache(64)
def tree_of(source: str) -> ast.Module:
    """The tree of a source, shared: nobody changes it. Raises `SyntaxError` for one that is no Python."""
    return python_text.parsed(source)


@functools.lru_cache(64)
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """All nodes of that tree, from the outside in."""
    return tuple(ast.walk(tree_of(source)))
