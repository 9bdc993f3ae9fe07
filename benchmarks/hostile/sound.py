"""The sound things that hostile ones are made from, made once by our own commands, offline, from two servers and small worlds.

    sound = Sound.made(folder, around)
    sound.store                     # sound-tools, sound-chains, ... sound-arenas, and a ledger
"""

import json
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figure import ROOT
from benchmarks.hostile.around import Around
from benchmarks.hostile.lures import Lures

SERVER = Path(__file__).with_name("server.py")
KINDS = ("tools", "chains", "tasks", "trajectories", "sft", "questions", "environments", "arenas")
Json = dict[str, Any]


def _tool(name: str, says: str, given: Iterable[str], returned: Iterable[str], *, reads: bool = True) -> Json:
    def schema(names: Iterable[str]) -> Json:
        kinds = {name: {"type": "number" if name == "total" else "string", "description": f"The {name} as it is written."}
                 for name in names}
        return {"type": "object", "properties": kinds, "required": list(kinds)}

    return {"name": name, "description": says, "inputSchema": schema(given), "outputSchema": schema(returned),
            "annotations": {"readOnlyHint": reads}}


SHOP = [
    _tool("find_orders", "Find the newest order of a customer by the customer id.", ["customer_id"], ["order_id"]),
    _tool("get_order", "Look up an order: whose it is, and what it comes to.", ["order_id"], ["customer_id", "total"]),
    _tool("get_customer", "Look up the name of a customer by the customer id.", ["customer_id"], ["name"]),
]
NOTES = [
    _tool("list_notes", "List the names of the notes in a folder of notes.", ["folder"], ["names"]),
    _tool("read_note", "Read a note: the whole text of the file that holds it.", ["path"], ["text"]),
    _tool("write_note", "Write a note into a file, whatever the file held before.", ["path", "content"], ["said"], reads=False),
]
FACTS = {"shop": {"customer_id": ["C-1", "C-2"], "order_id": ["O-17", "O-18", "O-19"]},
         "notes": {"folder": ["/workspace"], "path": ["/workspace/note.txt", "/workspace/list.txt"],
                   "content": ["Buy flour.", "Call the mill."]}}
RECIPE: Json = {
    "name": "sound", "seed": 7, "mcp": "mcp.json",
    "servers": {name: {"license": "MIT", "facts": facts} for name, facts in FACTS.items()},
    "workspace": {"folder": "workspace"},
    "chains": {"per_server": 3, "max_length": 3, "proposals": 1},
    "tasks": {"per_chain": 1, "per_server": 3},
    "questions": {"worlds": {"count": 5, "languages": ["en", "de"], "hops": [2, 3], "rows": [4, 6], "stateful": 0.5}},
    "arenas": {"distractors": {"mode": "random"}, "split": {"validation": 0, "test": 0}},
}
DOCUMENT: Json = {"server": {"name": "shop", "description": "The desk of a shop.", "version": "1"},
                  "tools": [{key: tool[key] for key in ("name", "description", "inputSchema")} for tool in SHOP]}
OPENAPI: Json = {
    "openapi": "3.0.3", "info": {"title": "Corner shop", "version": "1", "description": "Orders.", "license": {"name": "MIT"}},
    "paths": {
        "/orders/{id}": {"get": {"operationId": "getOrder", "summary": "Look up one order by its id.", "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "Id of the order."}],
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}}}},
        "/orders": {"post": {"operationId": "placeOrder", "summary": "Place an order for some things.", "requestBody": {
            "required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}},
            "get": {"operationId": "listOrders", "summary": "List the orders of one customer.", "parameters": [
                {"name": "customer", "in": "query", "schema": {"type": "string"}, "description": "Id of the customer."}]}},
    },
    "components": {"schemas": {"Order": {"type": "object", "required": ["item"], "properties": {
        "item": {"type": "string", "description": "What is ordered."}, "count": {"type": "integer", "minimum": 1}}}}},
}


def entry(plan: Path, *words: str, **fields: Any) -> Json:
    """An entry of an mcp.json: the server with this plan, and with words that it does not read."""
    return {"command": sys.executable, "args": [str(SERVER), str(plan), *words], **fields}


def recipe(folder: Path, plans: dict[str, Path], name: str = "sound", **changes: Any) -> Path:
    """A recipe, with its mcp.json and its workspace, in `folder`; `changes` are keys of it, null to leave them out."""
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": {server: entry(plan) for server, plan in plans.items()}}))
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    for note, words in (("note.txt", "Buy salt."), ("list.txt", "flour, salt")):
        (workspace / note).exists() or (workspace / note).write_text(words)
    said = {key: value for key, value in (RECIPE | {"name": name} | changes).items() if value is not None}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(said))
    return path


@dataclass(frozen=True)
class Sound:
    """Where the sound things are."""

    folder: Path

    @property
    def store(self) -> Path:
        return self.folder / "here" / "hub"

    @classmethod
    def made(cls, folder: Path, around: Around, *, model: bool, trees: bool) -> "Sound":
        """A model and trees in foreign forms cost seconds more. Raises `RuntimeError` where a command fails on what is sound."""
        lures = Lures.laid(folder, {}, around.trap.port)
        sound = cls(folder)
        here = lures.here
        recipe(here, plans(here))
        (here / "document.json").write_text(json.dumps(DOCUMENT))
        (here / "openapi.yaml").write_text(yaml.safe_dump(OPENAPI))
        orders: list[Json] = [
            {"words": ["run", "sound.yaml"]},
            *({"words": ["convert", "sound-environments", "--to-format", form, "-o", folder]}
              for form, folder in (("harbor", "harbor"), ("astra_rl", "rl")) if trees),
            *({"code": MODEL.format(tests=str(ROOT / "tests"))} for _ in range(model)),
        ]
        for order in orders:
            ended = around.run(lures, order, 300.0)
            if ended.code:
                raise RuntimeError(f"{order}: {ended.err.decode(errors='replace')[-2000:]}")
        return sound

    def copied(self, names: Iterable[str], here: Path) -> None:
        """Copy things by their names in the folder where they were made."""
        for name in names:
            source = self.folder / "here" / name
            if source.is_dir():
                shutil.copytree(source, here / name, symlinks=True)
            else:
                shutil.copy2(source, here / name)


def plans(folder: Path) -> dict[str, Path]:
    """The plans of the two sound servers, written there."""
    found = {}
    for name, tools in (("shop", SHOP), ("notes", NOTES)):
        found[name] = folder / f"{name}.plan.json"
        found[name].write_text(json.dumps({"tools": tools, "info": {"serverInfo": {"name": name, "version": "1.0.0"}}}))
    return found


MODEL = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from trl.chat_template_utils import qwen3_instruct_2507_chat_template
from small_training import write_model
write_model(Path("model"), qwen3_instruct_2507_chat_template)
"""
