"""What the package imports is what it declares, and what is declared is pinned."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
TRAINING = {"training", "evaluate"}
"""Packages of ours that may import what the extra `train` brings."""
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
