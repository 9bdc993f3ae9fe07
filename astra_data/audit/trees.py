"""Sources as trees, each parsed once however many checks look at it.

    for node in ast.walk(tree_of(module.source)): ...
"""

import ast
import functools


@functools.lru_cache(64)
def tree_of(source: str) -> ast.Module:
    """The tree of a source, shared: nobody changes it. Raises what `ast.parse` does for one that is no Python."""
    return ast.parse(source)
