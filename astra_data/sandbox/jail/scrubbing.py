"""Takes out of texts what differs from machine to machine: addresses of objects, and where Python lies.

    scrubber = Scrubber({"/usr/lib/python3.11/json/__init__.py": "json/__init__.py"})
    scrubber.text("<Bank object at 0x7f3a5c0d1e20>")                            # "<Bank object at 0x1>"
    scrubber.text("/usr/lib/python3.11/json/__init__.py, line 3")               # "json/__init__.py, line 3"

Addresses are numbered in the order in which they are first seen, so that two objects stay two. Only what Python itself writes is
replaced: an address that ends an angle bracket, and the whole path of a module that is loaded here. Other texts are a tool's own.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

ADDRESS = re.compile(r" at 0x([0-9a-f]{8,16})(?=>)")


def module_paths(modules: Iterable[ModuleType], roots: Iterable[str]) -> dict[str, str]:
    """The files of modules, and their folders, and how they are shown: by what follows the longest root that they lie below.

    A path stands there also as it does in a text of JSON.
    """
    below = sorted({root.rstrip("/") for root in roots if len(root) > 1}, key=len, reverse=True)
    files = {str(file) for one in modules for name in ("__file__", "__cached__") if (file := getattr(one, name, None))}
    shown: dict[str, str] = {}
    for path in sorted(files | {str(Path(file).parent) for file in files}):
        root = next((root for root in below if path.startswith(f"{root}/")), None)
        if root is not None:
            shown |= {form: path[len(root) + 1:] for form in (path, json.dumps(path)[1:-1])}
    return shown


@dataclass(slots=True)
class Scrubber:
    """`paths` are files and folders of this machine by the names under which they are shown."""

    paths: Mapping[str, str]
    _heads: tuple[str, ...] = ()
    _path: "re.Pattern[str] | None" = None
    _seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._heads = tuple(sorted({path[:-len(name)] for path, name in self.paths.items()}))
        self._path = re.compile(f"(?:{'|'.join(map(re.escape, self._heads))})[\\w./+-]*") if self._heads else None

    def text(self, text: str) -> str:
        if self._path is not None and any(head in text for head in self._heads):
            text = self._path.sub(self._shown, text)
        return ADDRESS.sub(self._numbered, text) if " at 0x" in text else text

    def _shown(self, match: re.Match[str]) -> str:
        path = match[0].rstrip(".")
        return self.paths.get(path, path) + match[0][len(path):]

    def _numbered(self, match: re.Match[str]) -> str:
        return f" at 0x{self._seen.setdefault(match[1], len(self._seen) + 1):x}"
