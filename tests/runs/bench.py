"""A bench for whole runs: a recipe over two real servers and a scripted model, and the real command line in a process.

    bench = Bench.at(tmp_path)
    with bench.endpoint() as endpoint:
        bench.run(bench.recipe(endpoint, tasks=20))
        bench.made()           # {"tools": ["<tree>", {"default": "rows-sha256:..."}], ...}

The servers are found on the PATH that the bench gives, so that no row depends on where this checkout is.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from scripted_endpoint import EndpointProcess

from astra_data.hub.store import Store
from astra_data.hub.writer import read_rows
from astra_data.rows import ROW_TYPES
from astra_data.rows.canonical import digest
from astra_data.teacher.wire import to_wire

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
DEADLINE_S = 300.0
SEED = 100
"""Seed of sample 0 of the model, which tells the samples of one question apart on the wire."""
ONE_TO_ONE = ("tasks", "trajectories", "sft")
"""Stages that make one row of one item."""
MODEL = {
    **{"model": "scripted", "temperature": 0.5, "seed": SEED, "max_tokens": 500, "timeout_s": 120, "max_retries": 2},
    "price": {"input": 1.0, "output": 10.0},
}


@dataclass(frozen=True)
class Bench:
    """A folder with a recipe's files, a store, and a place for temporary files."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Bench":
        bench = cls(folder)
        for name in ("bin", "tmp", "home"):
            (folder / name).mkdir(parents=True)
        server = folder / "bin" / "desk-server"
        server.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{TESTS / "mcp_servers" / "desk.py"}" "$@"\n')
        server.chmod(0o755)
        entry = {"command": "desk-server", "env": {"STARTS": str(bench.starts)}}
        servers = {name: entry | {"args": [name]} for name in ("paint", "notes")}
        (folder / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
        return bench

    @property
    def store(self) -> Path:
        return self.folder / "hub"

    @property
    def starts(self) -> Path:
        return self.folder / "starts"

    def endpoint(self, *, faults: str | None = None, says: str = "reply") -> EndpointProcess:
        """The scripted model. `says` names a function and `faults` a list of plans in `answers`."""
        named = f"runs.answers:{faults}" if faults else None
        return EndpointProcess(f"runs.answers:{says}", self.folder / "requests.jsonl", faults=named, path=(ROOT,))

    def recipe(self, endpoint: EndpointProcess | str, tasks: int, **model: Any) -> Path:
        """The recipe file, with `tasks` free tasks and the few that follow a chain."""
        base_url = endpoint if isinstance(endpoint, str) else endpoint.base_url
        path = self.folder / "desk.yaml"
        path.write_text(yaml.safe_dump({
            "name": "desk",
            "seed": 7,
            "mcp": "mcp.json",
            "models": {"default": MODEL | {"base_url": base_url} | model},
            "servers": {name: {"license": "MIT", "writes": "allow"} for name in ("paint", "notes")},
            "chains": {"proposals": 2, "per_server": 4},
            "tasks": {"per_server": tasks // 2, "max_tools": 3, "coverage": False, "score": {"rubric": "none"}},
            "trajectories": {"max_turns": 6},
        }))
        return path

    def start(self, *arguments: object) -> "subprocess.Popen[str]":
        """The command line in a process of its own, with this bench's PATH and temporary folder."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ.get("PATH", os.defpath)])
        own = {"PATH": path, "TMPDIR": str(self.folder / "tmp"), "HOME": str(self.folder / "home"), "PYTHONPATH": str(ROOT)}
        words = [sys.executable, "-c", "from astra_data.cli import main; main()", *map(str, arguments)]
        pipe = subprocess.PIPE
        return subprocess.Popen(words, cwd=self.folder, env=os.environ | own, stdout=pipe, stderr=pipe, text=True)

    def run(self, recipe: Path, *arguments: object, code: int = 0) -> dict[str, Any]:
        """`astra run` to its end. The JSON it prints, or `{"said": ...}` if it is to leave with another `code` than 0."""
        process = self.start("run", recipe, "--store", self.store, "--json", *arguments)
        out, error = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == code, f"left with {process.returncode}: {error[-3000:]}"
        result: dict[str, Any] = json.loads(out) if code == 0 else {"said": error}
        return result

    def take_over(self, other: "Bench", pattern: str = "*") -> None:
        """Copy what another bench has in its store."""
        self.store.mkdir()
        for path in other.store.glob(pattern):
            shutil.copytree(path, self.store / path.name) if path.is_dir() else shutil.copyfile(path, self.store / path.name)

    def rows(self, stage: str, config: str = "default") -> list[dict[str, Any]]:
        """The rows of the newest version; none where it has no such config."""
        version = Store.open(self.store).version(f"desk-{stage}")
        folder = version.path / ("data" if config == "default" else config)
        return list(read_rows(sorted(folder.glob("*.parquet")), ROW_TYPES[stage])) if folder.exists() else []

    def refused(self, stage: str, config: str) -> list[dict[str, Any]]:
        """`input_id` and `reasons` of the rows of a config of refused rows."""
        import polars as pl

        version = Store.open(self.store).version(f"desk-{stage}")
        files = sorted((version.path / config).glob("*.parquet"))
        return pl.read_parquet(files, columns=["input_id", "reasons"]).to_dicts() if files else []

    def made(self) -> dict[str, Any]:
        """Stage -> tree of the newest version, and the row digest of each of its configs."""
        made: dict[str, Any] = {}
        for stage in ROW_TYPES:
            if (self.store / f"desk-{stage}").exists():
                version = Store.open(self.store).version(f"desk-{stage}")
                made[stage] = [version.tree, {output.config: output.rows for output in version.lineage().outputs}]
        return made

    def versions(self) -> set[str]:
        """Every file of every version, every key and reference, with its bytes' digest: all of the store but the ledger."""
        files = [path for path in self.store.rglob("*") if path.is_file() and path.parent != self.store]
        return {f"{path.relative_to(self.store)} {digest(path.read_bytes().hex())}" for path in files}

    def answered(self) -> dict[str, str]:
        """Wire identity -> response, of every good answer of a model in the ledger. Leaves the ledger's files untouched."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.store.glob("ledger.sqlite*"):
            shutil.copyfile(path, copy / path.name)
        if not (copy / "ledger.sqlite").exists():
            return {}
        connection = sqlite3.connect(copy / "ledger.sqlite")
        try:
            chosen = "SELECT request, response FROM effects WHERE kind = 'ask' AND outcome = 'ok'"
            return {recorded_id(json.loads(request)): response for request, response in connection.execute(chosen)}
        finally:
            connection.close()

    def servers(self) -> list[int]:
        """Processes that were started as a server of this bench, or by one."""
        return [pid for pid, environ in environments() if f"STARTS={self.starts}".encode() in environ]

    def wait_until_clean(self) -> None:
        """Wait until no server runs. Raises `AssertionError` if one outlives its run by half a minute."""
        deadline = time.monotonic() + 30
        while self.servers():
            assert time.monotonic() < deadline, f"servers outlive their run: {self.servers()}"
            time.sleep(0.05)


def kill(process: "subprocess.Popen[str]", number: int = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.communicate(timeout=DEADLINE_S)


def environments() -> Iterator[tuple[int, bytes]]:
    """(process id, its environment) of every process that we may look at."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            yield int(process.name), (process / "environ").read_bytes()
        except OSError:
            continue


def recorded_id(request: dict[str, Any]) -> str:
    """What tells a request apart on the wire: all its messages, and the seed of its sample."""
    return digest([to_wire(request["messages"], pass_reasoning=False), SEED + request["sample"]])


def sent_id(request: dict[str, Any]) -> str:
    """The same, of a request as the endpoint got it."""
    return digest([request["messages"], request["seed"]])
