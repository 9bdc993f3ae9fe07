"""Nothing is done that cannot be undone: what real runs call on servers that count their calls, and what they say of the rest."""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra, Recipe, Said
from mcp_servers.counting import TOOLS, UNDOABLE, serving

PROGRAM = Path(__file__).parents[1] / "mcp_servers" / "counting.py"
FACTS = {"order": ["A-1", "A-2", "B-7"]}
LASTING = ["secret", "argument", "remote", "folder"]
WHY = {
    "secret": "env.SHOP_TOKEN is a secret",
    "argument": "args[1] is a secret",
    "remote": "it is reached over HTTP",
    "folder": "args[1] names a path outside the workspace",
}


class Shop:
    """The counting server five times: with a secret in two ways, over HTTP, on a folder of the user's, and on the workspace."""

    def __init__(self, astra: Astra, recipe: Recipe, here: Path, url: str) -> None:
        self.astra, self._recipe, self.here = astra, recipe, here
        self.entries: dict[str, Any] = {
            "secret": self._local("secret") | {"env": {"SHOP_TOKEN": "hunter2222"}},
            "argument": self._local("argument", "--api-key=hunter2222"),
            "remote": {"type": "http", "url": url},
            "folder": self._local("folder", str(here)),
            "thrown": self._local("thrown", "/workspace"),
        }

    def _local(self, name: str, *words: str) -> dict[str, Any]:
        shutil.copyfile(PROGRAM, self.here / f"{name}.py")
        return {"command": sys.executable, "args": [str(self.here / f"{name}.py"), *words]}

    def recipe(self, **changes: dict[str, Any]) -> Path:
        """The recipe, with more keys for servers."""
        servers = {name: {"license": "MIT", "facts": FACTS, "stateless": True} | changes.get(name, {}) for name in self.entries}
        small = {"tools": {"near_duplicate": None}, "tasks": {"per_server": 6, "min_tools": 1}}
        return self._recipe(self.entries, servers=servers, **small)

    def run(self, *words: str, **changes: dict[str, Any]) -> Said:
        return self.astra("run", self.recipe(**changes), *words)

    def calls(self, name: str) -> Counter[str]:
        """How often each tool was called since the last time."""
        file = self.here / f"{name}.calls"
        found = Counter(file.read_text().split() if file.exists() else [])
        file.unlink(missing_ok=True)
        return found

    def undone(self) -> dict[str, list[str]]:
        """Server -> the tools called on it that cannot be undone."""
        return {name: found for name in self.entries if (found := sorted({*self.calls(name)} & {*UNDOABLE}))}


@pytest.fixture
def shop(astra: Astra, recipe: Recipe, here: Path) -> Iterator[Shop]:
    with serving(here / "remote.calls") as url:
        yield Shop(astra, recipe, here, url)


def rows(astra: Astra, address: str) -> list[dict[str, Any]]:
    said = astra("show", address, "--json")
    return said.lines() if said.code == 0 else []


def test_not_one_is_called_until_the_recipe_allows_it_and_then_just_that_one(shop: Shop) -> None:
    first = shop.run()
    assert first.code == 0, first.err
    calls = {name: shop.calls(name) for name in shop.entries}
    for name in LASTING:
        assert not {*calls[name]} & {*UNDOABLE} and calls[name]["get_order"] and calls[name]["list_orders"], name
        assert f"{name}: not called: delete, send, pay; {WHY[name]}" in first.err
        assert f"To have them called: servers: {{{name}: {{writes: [delete, send, pay]}}}}" in first.err
    assert {*UNDOABLE} <= {*calls["thrown"]} and "thrown: not called" not in first.err
    assert shop.run(**{name: {"writes": ["pay"]} for name in LASTING}).code == 0
    assert shop.undone() == {name: ["pay"] for name in LASTING}
    assert shop.run(remote={"writes": {"send": "allow"}}, folder={"writes": "allow"}).code == 0
    assert shop.undone() == {"remote": ["send"], "folder": sorted(UNDOABLE)}


def test_what_is_left_alone_is_in_no_chain_no_task_and_no_offer_and_the_funnel_counts_it(shop: Shop) -> None:
    said = shop.run("--json").json()
    assert [(one["server"], one["why"], one["tools"]) for one in said["left_alone"]] == [
        (name, WHY[name], UNDOABLE) for name in LASTING
    ]
    funnels = {stage["stage"]: stage["funnel"]["rejected"] for stage in said["stages"]}
    assert funnels["chains"]["chain: may not be called"] == len(LASTING)
    used = [(row["server"], tool) for row in rows(shop.astra, "small-chains") for tool in row["tools"]]
    used += [(row["server"], tool) for row in rows(shop.astra, "small-tasks") for tool in row["target_tools"]]
    used += [
        (row["server"], tool["function"]["name"]) for row in rows(shop.astra, "small-trajectories") for tool in row["tools"]
    ]
    assert {name for name, tool in used if tool in UNDOABLE} == {"thrown"}
    assert {name for name, _ in used} == {*shop.entries}


def test_a_dry_run_says_it_before_and_after_the_tools_are_known(shop: Shop) -> None:
    before = shop.run("--dry-run").out
    assert "secret: env.SHOP_TOKEN is a secret, so none of its tools is called but those that read" in before
    assert "thrown" not in before and not any(shop.calls(name) for name in shop.entries)
    assert shop.run("--only", "tools").code == 0
    after = shop.run("--dry-run", secret={"writes": ["send"]}).out
    assert "secret: not called: delete, pay; env.SHOP_TOKEN is a secret." in after


def tasks(astra: Astra, *tools: str) -> list[dict[str, Any]]:
    """A task for each tool of each server, as somebody else might have written it."""
    base = {"chain_id": None, "kind": "server", "parent_id": None, "augmentation": None, "language": None, "scores": [],
            "models": {}, "sub_tasks": [], "horizon": 1}
    return [
        base | {"server_id": row["id"], "server": row["name"], "target_tools": [tool],
                "text": f"First, {TOOLS[tool][0][0].lower()}{TOOLS[tool][0][1:-1]} with order \"A-1\"."}
        for row in rows(astra, "small-tools") for tool in tools
    ]


def test_a_task_from_elsewhere_that_needs_one_is_rejected_with_the_reason(shop: Shop) -> None:
    assert shop.run("--only", "tools").code == 0
    (shop.here / "rows.jsonl").write_text("\n".join(map(json.dumps, tasks(shop.astra, "delete", "get_order"))))
    assert shop.astra("make", "tasks", "rows.jsonl", "--to", "theirs").code == 0
    words = ("make", "trajectories", "small-tools", "theirs", "--to", "t", "--recipe", "small.yaml")
    funnel = shop.astra(*words, "--json").json()["stages"][0]["funnel"]
    assert funnel["rejected"]["trajectory: may not be called"] == len(LASTING)
    assert shop.undone() == {"thrown": ["delete"]}
    shop.recipe(folder={"writes": ["delete"]})
    assert shop.astra(*words).code == 0
    assert shop.undone() == {"folder": ["delete"]}
    replayed = shop.astra("make", "trajectories", "small-tools", "theirs", "--to", "again", "--recipe", "small.yaml")
    assert replayed.code == 0 and shop.undone() == {}, "what is recorded needs no call"


@pytest.mark.parametrize(
    ("server", "writes", "line"),
    [
        ("secret", ["pya"], "the recipe, field servers.secret.writes: the server has no tool 'pya' (did you mean pay?)"),
        ("secret", {"dleete": "allow"}, "the server has no tool 'dleete' (did you mean delete?)"),
        ("secrte", "allow", "there is no server 'secrte' in mcp.json (did you mean secret?)"),
        ("secrte", ["pay"], "there is no server 'secrte' in mcp.json (did you mean secret?)"),
        ("secret", "yes", "small.yaml, field servers.secret.writes: 'yes' is no choice here (write 'allow')"),
        ("secret", {"pay": "maybe"}, "small.yaml, field servers.secret.writes"),
    ],
)
def test_a_permission_for_what_is_not_there_is_refused(shop: Shop, server: str, writes: Any, line: str) -> None:
    servers = {"secret": {"license": "MIT"}} | {server: {"writes": writes}}
    only = {"secret": shop.entries["secret"]}
    said = shop.astra("run", shop._recipe(only, servers=servers))
    assert said.code == 2 and line in said.err, said.err
    assert not shop.calls("secret")


def test_a_server_that_the_recipe_has_emulated_is_not_called_at_all(shop: Shop) -> None:
    said = shop.run(**{name: {"emulate": True} for name in LASTING})
    assert said.code == 0 and "not called" not in said.err
    assert not any(shop.calls(name) for name in LASTING) and shop.calls("thrown")
