"""The page of defects names every one of them once, and for each a test that is there or the reason why none is needed."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def lines() -> list[list[str]]:
    text = (ROOT / "docs" / "defects.md").read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")]


def is_there(file: str, function: str) -> bool:
    path = ROOT / "tests" / file
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function for node in tree.body)


def test_every_defect_is_there_once_in_order() -> None:
    ids = [cells[0] for cells in lines() if re.fullmatch(r"[TE]\d+", cells[0])]
    assert ids == [f"T{number}" for number in range(1, 34)] + [f"E{number}" for number in range(1, 23)]


def test_every_line_names_tests_or_says_why_not() -> None:
    told = [cells for cells in lines() if not set(cells[0]) <= {"-", " "} and cells[0] not in ("id", "what")]
    assert [cells for cells in told if not TEST.search(cells[-1]) and not cells[-1].startswith("no such part here: ")] == []


def test_every_named_test_exists() -> None:
    named = TEST.findall((ROOT / "docs" / "defects.md").read_text(encoding="utf-8"))
    assert len(named) > 50
    assert [(file, function) for file, function in named if not is_there(file, function)] == []


def test_a_test_that_is_not_there_is_missed() -> None:
    assert not is_there("project/test_defects.py", "test_of_another_name")
    assert not is_there("project/test_nothing.py", "test_every_named_test_exists")
