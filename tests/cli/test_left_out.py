"""What every command makes of stored rows that are not what they say: a word about each, and the others proceed."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import Astra
from sample_environments import shop, wallet
from small_arenas import arena_of
from small_unfit import unfit_version
from small_versions import task

from astra_data.hub.store import Store
from astra_data.rows import Arena, Environment, Task, to_dict

FILE = "data/train-00000-of-00001.parquet"
LEFT_OUT = f"astra: {FILE}, row 2: id is not that of the content; the row is left out\n"
CLAIMED = ["../../../escaped", "f" * 16, "\x1b]0;escaped\x07"]
isolated = pytest.mark.skipif(sys.platform != "linux", reason="code is isolated by the Linux kernel")


def environments(here: Path, claimed: str) -> None:
    rows = [to_dict(shop()), to_dict(wallet()) | {"id": claimed}]
    unfit_version(Store.open(here / "hub"), "mine", rows, Environment, "environments")


def around(here: Path) -> list[str]:
    """What lies about the folder that commands are run in, beside what they make."""
    made = (here / "hub", here / "out")
    return sorted(str(path) for path in here.parent.rglob("*") if not any(path.is_relative_to(folder) for folder in made))


@pytest.mark.parametrize("claimed", CLAIMED)
def test_show_leaves_it_out_of_the_list_and_does_not_find_it(claimed: str, astra: Astra, here: Path) -> None:
    environments(here, claimed)
    said = astra("show", "mine", "--json")
    assert [row["id"] for row in said.lines()] == [shop().id] and said.err == LEFT_OUT
    assert astra("show", "mine").code == 0 and astra("show", "mine", shop().id).code == 0
    assert astra("show", "mine", claimed[:6]).code == 3


@pytest.mark.parametrize("form", ["astra_rl", "harbor"])
@pytest.mark.parametrize("claimed", CLAIMED)
def test_an_export_goes_on_without_it(claimed: str, form: str, astra: Astra, here: Path) -> None:
    environments(here, claimed)
    before = around(here)
    said = astra("convert", "mine", "--to-format", form, "-o", "out", "--json")
    assert (said.code, said.json()["environments"], said.err) == (0, 1, LEFT_OUT)
    assert astra("convert", "./out", "--from", form, "--to", "again").code == 0
    assert [row["id"] for row in astra("show", "again", "--json").lines()] == [shop().id]
    assert around(here) == before


def test_an_environment_that_a_form_cannot_hold_is_told_and_the_others_go_out(astra: Astra, here: Path) -> None:
    (here / "rows.jsonl").write_text("\n".join(map(json.dumps, [to_dict(replace(shop(), turns=[])), to_dict(wallet())])))
    assert astra("make", "environments", "rows.jsonl", "--to", "mine").code == 0
    said = astra("convert", "mine", "--to-format", "harbor", "-o", "out", "--json")
    assert (said.code, said.json()["environments"]) == (0, 1)
    assert "without a turn it asks for nothing" in said.err and "Traceback" not in said.err


@pytest.mark.parametrize("there", ["a link to a folder", "a link to nothing", "a file", "a folder with a file"])
def test_an_export_takes_the_place_of_nothing(there: str, astra: Astra, here: Path) -> None:
    environments(here, "x")
    (here / "elsewhere").mkdir()
    if there == "a file":
        (here / "out").write_text("mine")
    elif there == "a folder with a file":
        (here / "out").mkdir()
        (here / "out" / "README.md").write_text("mine")
    else:
        (here / "out").symlink_to(here / ("elsewhere" if there == "a link to a folder" else "nothing"))
    before = sorted(here.rglob("*"))
    said = astra("convert", "mine", "--to-format", "harbor", "-o", "out")
    assert said.code == 2 and "is there already" in said.err
    assert sorted(here.rglob("*")) == before and not list((here / "elsewhere").iterdir())


def test_an_empty_folder_is_filled(astra: Astra, here: Path) -> None:
    environments(here, "x")
    (here / "out").mkdir()
    assert astra("convert", "mine", "--to-format", "harbor", "-o", "out").code == 0
    assert (here / "out" / shop().id / "task.toml").is_file()


@isolated
@pytest.mark.parametrize("claimed", CLAIMED)
def test_an_audit_counts_it_among_the_rejected(claimed: str, astra: Astra, here: Path) -> None:
    environments(here, claimed)
    said = astra("audit", "mine", "--isolation", "best_effort", "--json")
    assert said.code == 0, said.err
    (stage,) = said.json()["stages"]
    assert stage["funnel"]["items"] == 2 and stage["funnel"]["rejected"]["input: id is not that of the content"] == 1


@isolated
def test_a_refused_row_of_which_not_all_is_known_ends_no_audit(astra: Astra, here: Path) -> None:
    refused: list[Any] = [{}, {"domain": "x"}, to_dict(wallet()) | {"id": "../x"}]
    unfit_version(Store.open(here / "hub"), "mine", [to_dict(shop())], Environment, "environments", refused)
    said = astra("audit", "mine", "--isolation", "best_effort", "--json")
    assert said.code == 0 and "Traceback" not in said.err
    rejected = said.json()["stages"][0]["funnel"]["rejected"]
    assert rejected["input: no row of this kind"] == 2 and rejected["input: id is not that of the content"] == 1


@isolated
def test_an_evaluation_counts_it_among_the_rejected(astra: Astra, here: Path) -> None:
    rows = [to_dict(arena_of(shop())), to_dict(arena_of(wallet())) | {"id": "../../x"}]
    unfit_version(Store.open(here / "hub"), "arenas", rows, Arena, "arenas")
    said = astra("evaluate", "arena", "arenas", "--model", "oracle", "--isolation", "best_effort", "--to", "done", "--json")
    assert said.code == 0, said.err
    funnel = said.json()["stages"][0]["funnel"]
    assert funnel["rejected"] == {"input: id is not that of the content": 1} and funnel["kept"] == 1


def test_rows_that_are_imported_have_the_id_of_their_content_whatever_the_file_says(astra: Astra, here: Path) -> None:
    (here / "rows.jsonl").write_text("\n".join(json.dumps(task("one") | {"id": claimed}) for claimed in (*CLAIMED, 7, None)))
    said = astra("make", "tasks", "rows.jsonl", "--to", "mine", "--json")
    assert said.code == 0, said.err
    assert said.json()["stages"][0]["funnel"]["rejected"] == {"duplicate: same identity as an earlier row": 4}
    assert [row["id"] for row in astra("show", "mine", "--json").lines()] == [task("one")["id"]]


@pytest.mark.parametrize("value", ['"\\ud800"', "[" * 300 + "]" * 300, '{"a": ' * 300 + "1" + "}" * 300])
def test_a_row_that_cannot_be_stored_is_named(value: str, astra: Astra, here: Path) -> None:
    row = to_dict(shop())
    row["world"]["initial_state"] = "VALUE"
    (here / "rows.jsonl").write_text(json.dumps(row).replace('"VALUE"', value))
    said = astra("make", "environments", "rows.jsonl", "--to", "mine")
    assert said.code == 3 and "rows.jsonl, row 1" in said.err and "Traceback" not in said.err


def test_an_ancestor_that_is_not_what_it_says_is_not_walked_to(astra: Astra, here: Path) -> None:
    unfit_version(Store.open(here / "hub"), "given", [task("one"), task("two") | {"id": "f" * 16}], Task, "tasks")
    said = astra("show", "given", "f" * 16, "--lineage")
    assert said.code == 3 and LEFT_OUT in said.err
