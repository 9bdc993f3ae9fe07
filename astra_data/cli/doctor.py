"""`astra doctor`: what works here, and how to mend the rest."""

import asyncio
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from astra_data.cli import options
from astra_data.errors import AstraError, DataError, UsageError
from astra_data.filenames import inside
from astra_data.hub.addresses import LEDGER
from astra_data.hub.store import Store
from astra_data.ledger import Ledger
from astra_data.sandbox import Sandbox
from astra_data.terminal import say, say_json
from astra_data.tools.statuses import forgotten

STATUSES = frozenset({
    "server returned an error response", "not found", "unauthorized", "forbidden", "method not allowed", "too many requests",
    "internal server error", "bad gateway", "service unavailable", "gateway timeout",
})
"""What was recorded as the answer of a tool where a web server had not taken the call; a session that ended is `forgotten`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `needed_for` says what does not work without it; `code` is what the command leaves
    with where it is not ok, and 0 where that ends nothing."""

    what: str
    ok: bool
    detail: str
    needed_for: str
    code: int = 0

    @property
    def word(self) -> str:
        return "ok" if self.ok else "damaged" if self.code == DataError.exit_code else "missing"


@click.command("doctor")
@options.store
@click.option("--ledger", is_flag=True, help="Also remove from the store's ledger what HTTP servers answered by their status.")
@options.as_json
def command(store: Path, ledger: bool, as_json: bool) -> None:
    """Look at Python, MCP launchers, keys, every file of the store and the optional packages.

    Leaves with 3 if the store is damaged, and with 2 if there can be none, or Python is another than is supported.
    """
    findings = [_python(), _uvx(), _npx(), *_store(store), _sandbox(), _key(), _token(), *_packages()]
    findings += [_ledger(store)] if ledger else []
    if as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(f"{finding.word:<8} {finding.what:<22} {finding.detail}  [{finding.needed_for}]")
    bad = [finding for finding in findings if finding.code]
    if bad:
        error = DataError if any(finding.code == DataError.exit_code for finding in bad) else UsageError
        raise error(f"{len(bad)} of these keep all else from working", mend="mend what is damaged or missing as its line says")


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    if good:
        return Finding("python", True, version, "everything")
    return Finding("python", False, f"{version}; use 3.11, 3.12 or 3.13", "everything", UsageError.exit_code)


def _store(root: Path) -> list[Finding]:
    """The store as one finding, or one for each damage."""
    try:
        store = Store.open(root)
        names, damages = store.names(), list(store.damages())
    except AstraError as error:
        return [Finding("store", False, str(error), "everything", error.exit_code)]
    if damages:
        return [Finding("store", False, str(damage), "everything", damage.exit_code) for damage in damages]
    return [Finding("store", True, f"{root}, {len(names)} datasets, all files as their lineages say", "everything")]


def _ledger(root: Path) -> Finding:
    """Earlier versions took what a web server said by its status for the answer of a tool."""

    async def removed() -> int:
        ledger = Ledger.open(inside(root, LEDGER))
        try:
            return ledger.forget([effect["key"] for effect in ledger.export() if _by_status(effect)])
        finally:
            await ledger.close()

    if not (root / LEDGER).exists():
        return Finding("ledger", True, "there is none", "replays")
    try:
        count = asyncio.run(removed())
    except AstraError as error:
        return Finding("ledger", False, str(error), "replays")
    return Finding("ledger", True, f"{count} answers removed that were a server's status; they are asked again", "replays")


def _by_status(effect: Mapping[str, Any]) -> bool:
    response = effect["response"]
    if effect["kind"] != "tool" or not isinstance(response, dict) or response.get("is_error") is not True:
        return False
    content = str(response.get("content"))
    return forgotten(content) or content.strip().rstrip(".").lower() in STATUSES


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
