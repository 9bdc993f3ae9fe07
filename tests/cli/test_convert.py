"""`astra convert`, both ways."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import Astra
from sample_environments import shop, wallet

from astra_data.rows import to_dict


@pytest.fixture
def stored(astra: Astra, here: Path) -> None:
    """A dataset `shops` of two environments."""
    rows = [to_dict(shop()), to_dict(wallet())]
    (here / "plain.jsonl").write_text("\n".join(json.dumps({"astra_environment": json.dumps(row)} | four(row)) for row in rows))
    said = astra("convert", "plain.jsonl", "--from", "astra_rl", "--to", "shops")
    assert said.code == 0, said.err


def four(row: dict[str, Any]) -> dict[str, Any]:
    from astra_data.formats.astra_rl import COLUMNS, to_row

    made = to_row(shop() if row["id"] == shop().id else wallet())
    return {column: made[column] for column in COLUMNS}


def rows(astra: Astra, address: str) -> list[dict[str, Any]]:
    return astra("show", address, "--json").lines()


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("form", ["astra_rl", "harbor"])
def test_a_dataset_goes_out_and_comes_back_equal(astra: Astra, here: Path, form: str) -> None:
    said = astra("convert", "shops", "--to-format", form, "-o", "out", "--json")
    assert said.code == 0, said.err
    assert said.json()["environments"] == 2
    assert astra("convert", "./out", "--from", form, "--to", "again").code == 0
    by_id = sorted(rows(astra, "again"), key=lambda row: row["id"])
    assert by_id == sorted([to_dict(shop()), to_dict(wallet())], key=lambda row: row["id"])
    lineage = json.loads(next(here.glob("hub/again/versions/*/lineage.json")).read_text())
    assert lineage["command"] == f"astra convert ./out --from {form} --to again" and lineage["licenses"] == ["Apache-2.0"]


@pytest.mark.usefixtures("stored")
def test_cards_of_environments_carry_the_tag_of_the_hub(astra: Astra, here: Path) -> None:
    assert astra("convert", "shops", "--to-format", "harbor", "-o", "out").code == 0
    exported, stored = (yaml.safe_load(path.read_text().split("---\n")[1])["tags"]
                        for path in (here / "out/README.md", next(here.glob("hub/shops/versions/*/README.md"))))
    assert stored == ["astra", "astra:environments", "rl-environment"] and exported == [*stored, "harbor"]


@pytest.mark.usefixtures("stored")
def test_a_limit_takes_the_first_and_an_equal_import_is_found(astra: Astra, here: Path) -> None:
    assert astra("convert", "shops", "--to-format", "astra_rl", "-o", "out", "--limit", "1").code == 0
    first, again = (astra("convert", "./out", "--from", "astra_rl", "--to", "one", "--json").json() for _ in range(2))
    assert [said["stages"][0]["found"] for said in (first, again)] == [False, True]
    assert [row["id"] for row in rows(astra, "one")] == [shop().id]


@pytest.mark.usefixtures("stored")
def test_a_file_that_was_changed_is_imported_anew(astra: Astra, here: Path) -> None:
    lines = (here / "plain.jsonl").read_text().splitlines()
    (here / "plain.jsonl").write_text("\n".join(reversed(lines)))
    said = astra("convert", "plain.jsonl", "--from", "astra_rl", "--to", "shops", "--json").json()
    assert not said["stages"][0]["found"] and [row["id"] for row in rows(astra, "shops")] == [wallet().id, shop().id]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(("words", "code", "said"), [
    (["shops", "--from", "harbor"], 2, "one way at a time"),
    (["shops", "--to-format", "harbor", "-o", "out", "--to", "x"], 2, "one way at a time"),
    (["nothing", "--from", "harbor", "--to", "x"], 3, "no such file or folder"),
    (["./nothing", "--from", "harbor", "--to", "x"], 3, "no such file or folder"),
    (["./hub", "--from", "harbor", "--to", "x"], 3, "there is no task.toml"),
    (["shops", "--to-format", "harbor", "-o", "hub"], 2, "is there already"),
    (["shops", "--to-format", "arrow", "-o", "out"], 2, "'arrow' is not one of"),
    (["plain.jsonl", "--from", "harbor", "--to", "x"], 3, "there is no task.toml"),
    (["plain.jsonl", "--from", "astra_rl", "--to", "x", "--isolation", "strict"], 2, "reading astra_rl runs no code"),
])
def test_what_cannot_be_converted_is_said_in_one_sentence(astra: Astra, words: list[str], code: int, said: str) -> None:
    answer = astra("convert", *words)
    assert answer.code == code and said in answer.err and "Traceback" not in answer.err


@pytest.mark.usefixtures("stored")
def test_a_failed_export_leaves_nothing(astra: Astra, here: Path) -> None:
    file = next(here.glob("hub/shops/versions/*/data/*.parquet"))
    file.write_bytes(file.read_bytes()[:-8])
    before = sorted(here.iterdir())
    assert astra("convert", "shops", "--to-format", "harbor", "-o", "out").code == 3
    assert sorted(here.iterdir()) == before


def test_a_broken_row_is_named_and_nothing_is_stored(astra: Astra, here: Path) -> None:
    (here / "rl.jsonl").write_text('{"prompt": [], "tool_schema": "[]", "tool_dict": "{}", "sub_qa_dict": "{}"}')
    said = astra("convert", "rl.jsonl", "--from", "astra_rl", "--to", "x")
    assert said.code == 3 and "rl.jsonl, row 1, field prompt" in said.err
    assert not list(here.glob("hub/x/versions/*"))
