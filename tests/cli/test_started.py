"""A dataset starts nothing: only servers of the user's own `mcp.json` are started, whatever a row says of how its own was."""

import json
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from command_line import SERVER, Astra, Said

Row = dict[str, Any]


class Bad:
    """A tools dataset that somebody else made, with a task for its server, and canaries that nothing may touch."""

    def __init__(self, astra: Astra, here: Path) -> None:
        self.astra, self.here = astra, here
        (here / "canary.sh").write_text(f"#!/bin/sh\nenv > '{here / 'touched'}'\n")
        (here / "canary.sh").chmod(0o755)

    def dataset(self, *changes: Row) -> None:
        """`theirs` and `their-tasks`: a row of the small server for each of these changes, and a task for each."""
        [row] = self.astra("show", "small-tools", "--json").lines()
        self._make("tools", "theirs", [row | change for change in changes])
        [task, *_] = self.astra("show", "small-tasks", "--json").lines()
        servers = self.astra("show", "theirs", "--json").lines()
        self._make("tasks", "their-tasks", [task | {"server_id": one["id"], "server": one["name"]} for one in servers])

    def _make(self, kind: str, name: str, rows: list[Row]) -> None:
        (self.here / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
        said = self.astra("make", kind, f"{name}.jsonl", "--to", name)
        assert said.code == 0, said.err

    def roll(self, *words: str) -> Said:
        return self.astra("make", "trajectories", "theirs", "their-tasks", "--to", "t", "--ledger", "fresh.sqlite", *words)

    def untouched(self) -> bool:
        return not (self.here / "touched").exists()


@pytest.fixture
def bad(astra: Astra, made: Path) -> Bad:
    return Bad(astra, made.parent)


def reasons(astra: Astra, address: str) -> list[str]:
    said = astra("show", address, "--json")
    return [reason for row in (said.lines() if said.code == 0 else []) for reason in row["reasons"]]


CONNECTIONS: dict[str, Callable[[Path], Any]] = {
    "a shell": lambda here: {"command": "sh", "args": ["-c", f"{here}/canary.sh"], "env": ["OPENAI_API_KEY"]},
    "a program": lambda here: {"command": f"{here}/canary.sh", "args": [], "env": []},
    "a package of theirs": lambda here: {"command": "uvx", "args": ["--from", f"{here}/evil", "evil"], "env": ["OPENAI_API_KEY"]},
    "a package with npx": lambda here: {"command": "npx", "args": ["-y", "evil"], "env": []},
    "an interpreter": lambda here: {"command": sys.executable, "args": ["-c", f"open('{here}/touched', 'w')"], "env": []},
    "a variable": lambda here: {"command": "${CANARY}", "args": ["${OPENAI_API_KEY}"], "env": ["CANARY"]},
    "no object inside": lambda here: {"command": [f"{here}/canary.sh"], "args": f"{here}/canary.sh", "env": "PATH"},
    "an empty object": lambda here: {},
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_nothing_of_a_row_is_run_and_the_error_shows_it_with_the_ways_on(
    bad: Bad, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", str(bad.here / "canary.sh"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    bad.dataset({"name": "evil", "connection": CONNECTIONS[name](bad.here)})
    said = bad.roll()
    assert said.code == 5 and bad.untouched()
    [line] = [line for line in said.err.splitlines() if line.startswith("astra:")]
    assert "tool backend: not named - evil: the dataset starts it by `" in line and "which is not run" in line
    assert "mcp.json of your recipe (--recipe)" in line and "servers.evil.emulate: true" in line
    assert "sk-canary" not in said.err
    assert bad.astra("show", "theirs").code == 0
    assert bad.astra("show", "t").code != 0, "no version was made"


def test_an_address_of_a_row_is_not_asked(bad: Bad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHORIZATION", "Bearer sk-canary")
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(str(self.headers))
            self.send_error(500)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://joe:hunter2222@127.0.0.1:{server.server_port}/mcp"
        bad.dataset({"name": "evil", "connection": {"type": "http", "url": url, "headers": ["Authorization"]}})
        said = bad.roll()
        server.shutdown()
        thread.join()
    assert said.code == 5 and asked == []
    assert f"127.0.0.1:{server.server_port}/mcp`" in said.err and "hunter2222" not in said.err


def test_what_is_shown_of_a_command_is_one_line_without_control_characters(bad: Bad) -> None:
    words = ["\x1b[2J\x1b]0;owned\x07", "a\nastra: all is well", "\u202egnp.exe", "[bold]x[/bold]", "y" * 9999]
    bad.dataset({"name": "evil\x1b[31m\nserver", "connection": {"command": "sh", "args": words, "env": []}})
    said = bad.roll()
    assert said.code == 5 and said.err.count("\nastra:") + said.err.startswith("astra:") == 1
    assert not {"\x1b", "\x07", "\u202e"} & {*said.err} and "y" * 300 not in said.err and "[bold]x[/bold]" in said.err


@pytest.mark.parametrize("name", ["Manners", "manners ", "manne\u0433s", "manners\n"])
def test_a_server_is_the_users_only_by_its_very_name(bad: Bad, name: str) -> None:
    bad.dataset({"name": name, "connection": CONNECTIONS["a shell"](bad.here)})
    said = bad.roll("--recipe", "small.yaml")
    assert said.code == 5 and "not named" in said.err and bad.untouched()


def tools_of(astra: Astra, *changes: Row) -> list[Row]:
    [row] = astra("show", "small-tools", "--json").lines()
    return [*row["tools"], *({**row["tools"][0], **change} for change in changes)]


def test_another_package_or_other_tools_are_another_server(bad: Bad) -> None:
    bad.dataset({"source": {"kind": "live", "package": "pypi:evil", "version": "6", "uri": None}})
    said = bad.roll("--recipe", "small.yaml")
    assert said.code == 5
    assert "another server - manners: the dataset's is pypi:evil, and the one of your mcp.json is no package" in said.err
    bad.dataset({"tools": tools_of(bad.astra, {"name": "evil_tool"})})
    said = bad.roll("--recipe", "small.yaml")
    assert said.code == 5 and "another server - manners: the server of your mcp.json lists no tool evil_tool" in said.err


def test_the_users_own_entry_is_what_is_started_and_no_variable_of_a_row_is_passed(
    bad: Bad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    bad.dataset({"connection": CONNECTIONS["a shell"](bad.here) | {"env": ["OPENAI_API_KEY", "PATH"]}})
    [row] = bad.astra("show", "theirs", "--json").lines()
    [task, *_] = bad.astra("show", "their-tasks", "--json").lines()
    text = "First, get does environment and says what came of it."
    bad._make("tasks", "their-tasks", [task | {"server_id": row["id"], "text": text, "target_tools": ["environment"]}])
    said = bad.roll("--recipe", "small.yaml")
    assert said.code == 0 and bad.untouched(), said.err
    told = [one for config in ("", "#rejected") if (one := bad.astra("show", f"t{config}", "--json")).code == 0]
    [content] = [m["content"] for one in told for line in one.lines() for m in line["messages"] if m["role"] == "tool"]
    assert "HOME" in json.loads(content) and "OPENAI_API_KEY" not in json.loads(content)


def test_one_such_server_does_not_end_the_run_for_the_others(bad: Bad) -> None:
    bad.dataset({}, {"name": "evil", "connection": CONNECTIONS["a shell"](bad.here)})
    funnel = bad.roll("--recipe", "small.yaml", "--json").json()["stages"][0]["funnel"]
    assert (funnel["kept"], funnel["quarantined"]) == (1, {"tool backend: not named": 1})
    assert bad.untouched()
    assert [reason.partition(" - ")[0] for reason in reasons(bad.astra, "t#quarantined")] == ["tool backend: not named"]


def test_documentation_and_what_the_recipe_has_emulated_start_nothing(bad: Bad, here: Path) -> None:
    bad.dataset({"connection": None}, {"name": "evil", "connection": CONNECTIONS["a shell"](bad.here)})
    entries = {"mcpServers": {"manners": {"command": str(here / "canary.sh"), "args": []}}}
    (here / "mcp.json").write_text(json.dumps(entries))
    recipe = yaml.safe_load((here / "small.yaml").read_text())
    (here / "small.yaml").write_text(yaml.safe_dump(recipe | {"servers": {"evil": {"emulate": True}}}))
    funnel = bad.roll("--recipe", "small.yaml", "--json").json()["stages"][0]["funnel"]
    assert funnel["rejected"] == {"trajectory: not executable offline": 2} and not funnel["quarantined"]
    assert bad.untouched()


def test_the_ways_on_lead_on(bad: Bad, here: Path) -> None:
    """What the error asks for is enough: the same name in the user's own file."""
    bad.dataset({"name": "other", "connection": {"command": "server", "args": [], "env": []}})
    assert bad.roll("--recipe", "small.yaml").code == 5
    (here / "mcp.json").write_text(json.dumps({"mcpServers": {"other": {"command": sys.executable, "args": [str(SERVER)]}}}))
    said = bad.roll("--recipe", "small.yaml", "--json")
    assert said.code == 0 and said.json()["stages"][0]["funnel"]["kept"] == 1, said.err


def test_what_is_recorded_replays_without_any_server_and_without_a_recipe(astra: Astra, made: Path) -> None:
    again = astra("make", "trajectories", "small-tools", "small-tasks", "--to", "again", "--json")
    assert again.code == 0, again.err
    assert astra("show", "again", "--json").lines() == astra("show", "small-trajectories", "--json").lines()
