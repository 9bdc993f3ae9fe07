"""`astra doctor`: every line says what is there or how to mend it, and only what all work needs decides the exit code."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Astra

from astra_data.ledger import Answer, Ledger
from astra_data.rows import ROW_TYPES

WHAT = ["python", "store", "uvx", "npx", "sandbox", "OPENAI_API_KEY", "HF_TOKEN", "sentence_transformers", "trl"]


def program(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


@pytest.mark.usefixtures("here")
def test_every_line_says_what_is_looked_at_and_what_needs_it(astra: Astra) -> None:
    said = astra("doctor")
    assert said.code == 0 and said.err == ""
    lines = said.out.splitlines()
    assert sorted(line.split()[1] for line in lines) == sorted(WHAT)
    assert all(line.startswith(("ok ", "missing ")) and line.endswith("]") for line in lines)
    assert max(map(len, lines)) <= 200


def test_what_is_missing_comes_with_its_mend(astra: Astra, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(here / "python"))
    monkeypatch.setenv("PATH", str(here))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    found = {finding["what"]: finding for finding in astra("doctor", "--json").json()}
    for name, mend in (
        ("uvx", "pip install uv"),
        ("npx", "install Node.js"),
        ("OPENAI_API_KEY", "export it, or name another variable in models.<role>.api_key_env"),
        ("HF_TOKEN", "export it, or run `hf auth login`"),
    ):
        assert (found[name]["ok"], found[name]["detail"]) == (False, mend)
        assert found[name]["needed_for"] != "everything"


def test_what_is_there_is_found_and_no_key_is_shown(astra: Astra, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("uvx", "npx"):
        program(here / "bin", name)
    monkeypatch.setenv("PATH", str(here / "bin"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter2")
    monkeypatch.setenv("HF_TOKEN", "hf_hunter2")
    said = astra("doctor", "--json")
    assert "hunter2" not in said.out + astra("doctor").out
    found = {finding["what"]: finding["ok"] for finding in said.json()}
    assert [found[name] for name in ("uvx", "npx", "OPENAI_API_KEY", "HF_TOKEN")] == [True] * 4


def test_a_store_that_cannot_be_is_the_only_thing_that_fails_the_command(astra: Astra, here: Path) -> None:
    (here / "file").write_text("")
    said = astra("doctor", "--store", "file/store", "--json")
    assert said.code == 2
    [store] = [finding for finding in json.loads(said.out) if finding["what"] == "store"]
    assert not store["ok"] and "file is a file (set ASTRA_STORE to a folder)" in store["detail"]


def test_the_datasets_of_the_store_are_counted(astra: Astra, made: Path) -> None:
    [store] = [finding for finding in astra("doctor", "--json").json() if finding["what"] == "store"]
    assert store["ok"] and f"{len(ROW_TYPES)} datasets" in store["detail"]


@pytest.mark.parametrize("damage", [
    lambda path: path.write_bytes(path.read_bytes()[:-7]),
    lambda path: path.write_bytes(path.read_bytes().replace(b"e", b"f", 1)),
    lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
])
@pytest.mark.parametrize("place", ["versions/*/data/*.parquet", "versions/*/rejected/*.parquet", "versions/*/lineage.json",
                                   "keys/*.json"])
def test_a_damaged_file_of_the_store_is_named_with_a_mend_that_works(
    damage: Callable[[Path], None], place: str, astra: Astra, made: Path
) -> None:
    assert astra("doctor").code == 0
    path = min(made.glob(f"small-tools/{place}"), default=None)
    if path is None:
        pytest.skip("no such file in this version")
    before = {name: file.read_bytes() for name, file in all_files(made)}
    damage(path)
    said = astra("doctor")
    gone = place.startswith("keys") and not path.exists()
    assert said.code == (0 if gone else 3), "a record that is gone is a run that has to be made again"
    assert gone or any(line.startswith("damaged ") and str(path) in line and "again" in line for line in said.out.splitlines())
    if place.startswith("keys") and path.exists():
        path.unlink()  # as the mend says
    if place.endswith("lineage.json") and path.exists():
        path.unlink()
    assert astra("run", str(made.parent / "small.yaml")).code == 0
    assert astra("doctor").code == 0
    assert {name: file.read_bytes() for name, file in all_files(made)} == before


def all_files(store: Path) -> list[tuple[str, Path]]:
    return [(str(path.relative_to(store)), path) for path in sorted(store.glob("small-*/**/*")) if path.is_file()]


def test_answers_that_were_a_servers_status_are_removed_from_the_ledger(astra: Astra, made: Path) -> None:
    async def record() -> None:
        ledger = Ledger.open(made / "ledger.sqlite")
        try:
            for key, content, is_error in (("a", "Session not found", True), ("b", "Not found", False), ("c", "none", True)):
                await ledger.put(key * 64, "tool", {}, Answer({"content": content, "is_error": is_error}))
        finally:
            await ledger.close()

    asyncio.run(record())
    said = astra("doctor", "--ledger")
    assert said.code == 0 and "1 answers removed" in said.out
    assert "0 answers removed" in astra("doctor", "--ledger").out
    assert "0 new answers" in astra("run", str(made.parent / "small.yaml")).out
