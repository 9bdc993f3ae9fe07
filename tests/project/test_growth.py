"""Every public function that takes a stranger's text takes time that grows with the text and not faster, whatever the text.

A function that is new in one of `MODULES` has to stand in `CALLS`, or in `NONE` where it takes no text of a stranger.
"""

import ast
import io
import re
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from growth import cpu_seconds

from astra_data import characters, messages, nesting, terminal
from astra_data.bounded import files, json_text, yaml_text
from astra_data.errors import AstraError, Place
from astra_data.hub import markdown
from astra_data.rollout import debris
from astra_data.text import composed, language, literals, ngrams, occurrences, similarity
from astra_data.tools.documents import file_digest, no_tool, read_documents
from astra_data.tools.openapi import read_openapi

PACKAGE = Path(__file__).parents[2] / "astra_data"
MODULES = ["text/*.py", "bounded/*.py", "rollout/debris.py", "tools/documents.py", "tools/openapi.py", "terminal.py",
           "hub/markdown.py", "messages.py", "characters.py", "nesting.py"]
UNITS = ["a@", "a@b.", "<", "<a ", "</", "[", "]", '["', '{"', '{"a":', "\u0301", "a\u0301\u0323", "\u200d", "\n", "\r\n", " \n",
         "7", "7.", "1,", "&", "&amp;", "`", "``` ", '"', "'", '\\"', "\\", "x", "ab ", "-", "--\n", "_a", "*", "|", "://",
         "www.", "\x1b[", "桌", "\u1100\u1161", "\ufdfa", "name(", '"name": "a" ', "- ", "? ", "&a [*a, ", "#", "%a\n", "é",
         "\U0001f469\u200d", "action: ", "<|", "[TOOL_CALLS]", "\ud800"]
MIXED = ['<a@`["', '{"\u0301\n7', '&`"\n', 'x@[{"a', "`\\`\n\u0301"]
TAILS = ("", "\x00", '"}]`> ')
SMALL, LARGE = 5_000, 20_000
"""Characters."""
FLOOR = 0.1
"""Seconds of CPU for the larger text: below, growth says nothing."""
RATIO = 12.0
"""Of the times at 4 n and n. Linear: 4, quadratic: 16."""

DIGIT = re.compile(r"\d")

Call = Callable[[str], object]


def on_file(suffix: str, read: Callable[[Path], object], lead: str = "", trail: str = "") -> Call:
    """Reads the text from a file in memory."""

    def call(text: str) -> object:
        path = folder() / f"x{suffix}"
        path.write_bytes(f"{lead}{text}{trail}".encode(errors="surrogatepass"))
        return read(path)

    return call


@cache
def folder() -> Path:
    return Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")


def tolerant(call: Call) -> Call:
    """A refusal is an answer."""

    def told(text: str) -> object:
        try:
            return call(text)
        except (AstraError, yaml.YAMLError, ValueError, UnicodeError):
            return None

    return told


def encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def printed(call: Call) -> Call:
    def silent(text: str) -> object:
        with redirect_stdout(io.StringIO()):
            return call(text)

    return silent


def paths(text: str) -> dict[str, Any]:
    """An OpenAPI document with the text wherever one may hold a text."""
    operation = {"operationId": text, "summary": text, "description": text, "parameters": [{"name": text, "in": "query",
                 "schema": {"$ref": f"#/{text}", "pattern": text}}], "requestBody": {"$ref": text}}
    return {"openapi": "3.0.0", "info": {"title": text, "version": text}, "paths": {f"/{text}": {"get": operation, "put": {}}}}


CALLS: dict[str, Call] = {
    "text.composed.composed": lambda text: (composed.composed("NFC", text), composed.composed("NFKC", text)),
    "text.language.language_of": language.language_of,
    "text.literals.end_of": lambda text: literals.end_of(text, 0),
    "text.literals.literals": literals.literals,
    "text.literals.patience": literals.patience,
    "text.ngrams.tokens": ngrams.tokens,
    "text.occurrences.occurrences": lambda text: sum(1 for _ in occurrences.occurrences(text[: len(text) // 2], text)),
    "text.occurrences.stands": lambda text: occurrences.stands(text[: len(text) // 3], text, DIGIT, DIGIT),
    "text.similarity.near_duplicates": lambda text: similarity.near_duplicates([text, text[1:]], 0.8),
    "text.similarity.shingles": similarity.shingles,
    "rollout.debris.mark": lambda text: (debris.mark(text), debris.mark(text, text)),
    "rollout.debris.written_call": lambda text: (debris.written_call(text, {"other"}),
                                                 debris.written_call(f'"arguments":{text}', {"other"})),
    "tools.documents.no_tool": lambda text: no_tool(0, text),
    "tools.documents.read_documents": lambda text: [
        tolerant(on_file(suffix, lambda path: list(read_documents(path)), lead, trail))(text)
        for suffix, lead, trail in ((".json", "", ""), (".jsonl", "", ""), (".json", '{"name": "', '", "tools": []}'))
    ],
    "tools.documents.file_digest": on_file(".json", file_digest),
    "tools.openapi.read_openapi": lambda text: read_openapi(paths(text.replace("\ud800", "?")), "x.json"),
    "bounded.files.content": on_file(".txt", files.content),
    "bounded.files.lines": on_file(".txt", lambda path: sum(1 for _ in files.lines(path))),
    "bounded.files.blocks": on_file(".txt", lambda path: sum(1 for _ in files.blocks(path))),
    "bounded.json_text.loads": lambda text: json_text.loads(encoded(text), Place("x")),
    "bounded.yaml_text.loads": yaml_text.loads,
    "terminal.say": printed(terminal.say),
    "terminal.say_block": printed(terminal.say_block),
    "terminal.say_json": printed(lambda text: terminal.say_json({text: [text]})),
    "terminal.spelled": lambda text: terminal.spelled(text, io.TextIOWrapper(io.BytesIO(), encoding="ascii")),
    "terminal.guarded": lambda text: terminal.Guard(io.StringIO()).write(text),
    "hub.markdown.told": markdown.told,
    "hub.markdown.code": markdown.code,
    "hub.markdown.fenced": markdown.fenced,
    "hub.markdown.quoted": markdown.quoted,
    "hub.markdown.listed": lambda text: markdown.listed([text, text[1:]]),
    "hub.markdown.front_matter": lambda text: markdown.front_matter({"a": text[: len(text) // 8]}),
    "messages.calls_of": lambda text: list(messages.calls_of([messages.assistant(text, [messages.tool_call(text, text, {})])])),
    "messages.results_of": lambda text: messages.results_of([messages.tool_result(text, text, text)]),
    "messages.final_answer": lambda text: messages.final_answer([messages.assistant(text)]),
    "characters.visible": characters.visible,
    "characters.one_line": characters.one_line,
    "characters.escaped": characters.escaped,
    "characters.whole": characters.whole,
    "nesting.may_be_too_deep": nesting.may_be_too_deep,
}
NONE = {
    "text.literals.within", "text.ngrams.ngrams", "text.ngrams.jaccard", "text.ngrams.containment",
    "text.similarity.rows_per_band", "text.similarity.missed", "tools.documents.bounded", "bounded.files.readable",
    "bounded.python_text.parsed", "bounded.python_text.expression", "tools.documents.documents_of", "terminal.bare",
    "hub.markdown.templates",
    "messages.user", "messages.assistant", "messages.tool_call", "messages.tool_result", "nesting.too_deep",
}  # fmt: skip
"""Of values, not of texts; of `documents_of` in `read_documents`, and of Python by its own parser."""


def text_of(unit: str, tail: str, length: int) -> str:
    return unit * (length // len(unit)) + tail


def growth(call: Call, unit: str, tail: str) -> str | None:
    """What shows that a call is not linear in such a text, or None."""
    large = text_of(unit, tail, LARGE)
    if (took := cpu_seconds(call, large)) < FLOOR:
        return None
    took = min(took, cpu_seconds(call, large, 2))
    quarter = cpu_seconds(call, text_of(unit, tail, SMALL), 3)
    return f"{unit!r}: {took:.2f} s, {quarter:.4f} s for a quarter" if took > max(RATIO * quarter, FLOOR) else None


def public() -> list[str]:
    """Names of the public functions of the modules."""
    found = []
    for path in sorted(path for pattern in MODULES for path in PACKAGE.glob(pattern)):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found += [f"{name}.{node.name}" for node in ast.parse(path.read_text(encoding="utf-8")).body
                  if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return found


def test_every_public_function_is_tried_or_takes_no_text() -> None:
    assert sorted(public()) == sorted([*CALLS, *NONE])


@pytest.mark.parametrize("name", CALLS)
def test_a_function_takes_no_more_than_linear_time(name: str) -> None:
    call = tolerant(CALLS[name])
    call("warm up")
    assert [told for number, unit in enumerate([*UNITS, *MIXED]) if (told := growth(call, unit, TAILS[number % 3]))] == []


@pytest.mark.parametrize("call", [
    lambda text: sum(1 for start in range(0, len(text), 8) for _ in range(start)),
    lambda text: re.search(r"\S+@\S+\.\S+", text),
])
def test_a_function_that_is_not_linear_is_found(call: Call) -> None:
    assert growth(call, "a", "") is not None


def test_values_are_loaded_in_time_that_grows_with_them() -> None:
    """Of JSON and YAML, many small values."""
    for load in (lambda text: json_text.loads(text, Place("x")), yaml_text.loads):
        for value in ({"a": [{"b": 1}] * 2_000}, [[]] * 5_000, {f"k{n}": n for n in range(5_000)}):
            small, large = (orjson.dumps([value] * times) for times in (1, 4))
            took = [min(_timed(load, text) for _ in range(3)) for text in (small, large)]
            assert took[1] < max(RATIO * took[0], FLOOR)


def _timed(load: Callable[[bytes], object], text: bytes) -> float:
    start = time.process_time()
    load(text)
    return time.process_time() - start
