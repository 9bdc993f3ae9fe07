"""A canary for each idiom, servers and an endpoint that tell all they know, a push: no byte of what is left holds a canary."""

import base64
import json
import re
import sqlite3
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pyarrow.parquet as pq
import pytest
from command_line import Astra, Recipe, Said
from loopback_hub import LoopbackHub
from loopback_hub.clients import shared_clients
from mcp_idioms import NAMED, UNNAMED
from mcp_servers.teller import WAYS, telling
from scripted_endpoint import Fault, ScriptedEndpoint, always

TELLER = Path(__file__).parents[1] / "mcp_servers" / "teller.py"
HTTP = {"http header", "header of odd case", "http query", "http user", "http path", "a part of a path"}
COMMANDS = {"in the command", "the command"}
STDIO = sorted((NAMED | UNNAMED).keys() - HTTP - COMMANDS)
KEY, LOGIN = "cnK77kx9Qvendpoint", "cnL88wz3Tvlogin"
TOOLS = [*(f"read_{way}" for way in WAYS), "read_schema"]


def canary(name: str) -> str:
    """A secret of its own for each idiom, which looks like nothing else."""
    number = [*sorted(NAMED | UNNAMED)].index(name)
    return f"cn{number:02d}Xq{number * 7919 % 9973:04d}Zw{number:02d}v"


CANARIES = {name: canary(name) for name in NAMED | UNNAMED} | {"key": KEY, "login": LOGIN}


def stdio() -> tuple[list[str], dict[str, str]]:
    """The arguments and variables of all idioms that a server over stdio can be given, at once."""
    words, variables = list[str](), dict[str, str]()
    for name in STDIO:
        made = (NAMED | UNNAMED)[name](canary(name))
        words += made.get("args", ())
        variables |= made.get("env", {})
    return words, variables


def servers(host: str) -> dict[str, Any]:
    words, variables = stdio()
    path = f"s/{canary('http path')}/hub/{canary('a part of a path')}/mcp"
    url = f"http://joe:{canary('http user')}@{host}/{path}?token={canary('http query')}"
    headers = {"X-Forwarded": f"Bearer {canary('http header')}", "x-aPi-kEy": canary("header of odd case")}
    local = {"command": sys.executable, "env": variables}
    return {
        "teller": local | {"args": [str(TELLER), *words]},
        "dying": local | {"args": [str(TELLER), "die", *words]},
        "remote": {"type": "http", "url": url, "headers": headers},
        "refusing": {"type": "http", "url": url.replace("/mcp?", "/refuse?"), "headers": headers},
        "missing": {"command": f"/opt/{canary('the command')}/bin/server", "args": []},
        "line": {"command": f"env TOKEN={canary('in the command')} server-thing", "args": []},
    }


def readings(data: bytes) -> Iterator[str]:
    """What some bytes say: as they are, unescaped, and what in them is base64 or hex."""
    text = data.decode("utf-8", "replace")
    yield text
    unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), unquote(unquote(text)))
    yield unescaped.replace("\\", "")
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}", unescaped):
        plain = run.replace("-", "+").replace("_", "/")
        for cut in (plain, plain[1:], plain[2:], plain[3:]):
            yield base64.b64decode(cut[: len(cut) // 4 * 4]).decode("latin-1")
    for run in re.findall(r"(?:[0-9a-fA-F]{2}){8,}", unescaped):
        yield bytes.fromhex(run).decode("latin-1")


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(where, bytes) of all files below a folder, and their names: Parquet as values, ledgers as rows, git objects inflated."""
    for path in sorted(folder.rglob("*")):
        where = path.relative_to(folder).as_posix()
        yield where, where.encode()
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield where, data
        if data[:4] == b"PAR1":
            yield where, json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode()
        if data[:6] == b"SQLite":
            with sqlite3.connect(path) as ledger:
                yield where, json.dumps(ledger.execute("SELECT * FROM effects").fetchall(), ensure_ascii=False).encode()
        if data[:1] == b"\x78":
            yield where, zlib.decompressobj().decompress(data)


def found_in(where: str, data: bytes) -> set[tuple[str, str]]:
    """The canaries in some bytes, as (place, idiom)."""
    said = "\0".join(readings(data)).lower()
    return {(where, name) for name, secret in CANARIES.items() if secret.lower() in said}


def searched(folder: Path) -> set[tuple[str, str]]:
    return {hit for where, data in contents(folder) for hit in found_in(where, data)}


@contextmanager
def leaking_endpoint() -> Iterator[ScriptedEndpoint]:
    """An endpoint that repeats the key that it is sent, in its errors and in its answers."""
    body = {"message": f"bad request from Bearer {KEY}, Basic {base64.b64encode(f'joe:{LOGIN}'.encode()).decode()}"}
    with ScriptedEndpoint(lambda request: f"I know {KEY}", [always(Fault.status(500, 0.01, body))]) as endpoint:
        yield endpoint


def tasks(rows: list[dict[str, Any]]) -> str:
    """Tasks that make each server tell in every way."""
    blank = {"chain_id": None, "parent_id": None, "augmentation": None, "language": None}
    base = blank | {"kind": "server", "scores": [], "models": {}, "sub_tasks": [], "horizon": 1}
    texts = {way: f"First, get reads what it was given, {way}." for way in TOOLS}
    return "\n".join(
        json.dumps(base | {"server_id": row["id"], "server": row["name"], "text": text, "target_tools": [tool]})
        for row in rows for tool, text in texts.items()
    )


@pytest.fixture
def said(astra: Astra, recipe: Recipe, here: Path, monkeypatch: pytest.MonkeyPatch) -> list[Said]:
    """What all the commands of a small pipeline said, whose servers and endpoint were made to tell everything."""
    monkeypatch.setenv("THE_KEY", KEY)
    with telling() as host, leaking_endpoint() as endpoint:
        options = {name: {"license": "MIT", "facts": {"x": ["1"]}} for name in servers(host)}
        file = recipe(servers(host), servers=options)
        done = [astra("run", file, "tools.near_duplicate=null", "--only", "tools", "--only", "chains", "--only", "tasks")]
        rows = astra("show", "small-tools", "--json").lines()
        (here / "rows.jsonl").write_text(tasks(rows))
        done.append(astra("make", "tasks", "rows.jsonl", "--to", "telling"))
        done.append(astra("make", "trajectories", "small-tools", "telling", "--to", "told", "--recipe", file))
        address = endpoint.base_url.replace("http://", f"http://joe:{quote(LOGIN)}@")
        for name, url, variable in (("keyed", endpoint.base_url, "THE_KEY"), ("login", address, None)):
            model = {"model": "m", "max_retries": 0, "base_url": url, "api_key_env": variable}
            words = [f"models.default={json.dumps(model)}", f"name={name}", "tools.near_duplicate=null"]
            done.append(astra("run", file, *words, "--only", "tools", "--ledger", f"{name}.sqlite"))
    shown = ("small-tools", "told", "small-tools#quarantined")
    done += [astra("show", name, *more) for name in shown for more in ([], ["--json"])]
    for file in (*here.glob("*.yaml"), here / "mcp.json", here / "rows.jsonl"):
        file.unlink(missing_ok=True)
    return done


def pushed(here: Path, tmp_path: Path) -> Path:
    """The folder of a Hub to which the datasets were pushed; the client's own output is in it, too."""
    clients = shared_clients()
    clients.use_cache(tmp_path / "cache")
    code = """
import os, sys
os.chdir(here)
from astra_data.cli.main import main
for name in ("small-tools", "told"):
    sys.argv = ["astra", "push", name, f"org/{name}", "--incomplete"]
    main()
"""
    with LoopbackHub(tmp_path / "loopback", port=clients.port) as hub:
        clients.start(code, tmp_path / "loopback" / "client", {"here": str(here)}).answer()
        assert not hub.errors and hub.requests("POST", "commit")
    return tmp_path / "loopback"


def test_no_byte_of_a_run_or_of_a_pushed_repository_holds_the_secret_of_any_idiom(
    said: list[Said], here: Path, tmp_path: Path
) -> None:
    assert len(set(CANARIES.values())) == len(CANARIES) >= 50
    assert [one.code for one in said[:3]] == [0, 0, 0], said
    spoken = [row for one in said for row in one.out.splitlines() if '"role":"tool"' in row.replace(" ", "")]
    assert {json.loads(row)["server"] for row in spoken} == {"teller", "remote"}
    assert all("***" in row for row in spoken), "the servers did tell"
    lost = [json.loads(line) for line in said[-1].out.splitlines()]
    assert {row["input_id"] for row in lost} == {"dying", "refusing", "missing", "line"}
    assert any("last words" in str(row) and "***" in str(row) for row in lost), "and one said so at its end"
    for name in ("keyed", "login"):
        assert b"bad request from Bearer ***" in (here / f"{name}.sqlite").read_bytes(), "and the endpoint told"
    assert searched(here) == set()
    assert {hit for one in said for hit in found_in("output", f"{one.out}\0{one.err}".encode())} == set()
    assert searched(pushed(here, tmp_path)) == set()


@pytest.mark.parametrize("way", WAYS)
def test_the_search_finds_a_canary_in_every_way(way: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(f"so {WAYS[way](f'it is {KEY}!')} there")
    assert searched(tmp_path) == {("x", "key")}
