"""Whatever is wrong, a person reads one line that names the place and the mend, and nothing was committed."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra, Recipe, contents, server
from command_line.arrangements import Case, no_hub
from command_line.asked import ENDPOINTS
from command_line.places import ADDRESSES, ROWS, STORES
from command_line.sources import DOCUMENTS, RECIPES, SERVERS

from astra_data.errors import NothingKept

CASES = [*DOCUMENTS, *SERVERS, *RECIPES, *STORES, *ADDRESSES, *ROWS, *ENDPOINTS]


def pattern(line: str, here: Path) -> str:
    """The line as a regular expression in which `...` is any text of that one line."""
    return ".*".join(map(re.escape, line.replace("HERE", str(here)).split("...")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_error_is_one_line_with_place_and_mend_and_the_store_is_as_it_was(case: Case, astra: Astra, made: Path) -> None:
    with case.within(made.parent) as url:
        for name, content in case.files.items():
            data = content if isinstance(content, bytes) else content.replace("URL", url).encode()
            (made.parent / name).write_bytes(data)
        before = contents(made)
        said = astra(*shlex.split(case.command))
        assert contents(made) == before
    assert re.fullmatch(pattern(case.line, made.parent), said.err.splitlines()[-1]), said.err
    assert said.err.count("astra:") == 1 and "Traceback" not in said.err + said.out
    assert said.code == case.code
    assert said.out == ""


def test_words_that_are_no_command_are_usage_errors(astra: Astra) -> None:
    for words in (["nonsense"], ["show"], ["show", "-x"], ["run", "demo", "--limit", "0"], ["make", "widgets", "x", "--to", "y"]):
        said = astra(*words)
        assert said.code == 2 and "Error: " in said.err and "--help" in said.err, words


def tool(name: str, parameters: Any, description: str = "Does what its name says.") -> dict[str, Any]:
    return {"name": name, "description": description, "parameters": parameters}


def described(size: int) -> dict[str, Any]:
    """A parameter schema of about so many bytes."""
    return {"type": "object", "properties": {"value": {"type": "string", "description": "x" * (size - 100)}}}


GOOD = [tool(name, {"type": "object", "properties": {}}) for name in ("first", "second", "third")]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (tool("odd", {"type": "any"}), "tool: parameters not an object schema - odd"),
        (tool("first", {"type": "object"}), "tool: duplicate name - first"),
        (tool("odd", {"type": "object", "properties": {"a": {"type": "text"}}}), "tool: invalid JSON Schema - odd: ..."),
        (tool("odd", described(70_000)), "tool: schema too large - odd: 69... bytes"),
        (tool("odd", {"type": "object"}, ""), "tool: no description - odd"),
        (tool("odd", described(53_000)), None),
    ],
)
def test_a_tool_that_cannot_be_used_is_rejected_with_a_reason_and_the_others_are_kept(
    astra: Astra, here: Path, bad: dict[str, Any], reason: str | None
) -> None:
    (here / "docs.json").write_text(json.dumps({"name": "office", "tools": [*GOOD, bad]}))
    assert astra("make", "tools", "docs.json", "--to", "t").code == 0
    [kept] = astra("show", "t", "--json").lines()
    names = [one["name"] for one in kept["tools"]]
    if reason is None:
        assert names == ["first", "second", "third", "odd"]
        assert kept["tools"][3]["parameters"]["properties"] == bad["parameters"]["properties"]
        return
    assert names == ["first", "second", "third"]
    [row] = astra("show", "t#rejected", "--json").lines()
    assert re.fullmatch(pattern(reason, here), row["reasons"][0])
    assert [one["name"] for one in row["tools"]] == [bad["name"]]


def test_a_server_that_cannot_be_started_is_quarantined_and_the_other_is_collected(astra: Astra, recipe: Recipe) -> None:
    file = recipe({"dead": server("die-at-start"), "noisy": server("noise")})
    said = astra("run", file, "tools.near_duplicate=null", "--only", "tools")
    assert said.code == 0 and "incomplete: run again to retry what is quarantined" in said.err
    assert [row["name"] for row in astra("show", "small-tools", "--json").lines()] == ["noisy"]
    [row] = astra("show", "small-tools#quarantined", "--json").lines()
    assert row["input_id"] == "dead"
    assert re.fullmatch(r"tool backend: start failed - dead: .*; its last words: cannot go on", row["reasons"][0])
    shown = astra("show", "small-tools#quarantined").out
    assert "dead" in shown and "start failed" in shown


def test_what_is_incomplete_or_made_from_it_is_not_pushed_unless_told(astra: Astra, recipe: Recipe, here: Path) -> None:
    file = recipe({"dead": server("die-at-start"), "manners": server()})
    assert astra("run", file, "tools.near_duplicate=null", "--only", "tools", "--only", "chains").code == 0
    for name in ("small-tools", "small-chains"):
        said = astra("push", name, "org/any")
        assert said.code == 2
        assert re.search(r"small-tools@\w{12} is incomplete \(run the same command again .*--incomplete\)", said.err)
        with no_hub(here):
            said = astra("push", name, "org/any", "--incomplete")
        assert said.code == 4 and "incomplete" not in said.err


def asked(name: str, text: str) -> str:
    return f"First, get does {name} and says what came of it{text}. Then, get does add and says what came of it with a 3 and b 2."


def with_tasks(astra: Astra, made: Path, **texts: str) -> list[dict[str, Any]]:
    """Trajectories of the small recipe on one task for each tool named, whatever their verdict."""
    first = astra("show", "small-tasks", "--json").lines()[0]
    rows = [first | {"chain_id": None, "text": asked(name, text), "target_tools": [name, "add"]} for name, text in texts.items()]
    (made.parent / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert astra("make", "tasks", "rows.jsonl", "--to", "asked").code == 0
    said = astra("make", "trajectories", "small-tools", "asked", "--to", "t", "--recipe", "small.yaml")
    assert said.code in (0, NothingKept.exit_code), said.err
    configs = [config for config in ("", "#rejected", "#quarantined") if astra("show", f"t{config}", "--json").code == 0]
    return [row for config in configs for row in astra("show", f"t{config}", "--json").lines()]


def test_the_policy_sees_both_kinds_of_tool_error_and_goes_on(astra: Astra, made: Path) -> None:
    rows = with_tasks(astra, made, fail="", refuse="")
    assert len(rows) == 2
    for row in rows:
        results = [message["content"] for message in row["messages"] if message["role"] == "tool"]
        assert results[0] in ("the thing broke", "invalid params: no") and results[1] == "5"
        assert [call["ok"] for call in row["calls"]] == [False, True]
        assert row["terminal"] == "answered"


def test_a_server_that_dies_during_a_call_quarantines_that_rollout_and_no_other(astra: Astra, made: Path) -> None:
    died, lived = sorted(
        with_tasks(astra, made, die="", echo=' with value "hello there"'), key=lambda row: row["terminal"] == "answered"
    )
    assert (died["terminal"], died["reward"], died["scores"]) == ("tool_backend_down", None, [])
    assert re.fullmatch(r"tool backend: died - manners: .*; its last words: Traceback: out of luck", died["reasons"][0])
    assert lived["terminal"] == "answered" and lived["reward"] is not None
