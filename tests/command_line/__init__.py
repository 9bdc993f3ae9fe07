"""The command line as a person runs it, and a small recipe on the server of `mcp_servers`.

said = astra("show", "small-tasks", "--json")       # a fixture of tests/cli
said.code, said.lines()
"""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SERVER = Path(__file__).parents[1] / "mcp_servers" / "server.py"
UNSAFE = ["fail", "refuse", "where", "environment", "files", "picture", "structured", "hang", "die", "spawn"]
FACTS = {
    "value": ["good morning", "hello there", "see you soon"],
    "a": [3, 5, 8],
    "b": [2, 7],
    "path": ["/workspace/note.txt", "/workspace/list.txt"],
    "content": ["Buy flour.", "Call the mill."],
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """Every line of standard output as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


Astra = Callable[..., Said]
Recipe = Callable[..., Path]


def server(*manners: str, **fields: Any) -> dict[str, Any]:
    """An entry of an `mcp.json`: the server with these manners."""
    return {"command": sys.executable, "args": [str(SERVER), *manners], **fields}


def write_recipe(folder: Path, entries: dict[str, Any] | None = None, **changes: Any) -> Path:
    """A recipe on one small server, or on these; changes are keys of the recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": entries or {"manners": server()}}))
    small = {
        "name": "small",
        "seed": 7,
        "mcp": "mcp.json",
        "servers": {"manners": {"license": "MIT", "facts": FACTS, "skip": UNSAFE}},
        "tasks": {"per_chain": 1, "per_server": 3},
        "chains": {"per_server": 3, "max_length": 2, "proposals": 1},
    }
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(small | changes))
    return path


def contents(folder: Path) -> dict[str, str]:
    """Every file of a store but the ledger, with its digest; empty folders and scratch folders count as nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("ledger.sqlite"))
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
