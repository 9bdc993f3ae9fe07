"""Finds where a source makes a path of something that does not stand in it, otherwise than by `filenames.inside`.

    findings("def f(folder: Path, row):\\n    return folder / row.id")        # ['folder / row.id']

There are no types here: whether `a / b` joins paths is told by names, annotations and assignments. A part is harmless if it
stands in the source: a text, a constant in capitals, a number that is formatted as one, the variable of a loop over such.
"""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

PATHLIKE = re.compile(
    r"(?:\w*_)?(?:path|folder|dir|directory|root|home|base|parent|store|cache|out|output|target|dest|destination|tree|staging|file"
    r"|place|source|work|records|package|packaged|tmp|temp|hub|where|workspace)s?", re.IGNORECASE)
"""Names of what is likely a path."""
TEXTLIKE = re.compile(r"(?:\w*_)?(?:id|name|key|file|path|title|slug|server|tool|domain|stem|kind|config)")
"""Names of what is likely a text: nobody divides by it."""
CAPITALS = re.compile(r"_?[A-Z][A-Z0-9_]*|__file__")
PATHS = {"Path", "PurePath", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"}
GIVE = {"resolve", "absolute", "expanduser", "joinpath", "with_name", "with_suffix", "with_stem", "cwd", "home", "inside",
        "abspath", "mkdtemp", "gettempdir", "snapshot_download", "hf_hub_download"}
"""Functions and methods that give a path."""
JOIN = {"joinpath", "with_name", "with_stem", "with_suffix", "glob", "rglob", "iglob"}
"""Methods, and functions of `glob`, that take a part of a path."""
MOVE = {"rename", "replace", "symlink_to", "hardlink_to"}
"""Methods that take another path."""
ONE = {"open", "mkdir", "makedirs", "remove", "unlink", "rmdir", "chmod", "rmtree", "unpack_archive", "scandir", "listdir"}
TWO = {"rename", "replace", "symlink", "link", "copy", "copy2", "copyfile", "copytree", "move"}
MODULES = {"os", "shutil", "io", "gzip", "bz2", "lzma", "codecs", "tarfile", "zipfile"}
"""Modules whose functions `ONE` and `TWO` take one or two paths first, which may be texts."""
TEMPORARY = {"mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile"}
"""Functions that make a name with a `prefix` and a `suffix`."""


def findings(source: str) -> list[str]:
    """The expressions that make such a path, in the order of the source."""
    tree = ast.parse(source)
    return _Finder(tree).found(tree)


class _Finder:
    """One source: the names in it that are paths, and at one place of it, those that go over constants."""

    def __init__(self, tree: ast.Module) -> None:
        self._paths: set[str] = set()
        self._harmless: frozenset[str] = frozenset()
        for node in ast.walk(tree):
            self._note(node)

    def found(self, node: ast.AST) -> list[str]:
        """What is found in a node: of expressions in one another, the outermost."""
        before = self._harmless
        loops = [node] if isinstance(node, ast.For) else getattr(node, "generators", [])
        for loop in loops:
            over = {name.id for name in ast.walk(loop.target) if isinstance(name, ast.Name)}
            self._harmless = self._harmless | over if self._listed(loop.iter) else self._harmless - over
        found = self._found(node)
        self._harmless = before
        return found

    def _found(self, node: ast.AST) -> list[str]:
        if isinstance(node, ast.expr) and self._makes(node):
            inner = [child for part in self._bases(node) for child in self.found(part)]
            return [*inner, ast.unparse(node)]
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div) and self._joins(node.target, node.value):
            return [] if self._constant(node.value) else [ast.unparse(node)]
        return [one for child in ast.iter_child_nodes(node) for one in self.found(child)]

    def _bases(self, node: ast.expr) -> Iterator[ast.AST]:
        """What else to look at of an expression that was found."""
        if isinstance(node, ast.Call):
            yield from ast.iter_child_nodes(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None and "Path" in ast.unparse(node.annotation):
            target = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target).removeprefix("self.")
            self._paths.add(target)
        elif isinstance(node, ast.FunctionDef) and node.returns is not None and ast.unparse(node.returns) in ("Path", "'Path'"):
            self._paths.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and self._path(node.value):
            self._paths.add(node.targets[0].id)

    def _listed(self, node: ast.expr) -> bool:
        """Whether something to go over holds constants alone."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "keys", "values"):
            node = node.func.value
        if isinstance(node, ast.Name | ast.Attribute):
            return self._constant(node)
        return isinstance(node, ast.Tuple | ast.List | ast.Set) and all(
            self._constant(part.value if isinstance(part, ast.Starred) else part) for part in node.elts
        )

    def _constant(self, node: ast.expr) -> bool:
        """Whether a part stands in the source, or comes from `inside`."""
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=name):
                return name in self._harmless or CAPITALS.fullmatch(name) is not None
            case ast.Attribute(value=ast.Name(id="sys")) | ast.Attribute(value=ast.Name(id="os"), attr="devnull"):
                return True
            case ast.Attribute(attr=name):
                return CAPITALS.fullmatch(name) is not None
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
                return self._constant(one) and self._constant(other)
            case ast.JoinedStr(values=parts):
                return all(self._constant(part) for part in parts)
            case ast.FormattedValue(value=value, format_spec=spec):
                return self._constant(value) or (spec is not None and ast.unparse(spec).rstrip("'\"")[-1:] in "dx")
        return False

    def _path(self, node: ast.expr) -> bool:
        """Whether an expression is known to be a path, by what it is or how its name is annotated or assigned."""
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return name in self._paths or name == "parent"
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return name in PATHS or name in GIVE or name in self._paths
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joins(left, right)
            case ast.Subscript(value=ast.Attribute(attr="parents")):
                return True
            case ast.BoolOp(values=parts):
                return all(self._path(part) or self._constant(part) for part in parts)
        return False

    def _likely(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            return PATHLIKE.fullmatch(name) is not None or self._path(node)
        return self._path(node) or (isinstance(node, ast.Subscript) and self._likely(node.value))

    def _text(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant(value=str()) | ast.JoinedStr():
                return True
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
                return TEXTLIKE.fullmatch(name) is not None
            case ast.Call(func=ast.Name(id="str")):
                return True
        return False

    def _joins(self, left: ast.expr, right: ast.expr) -> bool:
        return self._likely(left) or self._text(right) or self._text(left) or self._path(right)

    def _makes(self, node: ast.expr) -> bool:
        """Whether an expression makes a path of a part that is not harmless."""
        match node:
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._joins(left, right) and (not self._constant(right) or self._makes(left))
            case ast.Call(func=ast.Name(id=name), args=args) if name in PATHS:
                return not all(self._constant(arg) or self._path(arg) for arg in args)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), keywords=words) if name in TEMPORARY:
                return not all(self._constant(word.value) for word in words if word.arg in ("prefix", "suffix"))
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="path"), attr="join"), args=args):
                return not all(self._constant(arg) for arg in args[1:])
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name), args=args) if module in MODULES:
                taken = args[:1] if name in ONE else args[:2] if name in TWO else []
                return not all(self._constant(arg) or self._likely(arg) for arg in taken)
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in JOIN:
                return not all(self._constant(arg) for arg in args)
            case ast.Call(func=ast.Attribute(attr=name), args=[ast.JoinedStr() | ast.BinOp(op=ast.Add()) as arg]) if name in MOVE:
                return not self._constant(arg)
            case ast.Call(func=ast.Name(id="open"), args=[arg, *_]):
                return not (self._constant(arg) or self._path(arg))
            case ast.JoinedStr(values=parts):
                return self._spliced(parts)
        return False

    def _spliced(self, parts: list[ast.expr]) -> bool:
        """Whether a text goes on, behind a path and a stroke, with what is not harmless."""
        behind = False
        for before, part in pairwise(parts):
            known = isinstance(before, ast.FormattedValue) and self._path(before.value)
            behind = behind or (known and isinstance(part, ast.Constant) and str(part.value)[:1] in "/\\")
            if behind and isinstance(part, ast.FormattedValue) and not self._constant(part):
                return True
        return False
