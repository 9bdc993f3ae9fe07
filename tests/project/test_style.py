"""Limits that keep the package readable, and what may not be in any file."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES, FUNCTION_LINES = 300, 50
PYTHON = sorted(path for folder in ("astra_data", "benchmarks", "tests") for path in (ROOT / folder).rglob("*.py"))
LIBRARY = sorted((ROOT / "astra_data").rglob("*.py"))
PLACES = re.compile(
    rf"{re.escape(str(ROOT))}\b|(?<![\w.}}])/(?:work|Users|opt)/\w|/home/(?!agent\b|user\b|joe\b)\w"
    r"|\b(?:py" r"pi|pythonhos" r"ted|npm" r"js|crates|proxy\.golang|deb\.debian)\.(?:org|com|io)\b"
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def long_functions(source: str) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    return [node.name for node in functions if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES]


def prints(source: str) -> list[int]:
    """The lines that call `print`."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


def tracked_texts() -> list[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / path for path in listed.split("\0") if path]
    assert paths, "git lists no files"
    contents = [(name(path), path.read_bytes()) for path in paths if path.is_file()]
    return [(path, content.decode("utf-8")) for path, content in contents if b"\0" not in content]


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_file_fits_in_a_reading(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= FILE_LINES
    assert long_functions(source) == []


def test_no_library_code_prints() -> None:
    assert {name(path): lines for path in LIBRARY if (lines := prints(path.read_text(encoding="utf-8")))} == {}


def test_no_tracked_file_names_a_place_of_one_machine_or_a_registry() -> None:
    found = [(path, match.group()) for path, text in tracked_texts() for match in PLACES.finditer(text)]
    assert found == []


def test_the_searches_find_what_they_are_for() -> None:
    assert long_functions("def long():\n" + "    pass\n" * FUNCTION_LINES) == ["long"]
    assert long_functions("def short():\n" + "    pass\n" * (FUNCTION_LINES - 1)) == []
    assert prints("def f():\n    print(1)\n") == [2]
    for text in (f"cd {ROOT}", "see /work/" + "x", "/Users/" + "ann", "/home/" + "ann", "https://py" + "pi.org/simple"):
        assert PLACES.search(text), text
    for text in ("/workspace/x", "/home/agent", "a/work/b", "pip install astra-data", "https://example.org"):
        assert not PLACES.search(text), text
