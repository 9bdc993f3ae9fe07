"""The private folder of one server process, and the template from which every such folder is copied.

    template = Template(Path("fixtures"), (("git", "init", "/workspace/repo"),))
    with template.fresh() as workspace:
        workspace.root                                              # a copy of fixtures/, set up
        workspace.to_shown(f"wrote {workspace.root}/a.txt")         # 'wrote /workspace/a.txt'

The template is copied and set up once per run; a fresh workspace is a copy of that. Its digest covers the files and
the commands, not what the commands make. What a killed run left behind is removed first.

Nothing in a workspace leads out of it: links that do, and what is no file, are refused, in the folder and after the commands.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from astra_data.characters import one_line
from astra_data.errors import ToolError, UsageError
from astra_data.rows.canonical import digest
from astra_data.tools.environment import credentials, machine_paths, scrubbed
from astra_data.tools.links import strange, walk
from astra_data.tools.paths import Shown, to_real
from astra_data.tools.secrets import named_secrets, searchable
from astra_data.tools.temporary import Folder, new_folder, sweep

SETUP_SECONDS = 600.0
WITHIN = "put a copy in its place, or a relative link that stays inside"
TAIL = 800
"""Characters of an output that an error quotes."""
MOMENT_NS = 1_735_689_600 * 10**9
"""2025-01-01T00:00:00Z, the modification time of every file of a template."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """`root` is `/workspace` to a model, `home` is `/home/agent`. All of it is removed by `close`."""

    folder: Folder
    to_shown: Shown

    @property
    def base(self) -> Path:
        return self.folder.path

    @property
    def root(self) -> Path:
        return self.base / "workspace"

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def tmp(self) -> Path:
        return self.base / "tmp"

    def to_real(self, value: Any) -> Any:
        """A JSON value with `/workspace` replaced by the real folder, inside strings too."""
        return to_real(value, str(self.root))

    def close(self) -> None:
        self.folder.close()

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Template:
    """What a workspace starts with: the files of `folder`, then what the `setup` commands make of them. No workspace shows any of
    `secrets`."""

    def __init__(
        self,
        folder: Path | None = None,
        setup: tuple[tuple[str, ...], ...] = (),
        *,
        environ: Mapping[str, str] = os.environ,
        secrets: frozenset[str] = frozenset(),
    ) -> None:
        self.folder, self.setup, self.environ = folder, setup, environ
        self.secrets = secrets | searchable(value for command in setup for value in named_secrets(command))
        self._prepared: Workspace | None = None
        self._lock = threading.Lock()

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, contents and executable bits of the files, and the commands."""
        files = [] if self.folder is None else [_fingerprint(path, self.folder) for path in _walk(_sound(self.folder))]
        return digest({"files": files, "setup": [list(command) for command in self.setup]})

    def fresh(self, secrets: frozenset[str] = frozenset()) -> Workspace:
        """A new workspace. Blocks while it copies.

        Raises `UsageError` for a folder that holds what leads out of it, `ToolError` if a set-up command fails or makes such.
        """
        with self._lock:
            prepared = self._prepared = self._prepared or self._prepare()
        workspace = _new(self.environ, secrets | self.secrets, also=prepared.base)
        try:
            for kept, copy in ((prepared.root, workspace.root), (prepared.home, workspace.home)):
                _refuse_strange(kept, workspace)
                shutil.copytree(kept, copy, symlinks=True)
        except BaseException:
            workspace.close()
            raise
        return workspace

    def close(self) -> None:
        """Remove the prepared copy. A later `fresh` prepares again."""
        with self._lock:
            if self._prepared:
                self._prepared.close()
            self._prepared = None

    def _prepare(self) -> Workspace:
        sweep()
        workspace = _new(self.environ, self.secrets)
        try:
            workspace.home.mkdir()
            if self.folder is None:
                workspace.root.mkdir()
            else:
                shutil.copytree(_sound(self.folder), workspace.root, symlinks=True)
            for command in self.setup:
                _run(command, workspace, self.environ)
            for folder in (workspace.root, workspace.home):
                _refuse_strange(folder, workspace)
        except BaseException:
            workspace.close()
            raise
        for path in [*_walk(workspace.root), workspace.root]:
            os.utime(path, ns=(MOMENT_NS, MOMENT_NS), follow_symlinks=False)
        return workspace


def _new(environ: Mapping[str, str], secrets: frozenset[str], also: Path | None = None) -> Workspace:
    folder = new_folder()
    (folder.path / "tmp").mkdir()
    private: dict[str, str] = {}
    for base in (folder.path, also) if also else (folder.path,):
        names = {"workspace": "/workspace", "home": "/home/agent", "tmp": "/tmp"}
        private |= {str(base / name): shown for name, shown in names.items()} | {
            str(base): "/tmp",
            base.name: "agent",
        }
    return Workspace(folder, Shown(private, secrets | credentials(environ), machine_paths(environ)))


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"the workspace folder {folder} does not exist", mend="name an existing folder")
    return folder


def _sound(folder: Path) -> Path:
    """The folder, if nothing in it leads out of it. Raises `UsageError`."""
    if fault := strange(_existing(folder)):
        raise UsageError(f"the workspace folder {folder}: {one_line(fault)}", mend=WITHIN)
    return folder


def _refuse_strange(folder: Path, workspace: Workspace) -> None:
    if fault := strange(folder):
        raise ToolError(f"workspace: after set-up, {one_line(workspace.to_shown(fault))}", mend=WITHIN)


def _walk(folder: Path) -> list[Path]:
    return sorted(walk(folder))


def _fingerprint(path: Path, folder: Path) -> list[Any]:
    name = path.relative_to(folder).as_posix()
    if path.is_symlink():
        return [name, "link", str(path.readlink())]
    if path.is_dir():
        return [name, "folder", ""]
    kind = "program" if path.stat().st_mode & 0o100 else "file"
    return [name, kind, hashlib.sha256(path.read_bytes()).hexdigest()]


def _run(command: tuple[str, ...], workspace: Workspace, environ: Mapping[str, str]) -> None:
    words, said = workspace.to_real(list(command)), workspace.to_shown(" ".join(command))
    if words and words[0] == "python":
        words[0] = sys.executable
    env = scrubbed(environ, home=workspace.home, tmp=workspace.tmp)
    mend = "run it by hand in a copy of the folder"
    try:
        done = subprocess.run(
            words, cwd=workspace.root, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=SETUP_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        what = workspace.to_shown(str(error)) if isinstance(error, OSError) else f"took more than {SETUP_SECONDS:g} s"
        raise ToolError(f"workspace set-up `{said}`: {what}", mend=mend) from None
    if done.returncode:
        tail = workspace.to_shown(last_lines(done.stderr or done.stdout, 64 * TAIL)).strip()[-TAIL:]
        raise ToolError(f"workspace set-up `{said}` left with {done.returncode}: {tail}", mend=mend)


def last_lines(output: bytes, most: int) -> str:
    """The end of an output, `most` bytes at most; it begins with a whole line, so that it holds no half of a secret."""
    cut = output[-most:].partition(b"\n")[2] if len(output) > most else output
    return cut.decode(errors="replace")
