"""The modules of an image inside a child: compiled once, importable by one another by name, in any order.

    image = Loaded({"bank": code, "tools.cards": code})
    image.load()                            # runs them in the order given
    image.find("bank.accounts.close")       # an attribute of an attribute of a module

The parent packages of a dotted name exist by themselves.
"""

import importlib
import importlib.machinery
import marshal
import sys
from collections.abc import Callable, Sequence
from types import CodeType, ModuleType
from typing import Any

Sources = list[tuple[str, str]]
Codes = dict[str, CodeType]


def compiled(sources: Sources) -> Codes:
    """Raises what `compile` raises."""
    return {name: compile(source, file_of(name), "exec", dont_inherit=True) for name, source in sources}


def packed(codes: Codes) -> bytes:
    return marshal.dumps(codes)


def unpacked(blob: bytes) -> Codes:
    codes: Codes = marshal.loads(blob)
    return codes


def file_of(name: str) -> str:
    """What tracebacks call the file of a module."""
    return f"{name.replace('.', '/')}.py"


class Loaded:
    """The modules of an image; a finder of `sys.meta_path`."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._packages = {name[:end] for name in codes for end, letter in enumerate(name) if letter == "."}
        self.files = {file_of(name) for name in codes}

    def load(self) -> None:
        """Run the modules in their order. Raises what they raise."""
        for name in (*self._codes, *self._packages):
            sys.modules.pop(name, None)
        sys.meta_path.insert(0, self)
        for name, code in self._codes.items():
            if "." in name:
                importlib.import_module(name)
            elif name not in sys.modules:
                self._run(name, code)

    def _run(self, name: str, code: CodeType) -> None:
        """What importing a module that is in no package comes to, without the detours of `importlib`."""
        module = ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, self)  # type: ignore[arg-type]
        module.__loader__, module.__package__, module.__file__ = self, "", file_of(name)  # type: ignore[assignment]
        sys.modules[name] = module
        try:
            exec(code, module.__dict__)
        except BaseException:
            sys.modules.pop(name, None)
            raise

    def find(self, entry: str) -> Callable[..., Any]:
        """The thing that an entry names. Raises `LookupError` if there is no such module, `AttributeError` as usual."""
        parts = entry.split(".")
        for end in range(len(parts) - 1, 0, -1):
            if (name := ".".join(parts[:end])) in self._codes:
                found: Any = sys.modules.get(name) or importlib.import_module(name)
                for part in parts[end:]:
                    found = getattr(found, part)
                return found  # type: ignore[no-any-return]
        raise LookupError(f"no module of the image holds {entry!r}")

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._codes and name not in self._packages:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name in self._packages)  # type: ignore[arg-type]

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        if code := self._codes.get(module.__name__):
            module.__file__ = file_of(module.__name__)
            exec(code, module.__dict__)
