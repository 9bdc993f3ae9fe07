"""One odd row or document among others is a rejection with its place; the others are done."""

import json
from pathlib import Path
from typing import Any

import pytest
from audit.sound import SOUND
from command_line import Astra

from astra_data.rows import to_dict

TOOL = {"description": "Tells all that is known of one thing of the shop.",
        "inputSchema": {"type": "object", "properties": {"thing": {"type": "string"}}}}
ODD_LINES = {
    "no JSON": "{",
    "no object": "[1]",
    "a text for an object": '"{}"',
    "a large integer": '{"horizon": ' + "9" * 30 + "}",
    "no number": '{"horizon": NaN}',
    "half a character": '{"text": "\\ud800"}',
    "deep": "[" * 200 + "]" * 200,
    "a null": "null",
}


def server(name: str) -> dict[str, Any]:
    return {"name": name, "tools": [TOOL | {"name": f"{name}_{number}"} for number in range(3)]}


@pytest.mark.parametrize("odd", ODD_LINES.values(), ids=ODD_LINES)
def test_a_row_that_cannot_be_used_does_not_cost_the_others(odd: str, astra: Astra, made: Path) -> None:
    row = astra("show", "small-tasks", "--json").lines()[0]
    rows = [json.dumps(row | {"text": text}) for text in ("Say hello, please.", "Add three and five.")]
    (made.parent / "rows.jsonl").write_text("\n".join([rows[0], odd, rows[1]]))
    said = astra("make", "tasks", "rows.jsonl", "--to", "mixed")
    assert said.code == 0, said.err
    assert [row["text"] for row in astra("show", "mixed", "--json").lines()] == ["Say hello, please.", "Add three and five."]
    (lost,) = astra("show", "mixed#rejected", "--json").lines()
    assert lost["input_id"] == "rows.jsonl, row 2"
    assert lost["reasons"][0].startswith("item: cannot be used - rows.jsonl, row 2")


@pytest.mark.parametrize("odd", ODD_LINES.values(), ids=ODD_LINES)
def test_a_first_line_that_cannot_be_used_does_not_cost_the_others_either(odd: str, astra: Astra, here: Path) -> None:
    (here / "apis.jsonl").write_text("\n".join([odd, json.dumps(server("one"))]))
    said = astra("make", "tools", "apis.jsonl", "--to", "tools")
    assert said.code == 0, said.err
    assert [row["name"] for row in astra("show", "tools", "--json").lines()] == ["one"]
    (lost,) = astra("show", "tools#rejected", "--json").lines()
    assert lost["input_id"] == "apis.jsonl, row 1"


@pytest.mark.parametrize("odd", ODD_LINES.values(), ids=ODD_LINES)
def test_finished_rows_are_known_by_the_first_object(odd: str, astra: Astra, here: Path) -> None:
    (here / "apis.jsonl").write_text(json.dumps(server("one")))
    assert astra("make", "tools", "apis.jsonl", "--to", "tools").code == 0
    row = astra("show", "tools", "--json").out
    (here / "rows.jsonl").write_text(f"{odd}\n{row}")
    assert astra("make", "tools", "rows.jsonl", "--to", "again").code == 0
    assert astra("show", "again", "--json").out == row


@pytest.mark.parametrize("odd", ODD_LINES.values(), ids=ODD_LINES)
def test_a_document_that_cannot_be_used_is_named_by_its_whole_path(odd: str, astra: Astra, here: Path) -> None:
    (here / "apis" / "more").mkdir(parents=True)
    (here / "apis" / "good.jsonl").write_text("\n".join([json.dumps(server("one")), odd, json.dumps(server("two"))]))
    (here / "apis" / "more" / "bad.json").write_text(odd)
    (here / "apis" / "more" / "untitled.json").write_text('{"openapi": "3.0.0", "info": {}, "paths": {}}')
    files = ["apis/more/bad.json", "apis/good.jsonl", "apis/more/untitled.json"]
    said = astra("make", "tools", *files, "--to", "tools")
    assert said.code == 0, said.err
    assert [row["name"] for row in astra("show", "tools", "--json").lines()] == ["one", "two"]
    lost = {row["input_id"].partition(",")[0] for row in astra("show", "tools#rejected", "--json").lines()}
    assert lost == set(files)
    assert "apis/more/untitled.json, row 1, field info.title: missing" in astra("show", "tools#rejected", "--json").out


@pytest.mark.parametrize("name", ["sys", "builtins", "not a name", "class"])
def test_an_environment_that_cannot_be_loaded_does_not_cost_the_others_their_audit(name: str, astra: Astra, here: Path) -> None:
    sound = json.loads(json.dumps(to_dict(SOUND["orders"]())))
    odd = json.loads(json.dumps(to_dict(SOUND["desk"]())))
    odd["modules"].append({"name": name, "source": "NUMBER = 1\n"})
    rows = [{key: value for key, value in row.items() if key != "id"} for row in (odd, sound)]
    (here / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert astra("make", "environments", "rows.jsonl", "--to", "given").code == 0
    said = astra("audit", "given", "--to", "audited", "--isolation", "best_effort")
    assert said.code == 0, said.err
    assert [len(astra("show", address, "--json").lines()) for address in ("audited", "audited#rejected")] == [1, 1]
    assert f"a module is named {name!r}" in astra("show", "audited#rejected", "--json").out
