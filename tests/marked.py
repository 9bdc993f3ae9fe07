"""Prompts as a reader takes them apart: the frame, which is ours, and the data between its marks.

prompt = parted(ask.render(inputs)[1]["content"])
prompt.values                   # what stands in the data, parsed
"""

import json
import re
from dataclasses import dataclass
from typing import Any

MARKED = re.compile(
    r"(?P<before>.*?)^BEGIN DATA (?P<code>[0-9a-f]{12,64})\n(?P<data>.*)\nEND DATA (?P=code)$(?P<after>.*)",
    re.MULTILINE | re.DOTALL,
)
LABEL = re.compile(r"(?P<label>\d+[.:] |[A-Z][\w ,()-]*: |)(?P<json>[\[{\"0-9tfn-].*)")


@dataclass(frozen=True)
class Parted:
    """A user message. `frame` is all that is not data, with a hole for each value."""

    code: str
    data: str
    frame: tuple[str, ...]
    values: tuple[Any, ...]


def parted(prompt: str) -> Parted:
    """Raises `AssertionError` where the message has no two marks with one code, or has either again."""
    found = MARKED.fullmatch(prompt)
    assert found, prompt
    before, code, data, after = found.group("before", "code", "data", "after")
    assert code not in (before + data + after).lower()
    assert not re.search(r"(BEGIN|END)\s+DATA", data, re.IGNORECASE)
    lines = [_line(line) for line in data.split("\n")]
    frame, values = (before, *(label for label, _ in lines), after), tuple(value for _, held in lines for value in held)
    return Parted(code, data, frame, values)


def value_after(prompt: str, label: str) -> Any:
    """The JSON on the line that begins with the label."""
    return json.loads(next(line for line in prompt.split("\n") if line.startswith(label)).removeprefix(label))


def _line(line: str) -> tuple[str, list[Any]]:
    """(what is ours, the value on the line if there is one)."""
    found = LABEL.fullmatch(line)
    return (found["label"], [json.loads(found["json"])]) if found else (line, [])
