"""Fixtures that run commands in this process, through the entry of the installed command."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from audit.sound import SOUND
from command_line import Astra, Recipe, Said, write_recipe
from scripted_questions import QUESTIONS

from astra_data.cli.main import main
from astra_data.rows import to_dict
from astra_data.stages.arenas.assembly import assembled


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands are run in; the store is `hub` inside it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("ASTRA_STORE", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def astra(here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Astra:
    """Run `astra` with these words, through the same entry as the installed command."""
    return lambda *words: run_main(monkeypatch, capfd, words)


def run_main(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], words: tuple[Any, ...]) -> Said:
    capfd.readouterr()
    monkeypatch.setattr(sys, "argv", ["astra", *map(str, words)])
    code = 0
    try:
        main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    return Said(code, *capfd.readouterr())


@pytest.fixture
def recipe(here: Path) -> Recipe:
    """recipe({"name": server("noise")}, seed=8) -> the file of a recipe in this folder."""
    return lambda entries=None, **changes: write_recipe(here, entries, **changes)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the small recipe was run once, and that holds questions, environments and arenas besides."""
    folder = tmp_path_factory.mktemp("finished")
    file = write_recipe(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["astra", "run", str(file), "--store", "hub", "--json"])
        main()
        sound = [make() for make in SOUND.values()]
        arenas = [assembled(environment, [], "train", seed=7, system_prompt=None) for environment in sound]
        for kind, rows in (("questions", QUESTIONS), ("environments", sound), ("arenas", arenas)):
            Path(f"{kind}.jsonl").write_text("\n".join(json.dumps(to_dict(row)) for row in rows))
            words = ["make", kind, f"{kind}.jsonl", "--to", f"small-{kind}", "--store", "hub", "--json"]
            patch.setattr(sys, "argv", ["astra", *words])
            main()
            Path(f"{kind}.jsonl").unlink()
    return folder


@pytest.fixture
def made(finished: Path, here: Path) -> Path:
    """A copy of it to work in: the store `hub`, `small.yaml` and `mcp.json`."""
    shutil.copytree(finished, here, dirs_exist_ok=True)
    return here / "hub"
