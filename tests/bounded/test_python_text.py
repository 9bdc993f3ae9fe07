"""Whatever the parser makes of a text is a tree or a `SyntaxError`."""

import pytest

from astra_data.bounded.python_text import expression, parsed

ODD = {
    "no Python": "def",
    "a null": "a = '\0'",
    "brackets without end": "(" * 100_000,
    "many brackets": "(" * 5_000 + ")" * 5_000,
    "many signs": "-" * 100_000 + "1",
    "many nots": "not " * 50_000 + "x",
    "many attributes": "a" + ".b" * 100_000,
    "many calls": "f" + "()" * 50_000,
    "many ifs": "".join(f"{' ' * n}if x:\n" for n in range(200)),
    "half a character": "a = '\ud800'",
    "a large number": "a = " + "9" * 10_000,
    "an f-string": "f'" + "{" * 500,
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_a_text_that_is_too_much_is_a_syntax_error(text: str) -> None:
    try:
        parsed(text)
    except SyntaxError:
        return
    assert text in (ODD["many attributes"], ODD["many calls"])


def test_python_is_a_tree() -> None:
    assert [type(node).__name__ for node in parsed("import json\nx = 1").body] == ["Import", "Assign"]
    assert type(expression("[1, 2]").body).__name__ == "List"
