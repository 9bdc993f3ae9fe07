"""The wheel alone, in an empty environment outside the checkout, does what the checkout does."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = ("tools", "chains", "tasks", "trajectories", "sft")
LOADED = """
import sys
from datasets import load_dataset
print(*(load_dataset(version, split="train").num_rows for version in sys.argv[1:]))
"""


def run(*command: str | Path, cwd: Path, seconds: float = 300) -> str:
    """Standard output of a command that must succeed, without what this process has on its import path."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "PYTEST", "ASTRA_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def wheel(elsewhere: Path) -> Path:
    build = (sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable)
    run(*build, "--out-dir", elsewhere / "dist", ROOT, cwd=elsewhere)
    return next((elsewhere / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def binaries(wheel: Path, elsewhere: Path) -> Iterator[Path]:
    """The `bin` folder of an environment that holds the wheel and what it needs."""
    venv = elsewhere / "venv"
    uv = (sys.executable, "-m", "uv")
    run(*uv, "venv", "--quiet", "--python", sys.executable, venv, cwd=elsewhere)
    install = (*uv, "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt")
    run(*install, "--python", venv / "bin" / "python", wheel, cwd=elsewhere)
    yield venv / "bin"


def files_of(folder: str) -> set[str]:
    """The files of a folder of the checkout that git tracks, as the wheel holds them."""
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {path if folder == "astra_data" else f"astra_data/{path}" for path in listed.splitlines()}


def test_the_wheel_carries_the_package_its_recipes_and_its_cards(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("astra_data", "recipes", "cards"):
        assert files_of(folder)
        assert files_of(folder) - names == set()
    assert not {name for name in names if name.startswith(("tests", "benchmarks", "docs"))}


@pytest.mark.slow
def test_an_installed_wheel_brings_no_torch(binaries: Path, elsewhere: Path) -> None:
    names = run(sys.executable, "-m", "uv", "pip", "freeze", "--python", binaries / "python", cwd=elsewhere)
    installed = {line.partition("==")[0].partition(" @")[0] for line in names.splitlines()}
    assert "astra-data" in installed
    assert installed & {"torch", "transformers", "triton", "trl", "pytest"} == set()


@pytest.mark.slow
def test_an_installed_wheel_runs_the_demo_anywhere(binaries: Path, elsewhere: Path) -> None:
    work = elsewhere / "work"
    work.mkdir()
    shown = run(binaries / "astra", "run", "demo", "--limit", "2", cwd=work)
    versions = []
    for kind in KINDS:
        assert f"demo-{kind}@" in shown
        (version,) = (work / "hub" / f"demo-{kind}" / "versions").iterdir()
        card = (version / "README.md").read_text(encoding="utf-8")
        assert card.startswith("---\n")
        assert f"# demo-{kind}\n" in card
        versions.append(version)
    rows = run(binaries / "python", "-c", LOADED, *versions, cwd=work).split()
    assert len(rows) == len(KINDS) and all(int(count) > 0 for count in rows)
