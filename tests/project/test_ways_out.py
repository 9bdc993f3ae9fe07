"""Nothing is printed but by the functions that make it safe: `astra_data.terminal` and `astra_data.console`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "astra_data"
DOORS = {"terminal.py", "console.py"}
ELSEWHERE = ("sandbox/jail/", "formats/harbor_files/")
"""Programs of their own: what they print is read by ours, or by nobody's terminal."""
PRINTING = {"echo", "secho", "confirm", "prompt", "echo_via_pager", "print", "pprint", "print_exc", "print_exception"}
CONSOLES = {"Console", "get_console", "RichHandler", "StreamHandler", "basicConfig", "from_markup", "from_ansi", "render_markup"}
STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def faults(source: str) -> Iterator[str]:
    """What prints, or makes something that does, or takes text for markup."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _call(node)
        elif isinstance(node, ast.Attribute) and node.attr in STREAMS and getattr(node.value, "id", "") == "sys":
            yield f"line {node.lineno}: sys.{node.attr}"


def _call(node: ast.Call) -> Iterator[str]:
    named = node.func
    name = named.id if isinstance(named, ast.Name) else named.attr if isinstance(named, ast.Attribute) else ""
    owner = getattr(getattr(named, "value", None), "id", None) or getattr(getattr(named, "value", None), "attr", "")
    markup = {word.arg: getattr(word.value, "value", None) for word in node.keywords}
    if name in PRINTING and not (name == "print" and owner in ("console", "_console", "shown")):
        yield f"line {node.lineno}: {name}("
    if name in CONSOLES:
        yield f"line {node.lineno}: {name}("
    if name == "TextColumn" and markup.get("markup") is not False:
        yield f"line {node.lineno}: TextColumn without markup=False"
    if markup.get("markup") or markup.get("emoji"):
        yield f"line {node.lineno}: markup"


def modules() -> list[Path]:
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).as_posix() not in DOORS]
    return [path for path in paths if not path.relative_to(PACKAGE).as_posix().startswith(ELSEWHERE)]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_prints_by_the_doors_alone(path: Path) -> None:
    allowed = {"cli/main.py": ["sys.stdout"]}.get(path.relative_to(PACKAGE).as_posix(), [])
    assert [fault for fault in faults(path.read_text(encoding="utf-8")) if fault.partition(": ")[2] not in allowed] == []


@pytest.mark.parametrize(
    "source",
    [
        "click.echo(x)", "from click import echo\necho(x)", "click.secho(x)", "click.confirm(x)", "print(x)", "rich.print(x)",
        "Console(stderr=True)", "rich.console.Console()", "sys.stdout.write(x)", "file=sys.stderr", "Text.from_markup(x)",
        "traceback.print_exc()", "logging.StreamHandler()", "logging.basicConfig()", "console.print(x, markup=True)",
        "TextColumn('{task.description}')", "Table(x, emoji=True)",
    ],
)  # fmt: skip
def test_each_other_way_is_found(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize("source", ["say(x)", "plain_console().render(x)", "console.print(x)", "TextColumn(x, markup=False)"])
def test_the_doors_are_no_fault(source: str) -> None:
    assert list(faults(source)) == []
