"""The source of tools, read and not run: what it may import, call and reach, and constants that it hides.

    >>> list(faults_in("import os", own=frozenset(), answers=[]))
    ['line 1: imports os']

The sandbox is what holds code. This scan keeps out what would make a tool other than a function of its arguments and its state.
"""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from astra_data.audit.finding import goals_of, informative, only_calls, verdict
from astra_data.audit.trees import nodes_of, tree_of
from astra_data.rollout.goals import stands_in, text_of
from astra_data.rows.environments import AuditCheck, Environment

IMPORTS = frozenset(
    "abc bisect calendar cmath collections collections.abc copy dataclasses datetime decimal difflib enum fractions functools "
    "heapq itertools json math numbers operator re statistics string textwrap types typing typing_extensions unicodedata "
    "__future__".split()
)
"""Modules of the standard library that a tool may use."""
NAMES = frozenset(
    "open exec eval compile __import__ __builtins__ __loader__ __spec__ globals locals vars input breakpoint help exit quit id "
    "hash memoryview setattr delattr".split()
)
CLOCK = frozenset({"now", "today", "utcnow"})
DUNDER = re.compile(r"__\w+__")
HARMLESS_NAMES = frozenset({"__init__", "__name__", "__main__", "__post_init__", "__all__", "__doc__", "__file__"})
BORROWED = frozenset("random time uuid hashlib base64 mpmath os subprocess".split())
"""What published classes import besides; of use only where goals are calls, and only if it changes no recorded response."""


def source_check(environment: Environment) -> list[AuditCheck]:
    """One check over all modules."""
    own = frozenset(module.name for module in environment.modules)
    hidden = [value for goal in goals_of(environment) for value in (goal.answer, goal.response) if informative(value)]
    faults = [
        f"{module.name}, {fault}" for module in environment.modules
        for fault in faults_in(module.source, own, hidden, published=only_calls(environment))
    ]
    return [verdict("source", None, faults, f"{len(environment.modules)} modules read")]


def faults_in(source: str, own: frozenset[str], answers: Sequence[Any], *, published: bool = False) -> Iterator[str]:
    """What a tool's source may not hold. `own` are the row's modules; `published` code may have imports that it does not use."""
    try:
        tree, nodes = tree_of(source), nodes_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield f"line {getattr(error, 'lineno', None) or 0}: does not compile ({type(error).__name__})"
        return
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    modules = {(alias.asname or alias.name).split(".")[0] for node in nodes if isinstance(node, ast.Import)
               for alias in node.names}
    idle = used if published else None
    for node, given in _scoped(tree, nodes):
        for what in (*_imported(node, own, idle), *_reached(node, modules, given), *_hidden(node, answers)):
            yield f"line {getattr(node, 'lineno', 0)}: {what}"


def _scoped(tree: ast.AST, nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Every node with the parameters of the functions around it: a parameter named `id` is not the builtin.

    Defaults and decorators stand outside of their function; bodies of classes, and names that are declared global, skip it.
    """
    everywhere = frozenset(name for node in nodes if isinstance(node, ast.Global) for name in node.names)
    left = [(tree, frozenset[str]())]
    while left:
        node, given = left.pop()
        yield node, given
        inner = _within(node, given) - everywhere
        for field, value in reversed(list(ast.iter_fields(node))):
            children = [child for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST)]
            left += [(child, inner if field == "body" else given) for child in reversed(children)
                     if not isinstance(child, ast.expr_context)]


def _within(node: ast.AST, given: frozenset[str]) -> frozenset[str]:
    """The parameters that the body of a node can name."""
    if isinstance(node, ast.ClassDef):
        return frozenset()
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return given
    every = node.args
    own = (*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg)
    return given | {each.arg for each in own if each}


def _imported(node: ast.AST, own: frozenset[str], used: set[str] | None) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            idle = used is not None and alias.name in BORROWED and (alias.asname or alias.name) not in used
            if alias.name not in IMPORTS | own and not idle:
                yield f"imports {alias.name}"
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        if node.level or module not in IMPORTS | own:
            yield f"imports {module or 'its own package'}"
        elif module not in own:
            inner = [alias.name for alias in node.names if _is_module(module, alias.name)]
            yield from (f"reaches {module}.{name}" for name in inner)


def _is_module(module: str, name: str) -> bool:
    """Whether an attribute of a module is another module, such as `re.enum`."""
    return name in sys.stdlib_module_names and name != module and (module, name) != ("collections", "abc")


def _reached(node: ast.AST, modules: set[str], given: frozenset[str]) -> Iterator[str]:
    match node:
        case ast.Name(id=name) if name in NAMES and name not in given:
            yield f"uses {name}"
        case ast.Attribute(attr=name) if DUNDER.fullmatch(name) and name not in HARMLESS_NAMES:
            yield f"reaches .{name}"
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules and _is_module(module, name):
            yield f"reaches {module}.{name}"
        case ast.Attribute(attr=name) if name in CLOCK:
            yield f"reads the clock by .{name}"
        case ast.Constant(value=str(text)) if any(found not in HARMLESS_NAMES for found in DUNDER.findall(text)):
            yield f"names {DUNDER.search(text)[0]} in a text"  # type: ignore[index]
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]) if not _plain(name):
            yield "looks up an attribute by a computed name"


def _plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _hidden(node: ast.AST, answers: Sequence[Any]) -> Iterator[str]:
    """Constants that are put together so that nobody reads them, where they come to an answer."""
    text = _folded(node)
    if text is not None and any(stands_in(text_of(answer), text) or text == text_of(answer) for answer in answers):
        yield "hides an answer in a constant put together from pieces"


def _folded(node: ast.AST) -> str | None:
    """The text that an expression of constants comes to; None for others and for plain constants."""
    match node:
        case ast.BinOp(op=ast.Add()) | ast.JoinedStr():
            return _joined(node)
        case ast.Subscript(value=ast.Constant(value=str(text)), slice=ast.Slice(step=ast.UnaryOp(operand=ast.Constant(value=1)))):
            return text[::-1]
        case ast.Call(func=ast.Attribute(attr="fromhex"), args=[ast.Constant(value=str(text))]):
            return _decoded(bytes.fromhex, text)
        case ast.Call(func=ast.Name(id="bytes" | "bytearray" | "map"), args=[*_, ast.List(elts=items) | ast.Tuple(elts=items)]):
            return _characters(items)
        case ast.comprehension(iter=ast.List(elts=items) | ast.Tuple(elts=items)):
            return _characters(items)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(glue)), attr="join"), args=[ast.List(elts=items)]):
            parts = [_constant(item) for item in items]
            return None if None in parts else glue.join(part for part in parts if part is not None)
    return None


def _joined(node: ast.AST) -> str | None:
    parts, left = list[str](), [node]
    while left:
        each = left.pop()
        if isinstance(each, ast.BinOp) and isinstance(each.op, ast.Add):
            left += [each.left, each.right]
        elif isinstance(each, ast.JoinedStr):
            left += each.values
        elif (text := _constant(each)) is not None:
            parts.append(text)
        else:
            return None
    return "".join(reversed(parts)) if len(parts) > 1 else None


def _constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _characters(items: Sequence[ast.expr]) -> str | None:
    codes = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, int)]
    if len(codes) < max(len(items), 3) or not all(0 <= code < 0x110000 for code in codes):
        return None
    return "".join(map(chr, codes))


def _decoded(decode: Any, text: str) -> str | None:
    try:
        return str(decode(text).decode())
    except (ValueError, UnicodeDecodeError):
        return None
