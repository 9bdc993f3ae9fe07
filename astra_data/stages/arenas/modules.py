"""The modules that a tool needs, under names that collide with no other's.

>>> renamed([Module("bank", "import rates\\n")], {"rates": "rates_2"})
[Module(name='bank', source='import rates_2 as rates\\n')]
"""

import ast
from collections.abc import Mapping, Sequence, Set

from astra_data.bounded import python_text
from astra_data.rows.environments import Module


def needed(modules: Sequence[Module], entry: str) -> list[Module]:
    """The module of an entry and those that it imports, directly or not, in their order. Raises `SyntaxError`."""
    by_name = {module.name: module for module in modules}
    waiting, found = [entry.partition(".")[0]], set[str]()
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in found:
            found.add(name)
            waiting += imported(by_name[name].source)
    return [module for module in modules if module.name in found]


def imported(source: str) -> set[str]:
    """The first parts of all names of modules that the source imports, wherever in it."""
    return {name.partition(".")[0] for node in _imports(source) for name in _names(node)}


def free_names(modules: Sequence[Module], taken: Set[str], suffix: str) -> dict[str, str]:
    """New names for the modules whose names are taken: with the suffix, and a number where that is taken too."""
    names: dict[str, str] = {}
    used = {*taken, *(module.name for module in modules)}
    for module in modules:
        if module.name in taken:
            candidate, number = f"{module.name}_{suffix}", 2
            while candidate in used:
                candidate, number = f"{module.name}_{suffix}_{number}", number + 1
            names[module.name] = candidate
            used.add(candidate)
    return names


def renamed(modules: Sequence[Module], names: Mapping[str, str]) -> list[Module]:
    """The modules under their new names, which their import statements say; the rest of the source is as it was."""
    return [Module(names.get(module.name, module.name), _rewritten(module.source, names)) for module in modules]


def _imports(source: str) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(python_text.parsed(source)) if isinstance(node, ast.Import | ast.ImportFrom)]


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


def _rewritten(source: str, names: Mapping[str, str]) -> str:
    lines = source.encode().splitlines(keepends=True)
    nodes = [node for node in _imports(source) if any(name in names for name in _names(node))]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        last = (node.end_lineno or node.lineno) - 1
        before, after = lines[node.lineno - 1][: node.col_offset], lines[last][node.end_col_offset :]
        lines[node.lineno - 1 : last + 1] = [before + ast.unparse(_with(node, names)).encode() + after]
    return b"".join(lines).decode()


def _with(node: ast.Import | ast.ImportFrom, names: Mapping[str, str]) -> ast.Import | ast.ImportFrom:
    if isinstance(node, ast.ImportFrom):
        return ast.ImportFrom(names.get(node.module or "", node.module), node.names, node.level)
    aliases = [
        ast.alias(names[alias.name], alias.asname or alias.name) if alias.name in names else alias for alias in node.names
    ]
    return ast.Import(aliases)
