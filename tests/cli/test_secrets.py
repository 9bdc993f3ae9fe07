"""Whatever a person puts into `mcp.json`, no file that could be published holds it, nor a path of the machine it ran on."""

import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from command_line import FACTS, SERVER, Astra, Recipe
from mcp_servers.http import serving

SECRETS = {
    "a variable": "env-hunter2-secret",
    "a variable of the person": "expanded-hunter3-secret",
    "an argument after a flag": "flag-hunter4-secret",
    "an argument with its name": "named-hunter5-secret",
    "a password in a URL": "pass-hunter6-secret",
    "a header": "head-hunter7-secret",
    "an argument that repeats a variable": "twice-hunter8-secret",
}
TELLING = ["environment", "where", "files", "structured"]


def servers(url: str) -> dict[str, Any]:
    """One server that says all it knows of its environment, one over HTTP that repeats its key in every result."""
    arguments = [str(SERVER), "--api-key", SECRETS["an argument after a flag"], f"--token={SECRETS['an argument with its name']}"]
    arguments += [f"postgres://joe:{SECRETS['a password in a URL']}@db/x", SECRETS["an argument that repeats a variable"]]
    env = {"API_TOKEN": SECRETS["a variable"], "OTHER": "${MINE}", "REPEATED": SECRETS["an argument that repeats a variable"]}
    local = {"command": sys.executable, "args": arguments, "env": env}
    remote = {"type": "http", "url": url, "headers": {"Authorization": f"Bearer {SECRETS['a header']}"}}
    return {"manners": local, "remote": remote}


def tasks(astra: Astra) -> list[dict[str, Any]]:
    """Tasks that make the servers tell what they know."""
    ids = {row["name"]: row["id"] for row in astra("show", "small-tools", "--json").lines()}
    base = {
        "chain_id": None,
        "kind": "server",
        "parent_id": None,
        "augmentation": None,
        "language": None,
        "scores": [],
        "models": {},
        "sub_tasks": [],
        "horizon": 1,
    }
    texts = [("manners", name, f"First, get does {name} and says what came of it.") for name in TELLING]
    texts += [("remote", "echo", 'First, get does echo over http with value "hello".')]
    return [base | {"server_id": ids[name], "server": name, "text": text, "target_tools": [tool]} for name, tool, text in texts]


def all_values(value: Any) -> Iterator[str]:
    """Every text inside a JSON value, keys too, and those inside texts that are JSON themselves."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from all_values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from all_values(inner)
    elif isinstance(value, bytes | str):
        text = value.decode() if isinstance(value, bytes) else value
        yield text
        if text[:1] in ("{", "["):
            yield from _inside(text)


def _inside(text: str) -> Iterator[str]:
    try:
        yield from all_values(json.loads(text))
    except ValueError:
        return


def everything(store: Path) -> Iterator[tuple[str, str]]:
    """(where, text) of all that a store holds: names, raw bytes, Parquet as values, every row of the ledger."""
    for path in sorted(store.rglob("*")):
        where = path.relative_to(store).as_posix()
        yield where, where
        if path.is_file():
            yield f"{where}, raw", path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            for row in pq.read_table(path).to_pylist():
                yield from ((f"{where}, row", text) for text in all_values(row))
        if path.suffix == ".sqlite":
            with sqlite3.connect(path) as ledger:
                for row in ledger.execute("SELECT * FROM effects"):
                    yield from (("the ledger", text) for text in all_values([str(value) for value in row]))


@pytest.fixture
def told(astra: Astra, recipe: Recipe, here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose servers were made to tell everything."""
    monkeypatch.setenv("MINE", SECRETS["a variable of the person"])
    with serving(SECRETS["a header"]) as url:
        said = {"license": "MIT", "facts": FACTS, "skip": ["hang", "die", "spawn"], "writes": "allow"}
        options = dict.fromkeys(("manners", "remote"), said)
        file = recipe(servers(url), servers=options)
        assert astra("run", file).code == 0
        (here / "rows.jsonl").write_text("\n".join(map(json.dumps, tasks(astra))))
        assert astra("make", "tasks", "rows.jsonl", "--to", "telling").code == 0
        said = astra("make", "trajectories", "small-tools", "telling", "--to", "told", "--recipe", file)
        assert said.code == 0, said.err
    return here / "hub"


def results(astra: Astra) -> dict[str, str]:
    """Tool -> its result, of every rollout that was made to tell."""
    found = {}
    for config in ("", "#rejected"):
        said = astra("show", f"told{config}", "--json")
        for row in said.lines() if said.code == 0 else []:
            found |= {message["name"]: message["content"] for message in row["messages"] if message["role"] == "tool"}
    return found


def test_no_secret_and_no_path_of_this_machine_is_in_any_file_of_the_store(astra: Astra, told: Path) -> None:
    said = results(astra)
    assert set(said) == {*TELLING, "echo"}
    assert json.loads(said["environment"])["API_TOKEN"] == json.loads(said["environment"])["OTHER"] == "***"
    assert said["echo"] == "hello ***"
    assert said["where"].startswith("cwd /workspace home /home/agent python /usr")
    places = {str(Path.home()), str(told), str(told.parent), str(SERVER.parent), str(Path(sys.prefix)), "/astra-"}
    places |= {str(Path(tempfile.gettempdir()) / "astra-")}
    forbidden = [*SECRETS.values(), *(place for place in places if place.strip("/"))]
    found = {(where, word) for where, text in everything(told) for word in forbidden if word in text}
    assert found == set()


def test_the_row_of_a_server_keeps_the_names_and_nothing_else(astra: Astra, told: Path) -> None:
    local, remote = (row["connection"] for row in astra("show", "small-tools", "--json").lines())
    assert local["env"] == ["API_TOKEN", "OTHER", "REPEATED"]
    assert local["args"] == ["/project/server.py", "--api-key", "***", "--token=***", "postgres://db/x", "***"]
    assert remote["headers"] == ["Authorization"] and remote["url"].startswith("http://127.0.0.1:")


def test_nothing_that_is_shown_or_said_holds_a_secret(astra: Astra, told: Path) -> None:
    shown = [astra("show", name, *words) for name in ("small-tools", "told") for words in ([], ["--json"])]
    text = "".join(said.out + said.err for said in shown)
    assert not [secret for secret in SECRETS.values() if secret in text]


def test_the_search_finds_what_it_is_for(told: Path) -> None:
    (told / "small-tools" / "note.txt").write_text(f"the key is {SECRETS['a header']}")
    assert any(SECRETS["a header"] in text for _, text in everything(told))
    assert any(text == "/workspace" or "cwd /workspace" in text for where, text in everything(told) if "told/" in where)
    assert any("hello ***" in text for where, text in everything(told) if where == "the ledger")
