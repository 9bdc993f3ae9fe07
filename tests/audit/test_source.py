"""What the scan of a tool's source refuses, and what it leaves alone."""

import pytest

from astra_data.audit.source import faults_in


def faults(source: str) -> list[str]:
    return list(faults_in(source, own=frozenset({"checked"}), answers=["Ingrid Dahl"]))


@pytest.mark.parametrize("source", [
    "def get(id, input=None, *, hash):\n    return {'id': id, 'input': input, 'hash': hash}",
    "find = lambda id: id",
    "class Desk:\n    def get(self, id):\n        return [each for each in self.rows if each['id'] == id]",
    "from checked import text\nimport datetime, re\n\ndef year(day):\n    return datetime.date.fromisoformat(day).year",
    "def who():\n    return 'Ingrid ' 'Dahl'",
    "total = " + " + ".join(["1"] * 900),
])
def test_plain_code_and_parameters_named_like_builtins_are_left_alone(source: str) -> None:
    assert faults(source) == []


@pytest.mark.parametrize(("source", "said"), [
    ("def get(key):\n    return id(key)", "line 2: uses id"),
    ("def get(key, run=eval):\n    return run(key)", "line 1: uses eval"),
    ("def get(eval):\n    class Held:\n        eval = eval\n    return Held.eval", "line 3: uses eval"),
    ("def get(eval):\n    def inner():\n        global eval\n        return eval('1')\n    return inner()", "line 4: uses eval"),
    ("def get(eval):\n    return 1\n\nrun = eval", "line 4: uses eval"),
    ("def get(key):\n    return 'Ingrid' + ' Dahl'", "line 2: hides an answer in a constant put together from pieces"),
    ("import socket", "line 1: imports socket"),
    ("def get(:", "line 1: does not compile (SyntaxError)"),
])
def test_what_reaches_out_or_hides_an_answer_is_found_with_its_line(source: str, said: str) -> None:
    assert said in faults(source)
