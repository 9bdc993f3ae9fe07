"""A dataset goes to the Hub with one command, is read there by `datasets` alone, and comes back the same."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra, contents
from loopback_hub import LoopbackHub
from loopback_hub.clients import shared_clients

PRELUDE = """
import contextlib, io, os, sys

def astra(*words):
    from astra_data.cli.main import main
    sys.argv, code = ["astra", *words], 0
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as left:
            code = left.code
    return [code, out.getvalue(), err.getvalue()]

os.chdir(here)
"""
NAME = "org/astra-trajectories"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LoopbackHub]:
    with LoopbackHub(tmp_path / "loopback", port=shared_clients().port) as running:
        yield running
        assert not running.errors, running.errors[0]


@pytest.fixture
def client(hub: LoopbackHub, made: Path, tmp_path: Path) -> Callable[[str], Any]:
    """Run code in a process that talks to the hub; it has `astra(*words)` and is in the folder of the store."""
    count, clients = itertools.count(), shared_clients()
    clients.use_cache(tmp_path / "cache")
    return lambda code: clients.start(PRELUDE + code, tmp_path / f"client-{next(count)}", {"here": str(made.parent)}).answer()


def test_what_was_pushed_is_read_by_load_dataset_alone_with_rows_equal_to_what_was_written(
    client: Callable[[str], Any], astra: Astra
) -> None:
    written = astra("show", "small-trajectories", "--json").lines()
    code, out, _ = client(f'answer(astra("push", "small-trajectories", "{NAME}"))')
    assert code == 0 and f'load_dataset("{NAME}", revision="v-' in out
    found = client(f"""
from datasets import load_dataset
plain = load_dataset("{NAME}", split="train")
streamed = load_dataset("{NAME}", split="train", streaming=True)
rejected = load_dataset("{NAME}", "rejected", split="train")
answer({{"plain": list(plain), "streamed": list(streamed), "features": repr(plain.features), "rejected": rejected["reasons"][:]}})
""")
    assert found["plain"] == found["streamed"] == written
    assert json.dumps(found["plain"]) == json.dumps(written), "no key was added, dropped or moved"
    for row in found["plain"]:
        for message in row["messages"]:
            assert None not in message.values()
        names = {tuple(call["function"]["arguments"]) for message in row["messages"] for call in message.get("tool_calls", [])}
        assert names <= {("path", "content"), ("path",), ("a", "b"), ("value",)}
        assert all(set(tool["function"]["parameters"]) == {"type", "properties", "required"} for tool in row["tools"])
    assert "Json" in found["features"] and "'reward': Value('float64')" in found["features"]
    assert len(found["rejected"]) == 1 and all(found["rejected"])


def test_what_is_pulled_is_the_tree_that_was_pushed_and_is_shown_from_the_hub_too(
    client: Callable[[str], Any], astra: Astra, made: Path
) -> None:
    pushed, pulled, listed, rows = client(f"""
pushed = astra("push", "small-trajectories", "{NAME}", "--tag", "first", "--json")
pulled = astra("pull", "{NAME}@first", "--to", "back", "--json")
answer([pushed, pulled, astra("show", "{NAME}@first"), astra("show", "{NAME}@first", "--json")])
""")
    assert [said[0] for said in (pushed, pulled, listed, rows)] == [0, 0, 0, 0], (pushed, pulled, listed)
    published = json.loads(pushed[1])
    assert (published["repo"], published["tag"]) == (NAME, "first") and published["url"].endswith(NAME)
    back = json.loads(pulled[1])
    [tree] = [path.name for path in (made / "small-trajectories" / "versions").iterdir()]
    assert (back["name"], back["tree"]) == ("back", tree)
    home, away = (contents(made / name / "versions" / tree) for name in ("small-trajectories", "back"))
    assert {name: home[name] for name in home if name != "README.md"} == {
        name: away[name] for name in away if name != "README.md"
    }
    assert astra("show", "back", "--json").out == rows[1] == astra("show", "small-trajectories", "--json").out
    assert listed[1].startswith(f"{NAME}@{published['commit']}  trajectories\n")


def test_a_second_push_sends_nothing_and_a_pulled_dataset_is_an_input(client: Callable[[str], Any], astra: Astra) -> None:
    first, second, made = client(f"""
first, second = (astra("push", "small-trajectories", "{NAME}", "--json") for _ in range(2))
answer([first, second, astra("make", "sft", "{NAME}", "--to", "from-hub", "--json")])
""")
    assert json.loads(second[1])["sent"] == 0 and json.loads(first[1])["commit"] == json.loads(second[1])["commit"]
    assert made[0] == 0, made
    assert astra("show", "from-hub", "--json").out == astra("show", "small-sft", "--json").out
    [lineage] = Path("hub/from-hub/versions").glob("*/lineage.json")
    [source] = json.loads(lineage.read_text())["inputs"]
    assert (source["repo"], source["commit"]) == (NAME, json.loads(first[1])["commit"])


def test_what_the_hub_does_not_have_is_named_with_the_mend(client: Callable[[str], Any]) -> None:
    said = client(f"""
astra("push", "small-trajectories", "{NAME}")
answer([astra("show", "org/none"), astra("pull", "{NAME}@none"), astra("push", "small-tasks", "{NAME}", "--tag", "v-1")])
""")
    assert said[0][0] == 4 and said[0][2].endswith(
        "the Hub has no dataset org/none (check the name; a private one needs HF_TOKEN)\n"
    )
    assert said[1][0] == 4 and "has no such revision (choose a commit, tag or branch that it has)" in said[1][2]
    assert said[2][0] == 0, said[2]
