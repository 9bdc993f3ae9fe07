"""`astra doctor`: what works here, and how to mend the rest."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from astra_data.cli import options
from astra_data.errors import AstraError
from astra_data.hub.store import Store
from astra_data.sandbox import Sandbox
from astra_data.terminal import say, say_json


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `needed_for` says what does not work without it."""

    what: str
    ok: bool
    detail: str
    needed_for: str


@click.command("doctor")
@options.store
@options.as_json
def command(store: Path, as_json: bool) -> None:
    """Look at Python, MCP launchers, keys, the store and the optional packages. Leaves with 1 if something base is missing."""
    findings = [check() for check in (_python, _uvx, _npx, lambda: _store(store), _sandbox, _key, _token)] + list(_packages())
    if as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(f"{'ok     ' if finding.ok else 'missing'}  {finding.what:<22} {finding.detail}  [{finding.needed_for}]")
    if any(not finding.ok and finding.needed_for == "everything" for finding in findings):
        sys.exit(1)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Finding("python", good, version if good else f"{version}; use 3.11, 3.12 or 3.13", "everything")


def _store(root: Path) -> Finding:
    try:
        names = Store.open(root).names()
    except AstraError as error:
        return Finding("store", False, str(error), "everything")
    return Finding("store", True, f"{root}, {len(names)} datasets", "everything")


def _sandbox() -> Finding:
    """Starts a worker of the sandbox, which tries to get out of it."""
    try:
        with Sandbox(workers=1, isolation="best_effort") as sandbox:
            isolation = sandbox.isolation
    except AstraError as error:
        return Finding("sandbox", False, str(error), "environments")
    detail = "; ".join((str(isolation), *isolation.degraded))
    return Finding("sandbox", not isolation.missing, detail, "environments")


def _launcher(name: str, mend: str, servers: str) -> Callable[[], Finding]:
    def check() -> Finding:
        path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
        found = shutil.which(name, path=path)
        return Finding(name, found is not None, "found" if found else mend, servers)

    return check


_uvx = _launcher("uvx", "pip install uv", "MCP servers from PyPI, and the demo")
_npx = _launcher("npx", "install Node.js", "MCP servers from npm")


def _variable(name: str, mend: str, needed_for: str) -> Callable[[], Finding]:
    def check() -> Finding:
        return Finding(name, name in os.environ, "set" if name in os.environ else mend, needed_for)

    return check


_key = _variable("OPENAI_API_KEY", "export it, or name another variable in models.<role>.api_key_env", "models of OpenAI")
_token = _variable("HF_TOKEN", "export it, or run `hf auth login`", "push, and private datasets")


def _packages() -> Iterator[Finding]:
    for module, extra, use in (("sentence_transformers", "embed", "embeddings"), ("trl", "train", "training")):
        found = importlib.util.find_spec(module) is not None
        yield Finding(module, found, "installed" if found else f'pip install "astra-data[{extra}]"', use)
