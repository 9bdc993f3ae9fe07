"""Imports of ours point one way only, from what is used to what uses it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "astra_data"
LEVELS = [
    {"__init__", "bounded", "characters", "console", "errors", "exact", "filenames", "messages", "nesting", "resources", "rows",
     "templates", "terminal"},
    {"hub", "ledger", "models", "sandbox", "text", "tools", "teacher", "worlds"},
    {"rollout"},
    {"audit"},
    {"pipeline"},
    {"stages"},
    {"training", "evaluate", "formats", "report"},
    {"cli"},
]
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}


def part_of(module: str) -> str:
    """`hub` of `astra_data.hub.store`; `__init__` of the package itself."""
    return ([*module.split("."), "__init__"])[1]


def imports_of(source: str) -> Iterator[str]:
    """Every module of ours that the source imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "astra_data")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            module = node.module or ""
            if module == "astra_data":
                yield from (f"astra_data.{alias.name}" for alias in node.names)
            elif module.startswith("astra_data."):
                yield module


def upward(part: str, source: str) -> list[str]:
    """The imports that point to a higher level than that of `part`."""
    return [module for module in imports_of(source) if LEVEL[part_of(module)] > LEVEL[part]]


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert part in LEVEL, f"say in LEVELS where {part} belongs"
    assert upward(part, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("part", "source", "wrong"),
    [
        ("hub", "from astra_data.pipeline.stage import Stage", ["astra_data.pipeline.stage"]),
        ("rows", "def f():\n    import astra_data.hub.store", ["astra_data.hub.store"]),
        ("rows", "from astra_data import hub, errors", ["astra_data.hub"]),
        ("tools", "from astra_data.teacher.ask import Ask", []),
        ("cli", "from astra_data.stages import STAGES", []),
    ],
)
def test_an_import_that_points_up_is_seen(part: str, source: str, wrong: list[str]) -> None:
    assert upward(part, source) == wrong
