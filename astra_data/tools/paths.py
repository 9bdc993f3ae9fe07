"""The two views of a path: what a server sees, and what a model and a row see.

    >>> to_real({"sql": "attach '/workspace/a.db'"}, "/tmp/x/w")
    {'sql': "attach '/tmp/x/w/a.db'"}
    >>> Shown({"/tmp/x/w": "/workspace", "/home/joe": "/home/user"}, frozenset({"hunter22"}))("/home/joe: hunter22")
    '/home/user: ***'

A path matches as whole components: `/workspaces` and `/src/workspace` are other folders.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from astra_data.tools.scrub import Scrub

WORKSPACE = "/workspace"
BEFORE = r"(?:(?<![\w.~/-])|(?<=://)|(?<=:///))"
"""What may stand before a path: nothing that belongs to a longer path, or the slashes of a URI."""
AFTER = r"(?![\w~-]|\.\w|%(?!2[Ff])[0-9A-Fa-f]{2})"
"""What may not follow: more of the same component. A dot ends a sentence unless a letter follows it."""

_WORKSPACE = re.compile(BEFORE + WORKSPACE + AFTER)
_UV_ENVIRONMENT = re.compile(r"(?<=/\.cache/uv/)((?:archive|environments|builds)-v\d+)/[\w.-]+")
"""uv names its environments by random letters, which differ from machine to machine."""


def to_real(value: Any, root: str) -> Any:
    """A JSON value with `/workspace` replaced by `root`, inside strings too. Keys of objects stay."""
    if isinstance(value, str):
        return _WORKSPACE.sub(lambda _: root, value)
    if isinstance(value, list):
        return [to_real(item, root) for item in value]
    if isinstance(value, dict):
        return {key: to_real(item, root) for key, item in value.items()}
    return value


class Shown:
    """A function from a server's text to the text that may be shown: no secrets, then neutral paths, longest match first.

    `private` names are unlike anything else (a random folder) and are replaced wherever they stand; paths of `machine`
    only as whole components, since `/root` may also be a word of the text.
    """

    def __init__(
        self,
        private: Mapping[str, str],
        secrets: frozenset[str] = frozenset(),
        machine: Mapping[str, str] | None = None,
    ) -> None:
        self._scrub, names = Scrub(secrets), dict[str, str]()
        for path, name in private.items():
            names |= {path: name, quote(path, safe=""): quote(name, safe=""), path.replace("/", "\\/"): name}
        self._names = names | {path: name for path, name in (machine or {}).items() if path not in names}
        self._whole = {path for path in machine or {} if path not in names}

    def __call__(self, text: str) -> str:
        text = self._scrub(text)
        pattern = _alternatives((name for name in self._names if name in text), self._whole)
        neutral = pattern.sub(lambda match: self._names[match[0]], text) if pattern else text
        return _UV_ENVIRONMENT.sub(r"\1/env", neutral)

    def json(self, value: Any) -> Any:
        """The same for every string of a JSON value, keys of objects included."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, dict):
            return {self(key): self.json(item) for key, item in value.items()}
        return value


def _alternatives(names: Iterable[str], whole: set[str]) -> "re.Pattern[str] | None":
    """What finds names that are in the text at all: all of them, most of which are not, would take a second for each MiB."""
    longest_first = sorted((name for name in names if name.strip("/")), key=lambda name: (-len(name), name))
    parts = [BEFORE + re.escape(name) + AFTER if name in whole else re.escape(name) for name in longest_first]
    return re.compile("|".join(parts)) if parts else None
