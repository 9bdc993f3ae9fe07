"""Every regular expression of the package takes time that grows with its text and not faster, whatever the text.

Patterns are found in the source: those that a module holds, those written where they are used, and those made at run time, which
must be named in `MADE`. Each is tried in the ways in which it is used, on texts made from its own parse tree.
"""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from adversarial_texts import attacks, text_of
from growth import slow
from small_versions import record

from astra_data.hub import lineage
from astra_data.rollout import refusals
from astra_data.sandbox.jail import scrubbing
from astra_data.teacher.offline import reading
from astra_data.tools import naming, paths, scrub
from astra_data.training import curriculum, marks, phrases, scratch
from astra_data.training.sections import Scratch

PACKAGE = Path(__file__).parents[2] / "astra_data"
USES = ("search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split")
FLAGS = {"IGNORECASE": re.IGNORECASE, "DOTALL": re.DOTALL, "ASCII": re.ASCII, "MULTILINE": re.MULTILINE}
MESSAGES = [{"role": "user", "content": "Order O-17"}, {"role": "assistant", "content": "It is shipped."}]
MADE: dict[str, Callable[[], object]] = {
    "hub.lineage.check_portable": lambda: lineage.check_portable(record([]), [Path("/home/joe/hub")]),
    "rollout.refusals.questions": lambda: [refusals.questions.__wrapped__(language, missing) for language in refusals.WHICH
                                           for missing in ("", "orderId", "a a a b", "x" * 100)],
    "sandbox.jail.scrubbing.__post_init__": lambda: scrubbing.Scrubber({"/usr/lib/x/json.py": "json.py", "/srv/a.b/c": "c"}),
    "teacher.offline.reading.saying": lambda: [reading.saying.__wrapped__(name) for name in ("value", "a a a b", "x" * 100)],
    "tools.naming.spelled_out": lambda: [naming.spelled_out.__wrapped__(name) for name in ("git_status", "a_a_a_b", "aB2")],
    "tools.paths._alternatives": lambda: paths.Shown({"/tmp/x1/w": "/w"}, machine={"/root": "/srv/me"})("/tmp/x1/w /root"),
    "tools.scrub._whole": lambda: [scrub._whole.__wrapped__(word) for word in ("hunter22", "a a b", "x-y")],
    "training.curriculum.kinds_of": lambda: curriculum.kinds_of(Letters()),
    "training.marks._any_of": lambda: marks._any_of(["<|im_end|>", "<s>", "a a b"]),
    "training.phrases.phrases": lambda: phrases.phrases(
        [{"messages": MESSAGES, "tools": []}], lambda messages, tools: str(messages), "<|im_start|>assistant\n", 3),
    "training.scratch._trained": lambda: scratch._trained(["a name"], ["name", '"}'], ["<|end|>"], Scratch(vocabulary=300)),
}
"""Where patterns are made at run time -> what makes them, of data as it comes along."""


class Letters:
    """As much of a tokenizer as is asked for its words."""

    def __len__(self) -> int:
        return 3

    def decode(self, tokens: list[int]) -> str:
        return "aB7"[tokens[0]]


@contextmanager
def compiled() -> Iterator[list[re.Pattern[str]]]:
    """The patterns that are compiled in the block, those that `re` remembers too."""
    made: list[re.Pattern[str]] = []
    before = re._compile  # type: ignore[attr-defined]

    def recorded(pattern: Any, flags: int) -> Any:
        made.append(before(pattern, flags))
        return made[-1]

    re._compile = recorded  # type: ignore[attr-defined]
    try:
        yield made
    finally:
        re._compile = before  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Found:
    """A pattern, where it is, and how it is used; in every way if that does not show."""

    place: str
    pattern: re.Pattern[str]
    ways: tuple[str, ...] = field(default=("search", "fullmatch", "findall"))


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if re.search(r"\bre\.\w|import re\b", path.read_text(encoding="utf-8")))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def used_ways() -> dict[str, set[str]]:
    """Name of a pattern -> the methods that are called on it, anywhere in the package."""
    ways: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and node.attr in USES:
                ways.setdefault(called(node.value), set()).add(node.attr)
    return ways


def called(node: ast.expr) -> str:
    """The name of a variable, also where it is one of a module or one part of it is meant."""
    if isinstance(node, ast.Subscript):
        return called(node.value)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def calls_of_re(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """(the function in which it stands, or nothing, the call of `re`)."""

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[str, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            function = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not inside else inside
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and isinstance(child.func.value, ast.Name) \
                    and child.func.value.id == "re" and child.func.attr in (*USES, "compile"):
                yield inside, child
            yield from walk(child, function)

    return walk(tree, "")


def flags_of(call: ast.Call) -> int:
    named = [node.attr for argument in [*call.args[1:], *(keyword.value for keyword in call.keywords)]
             for node in ast.walk(argument) if isinstance(node, ast.Attribute) and node.attr in FLAGS]
    return sum(FLAGS[name] for name in named)


def held(value: Any) -> list[re.Pattern[str]]:
    """The patterns of a module's variable: itself, or those of a mapping or a sequence."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
    return [part for part in parts if isinstance(part, re.Pattern) and isinstance(part.pattern, str)]


def found() -> Iterator[Found | str]:
    """Every pattern of the package; the place alone of one that is made at run time."""
    seen: set[int] = set()
    for path in modules():
        name = name_of(path)
        for variable, value in vars(importlib.import_module(f"astra_data.{name}")).items():
            for pattern in held(value):
                if id(pattern) not in seen:
                    seen.add(id(pattern))
                    ways = tuple(sorted(used_ways().get(variable, set())))
                    yield Found(f"{name}.{variable}", pattern, ways or Found.ways)
        for function, call in calls_of_re(tree_of(path)):
            first = call.args[0]
            if function and isinstance(first, ast.Constant) and isinstance(first.value, str):
                way = (call.func.attr,) if isinstance(call.func, ast.Attribute) and call.func.attr != "compile" else Found.ways
                yield Found(f"{name}.{function}:{first.value}", re.compile(first.value, flags_of(call)), way)
            elif function:
                yield f"{name}.{function}"


FOUND = list(found())
PATTERNS = [one for one in FOUND if isinstance(one, Found)]
MAKERS = sorted({one for one in FOUND if isinstance(one, str)})


def trouble(pattern: re.Pattern[str], ways: tuple[str, ...]) -> list[str]:
    """Texts on which the pattern is slow."""
    wrong = []
    for way in ways:
        call = getattr(pattern, way) if way not in ("sub", "subn", "finditer") else pattern.findall
        for attack in attacks(pattern):
            if told := slow(call, lambda length, attack=attack: text_of(attack, length)):
                wrong.append(f"{way} on {attack}: {told}")
                break
    return wrong


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: one.place)
def test_a_pattern_takes_no_more_than_twice_the_time_for_twice_the_text(one: Found) -> None:
    assert trouble(one.pattern, one.ways) == []


def test_every_pattern_that_is_made_at_run_time_is_named_here() -> None:
    assert sorted(MADE) == MAKERS


@pytest.mark.parametrize("maker", sorted(MADE))
def test_a_pattern_made_at_run_time_is_linear_too(maker: str) -> None:
    with compiled() as made:
        MADE[maker]()
    assert made
    assert [trouble(pattern, Found.ways) for pattern in dict.fromkeys(made)] == [[]] * len(set(made))


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (r"\S+@\S+\.\S+", "search"), (r"(a+)+b", "match"), (r"\s*\n\s*", "search"), (r"\w[\w.]*\d", "findall"),
        (r'"[^"\\]*(?:\\.[^"\\]*)*"', "findall"), (r"(?:x|xy|y)*z", "fullmatch"), (r"<a.*?>b", "search"),
        (r"(\w+\s?)+$", "match"),
    ],
)
def test_a_pattern_that_is_not_linear_is_found(pattern: str, way: str) -> None:
    assert trouble(re.compile(pattern), (way,)) != []


def test_patterns_are_found_wherever_they_stand() -> None:
    assert len(PATTERNS) > 90
    places = {one.place for one in PATTERNS}
    assert {"text.language.NO_LANGUAGE", "rollout.refusals.DECLINING", "sandbox.jail.scrubbing.ADDRESS"} <= places
    assert any(place.startswith("tools.filters._words:") for place in places)
