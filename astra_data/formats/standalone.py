"""The source of one tool alone, for forms that give every tool a source of its own.

    standalone(environment, tool)        # the tool's module as it is, or a text that loads all modules it needs

Sources are read with `ast`, and never run here. A tool with a state takes it from the initial state wherever its text is loaded:
such forms have no state that tools share.
"""

import ast
import json
import re
import sys
from collections.abc import Iterable
from functools import lru_cache

from astra_data.bounded import python_text
from astra_data.rows.environments import Environment, EnvironmentTool, Module

LOADER = '''# The tool {name!r} with the modules that it needs. A state starts afresh wherever this text is loaded.
import functools
import json
import sys
import types

MODULES = {modules}


def _at(entry):
    """What stands at a dotted place: a module, then attributes."""
    first, *rest = entry.split(".")
    return functools.reduce(getattr, rest, sys.modules[first])


for _name, _source in MODULES:
    sys.modules[_name] = types.ModuleType(_name)
    exec(compile(_source, _name, "exec"), vars(sys.modules[_name]))
{load}

def {function}(**arguments):
    return _at({entry!r})(**arguments)
'''


def identifier(name: str) -> str:
    """A name for Python that reads like this name."""
    return re.sub(r"\W", "_", name)


def entry_in(source: str, name: str) -> str:
    """The function that a source has for the tool: that of its name, else its only one. Raises `ValueError` if there is none."""
    try:
        functions = _functions(python_text.parsed(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"not Python: {error}") from error
    if name in functions or identifier(name) in functions:
        return name if name in functions else identifier(name)
    public = [function for function in functions if not function.startswith("_")]
    if len(public) != 1:
        raise ValueError(f"none of its {len(public)} functions has the tool's name")
    return public[0]


def standalone(environment: Environment, tool: EnvironmentTool) -> str:
    """The source of one tool of an environment, complete in itself."""
    first, _, function = tool.entry.partition(".")
    needed = _needed(environment, first)
    loads = environment.world.load is not None
    if len(needed) == 1 and not loads and function in (tool.name, identifier(tool.name)):
        return needed[0].source
    state = json.dumps(environment.world.initial_state)
    load = f"_at({environment.world.load!r})(state=json.loads({state!r}))\n" if loads else ""
    modules = "[\n" + "".join(f"    ({module.name!r}, {module.source!r}),\n" for module in needed) + "]"
    return LOADER.format(name=tool.name, modules=modules, load=load, function=identifier(tool.name), entry=tool.entry)


def _needed(environment: Environment, first: str) -> list[Module]:
    """The modules that the named one imports, and those that load the state, in the environment's order."""
    by_name = {module.name: module for module in environment.modules}
    wanted = [first, *([environment.world.load.partition(".")[0]] if environment.world.load else [])]
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in by_name and name not in found:
            found.add(name)
            wanted.extend(imports(by_name[name].source))
    return [module for module in environment.modules if module.name in found]


def packages(sources: Iterable[str], own: Iterable[str]) -> set[str]:
    """The packages that sources import and that are neither `own` nor the standard library's."""
    found = {name.partition(".")[0] for source in sources for name in imports(source)}
    return found - set(own) - sys.stdlib_module_names


def _functions(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


@lru_cache(maxsize=256)
def imports(source: str) -> frozenset[str]:
    """The modules that a source imports; none if it is not Python, since then nothing of it runs."""
    try:
        nodes = list(ast.walk(python_text.parsed(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return frozenset(plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module})
