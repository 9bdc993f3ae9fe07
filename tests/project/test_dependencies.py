"""What the package imports is what it declares, what is declared is pinned, and what is pinned is installed as it was seen."""

import ast
import hashlib
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
TRAINING = {"training", "evaluate", "models", "templates.py"}
"""Packages and modules of ours that may import what the extra `train` brings."""
UNHASHED = {"torch"}
"""Packages of which a local build, with another hash, is as good."""
COMES_WITH = {"pydantic-core": "pydantic", "tokenizers": "transformers"}
"""Distributions that another one brings at the very version that it was made for."""


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def declared(extra: str | None = None) -> dict[str, Requirement]:
    texts = project()["dependencies"] if extra is None else project()["optional-dependencies"][extra]
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, texts)}


def pins() -> dict[str, list[Version]]:
    """Package -> versions; several where they differ by Python version."""
    found: dict[str, list[Version]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if pin := re.match(r"([a-z0-9][a-z0-9._-]*)==([^ ;]+)", line):
            found.setdefault(canonicalize_name(pin[1]), []).append(Version(pin[2]))
    return found


def imported(folder: Path) -> set[str]:
    """Top-level modules that the files of a folder import, the standard library and ours left out."""
    names: set[str] = set()
    for path in folder.rglob("*.py") if folder.is_dir() else [folder]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"astra_data"}


def undeclared(modules: set[str], known: set[str]) -> set[str]:
    """The modules whose distribution is not among the known ones."""
    distributions = packages_distributions()
    named = {module: [canonicalize_name(name) for name in distributions.get(module, [module])] for module in modules}
    names = {module: {COMES_WITH.get(name, name) for name in found} for module, found in named.items()}
    return {module for module, candidates in names.items() if not candidates & known}


def test_every_import_is_a_declared_dependency() -> None:
    for folder in (ROOT / "astra_data").iterdir():
        extra = "train" if folder.name in TRAINING else None
        assert undeclared(imported(folder), set(declared()) | set(declared(extra) if extra else ())) == set(), folder.name


def test_every_import_of_tests_and_benchmarks_is_declared() -> None:
    ours = {path.stem for folder in (ROOT, ROOT / "tests") for path in folder.iterdir()}
    modules = imported(ROOT / "tests") | imported(ROOT / "benchmarks")
    assert undeclared(modules - ours, set(declared()) | set(declared("dev")) | set(declared("train"))) == set()


def test_an_undeclared_import_is_seen() -> None:
    assert undeclared({"yaml", "torch"}, set(declared())) == {"torch"}


def test_every_base_dependency_is_imported() -> None:
    distributions = packages_distributions()
    used = {canonicalize_name(name) for module in imported(ROOT / "astra_data") for name in distributions.get(module, [])}
    assert declared().keys() - used == {"uv"}, "uv is used as a program"


def test_the_base_install_has_no_torch() -> None:
    assert not declared().keys() & {"torch", "transformers", "sentence-transformers", "trl"}
    assert "torch" in declared("train")


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    found = pins()
    for extra in (None, *project()["optional-dependencies"]):
        for name, requirement in declared(extra).items():
            assert found.get(name), f"{name} has no pin: make constraints"
            assert all(requirement.specifier.contains(version) for version in found[name]), name


def hashes() -> dict[str, list[int]]:
    """Package -> how many hashes each of its pins has."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    entries = re.findall(r"^([a-z0-9][a-z0-9._-]*)==[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)*)", text, re.MULTILINE)
    found: dict[str, list[int]] = {}
    for name, listed in entries:
        found.setdefault(canonicalize_name(name), []).append(listed.count("sha256:"))
    return found


def test_every_pin_has_hashes_but_that_of_torch() -> None:
    found = hashes()
    assert {name: len(counts) for name, counts in found.items()} == {name: len(versions) for name, versions in pins().items()}
    assert {name for name, counts in found.items() if not all(counts)} == UNHASHED


def recipe() -> str:
    """The commands by which `make` sets up the environment, on one line each."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    return text.partition("$(INSTALLED): pyproject.toml")[2]


def test_what_pip_installs_is_checked_or_is_torch_alone() -> None:
    lines = [line.strip() for line in recipe().splitlines() if "$(PIP)" in line]
    assert len(lines) == 2 and all("--no-deps" in line for line in lines)
    assert "--require-hashes" in lines[0] and "torch" in lines[1]


def wheel(folder: Path) -> Path:
    """A package of one module."""
    file = folder / "astra_probe-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("astra_probe.py", "")
        archive.writestr("astra_probe-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: astra-probe\nVersion: 1.0\n")
        archive.writestr("astra_probe-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("astra_probe-1.0.dist-info/RECORD", "")
    return file


@pytest.mark.parametrize("changed", [False, True])
def test_a_file_with_another_hash_is_not_installed(tmp_path: Path, changed: bool) -> None:
    """By the options that the Makefile gives to uv."""
    digest = hashlib.sha256(wheel(tmp_path).read_bytes() + b"x" * changed).hexdigest()
    (tmp_path / "constraints.txt").write_text(f"astra-probe==1.0 \\\n    --hash=sha256:{digest}\n")
    line = next(line for line in recipe().splitlines() if "uv pip install" in line)
    options = [word for word in shlex.split(line.partition("uv pip install")[2]) if word.startswith("--")]
    assert {"--verify-hashes", "--constraint", "--build-constraint"} <= set(options)
    command = [sys.executable, "-m", "uv", "pip", "install", "--verify-hashes", "--constraint", str(tmp_path / "constraints.txt"),
               "--target", str(tmp_path / "there"), "--no-index", "--find-links", str(tmp_path), "--offline", "astra-probe"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode == 0, (tmp_path / "there" / "astra_probe.py").exists()) == (not changed, not changed), done.stderr
    assert not changed or "Hash mismatch" in done.stderr
