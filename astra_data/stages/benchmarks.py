"""Benchmarks as texts and calls, whatever shape their rows have.

    for item in read_benchmark("bench/BFCL_v4_multi_turn_base.json", resources):
        item.name, item.id, item.texts, item.calls

Known are rows like those of BFCL (`question`, `ground_truth`), tau2-bench (`user_scenario`, `evaluation_criteria.actions`),
ACEBench (`question` as a dialogue, `ground_truth`, `mile_stone`), conversations (`messages`, `prompt`), and datasets of ours.
A file is JSON or JSON lines, also gzipped; anything else is the address of a dataset.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from astra_data.bounded import files, json_text, python_text
from astra_data.errors import DataError, Place
from astra_data.exact import shallow
from astra_data.hub.addresses import FOLDER, SOURCE_SUFFIXES
from astra_data.messages import JsonObject
from astra_data.pipeline.stage import Resources
from astra_data.tools.documents import file_digest

LISTS = ("tasks", "data", "rows", "items", "examples")
TEXTS = ("question", "text", "prompt", "query", "instruction", "messages", "conversations", "user_scenario", "turns")
PARTS = ("instructions", "task_instructions", "reason_for_call", "known_info", "content", "text", "user", "question")
CALLS = ("mile_stone", "ground_truth", "actions", "tool_calls", "calls")
BROKEN_CALL = re.compile(r"^\s*\[?([A-Za-z_][\w.]*)\(")
SHAPES = "a row has an id and `question`, `text`, `messages`, `user_scenario` or the like"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a benchmark expects: the tool's name and the scalar values of its arguments, as texts."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BenchmarkItem:
    """One row: what its user says, a text per turn, and the expected calls, a sequence per turn."""

    name: str
    id: str
    texts: tuple[str, ...]
    calls: tuple[tuple[ToolCall, ...], ...]


def is_file(against: str) -> bool:
    """Whether a recipe means a file and not the address of a dataset."""
    return against.lower().endswith(SOURCE_SUFFIXES)


def public_name(against: str) -> str:
    """How rows, cards and stage keys call a benchmark: without the folders of this machine."""
    return Path(against).name if is_file(against) or FOLDER.match(against) else against


def benchmark_digest(against: str, resources: Resources) -> str:
    """What the benchmark holds: the SHA-256 of a file, or the tree id of a dataset version. Raises what reading it raises."""
    return file_digest(resources.path(against)) if is_file(against) else _located(against, resources).tree


def read_benchmark(against: str, resources: Resources) -> list[BenchmarkItem]:
    """The items of a benchmark in order. Raises `DataError` where nothing in it is a task, or it cannot be read."""
    name = public_name(against)
    items = [_item(name, row, number) for number, row in enumerate(rows_at(against, resources), 1)]
    items = [item for item in items if item.texts or item.calls]
    if not items:
        raise DataError("holds no task that can be compared", place=Place(name), mend=SHAPES)
    return items


def rows_at(against: str, resources: Resources) -> Iterable[Any]:
    """The rows of a file, or of all splits of the dataset with this address, as they are."""
    return _file_rows(resources.path(against)) if is_file(against) else _dataset_rows(against, resources)


def _file_rows(path: Path) -> list[Any]:
    mend = "write JSON, or one object on each line"
    if _has_lines(path):
        return [json_text.loads(line, Place(path.name, number), mend=mend) for number, line in files.lines(path)]
    whole = json_text.loads(files.content(path), Place(path.name), mend=mend)
    if isinstance(whole, dict):
        whole = next((whole[key] for key in LISTS if isinstance(whole.get(key), list)), [whole])
    return whole if isinstance(whole, list) else [whole]


def _has_lines(path: Path) -> bool:
    """Whether the file has more than one line, and the first of them is a JSON value by itself."""
    first = list(islice(files.lines(path), 2))
    try:
        return len(first) > 1 and orjson.loads(first[0][1]) is not None
    except orjson.JSONDecodeError:
        return False


def _dataset_rows(against: str, resources: Resources) -> Iterator[Any]:
    """The rows of all splits."""
    from astra_data.hub.load import load

    splits: Any = load(resources.address(against), store=resources.store, split=None)
    for split in splits.values():
        yield from split


def _located(against: str, resources: Resources) -> Any:
    from astra_data.hub.load import resolve
    from astra_data.hub.store import Store

    return resolve(resources.address(against), None if resources.store is None else Store.open(resources.store))


def _item(name: str, row: Any, number: int) -> BenchmarkItem:
    if not isinstance(row, dict):
        return BenchmarkItem(name, str(number), (), ())
    identity = next((row[key] for key in ("id", "task_id") if row.get(key) is not None), number)
    texts = tuple(text for key in TEXTS for text in _texts(row.get(key)))
    return BenchmarkItem(name, str(identity), texts, tuple(_sequences(row)))


def _texts(value: Any) -> Iterator[str]:
    """What the user says in a question, a dialogue, messages or a scenario."""
    if isinstance(value, str):
        yield from _spoken(value)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, dict) and ("role" in value or "from" in value):
        if value.get("role", value.get("from")) in ("user", "human"):
            yield from _texts(value.get("content", value.get("value")))
    elif isinstance(value, dict):
        for key in PARTS:
            yield from _texts(value.get(key))


def _spoken(text: str) -> Iterator[str]:
    """The user's lines of a dialogue written as `user: ...` and `system: ...`; any other text as it is."""
    lines = text.strip().splitlines()
    spoken = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("user:")]
    yield from spoken or ([text.strip()] if text.strip() else [])


def _sequences(row: JsonObject) -> Iterator[tuple[ToolCall, ...]]:
    """The expected calls of each turn, and of all turns in a row where there are several."""
    if row.get("target_tools"):
        yield tuple(ToolCall(str(name), ()) for name in row["target_tools"])
    criteria = row.get("evaluation_criteria")
    fields = row | (criteria if isinstance(criteria, dict) else {})
    told = next((fields[key] for key in CALLS if fields.get(key)), None) or _made(row.get("messages"))
    turns = told if isinstance(told, list) and all(isinstance(turn, list) for turn in told) else [told]
    sequences = [sequence for turn in turns if (sequence := tuple(_calls(turn)))]
    yield from sequences
    if len(sequences) > 1:
        yield tuple(call for sequence in sequences for call in sequence)


def _made(messages: Any) -> list[Any]:
    """The tool calls of a conversation, in order."""
    given = [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []
    return [call for message in given for call in message.get("tool_calls") or []]


def _calls(value: Any) -> Iterator[ToolCall]:
    """The calls in a call string, `{name, arguments}`, `{tool: {parameter: value}}`, or lists of these."""
    if isinstance(value, str):
        yield from _parsed(value)
    elif isinstance(value, list):
        for part in value:
            yield from _calls(part)
    elif isinstance(value, dict):
        inner = value.get("function", value)
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            yield ToolCall(inner["name"], tuple(_scalars(_decoded(inner.get("arguments")))))
        else:
            yield from (ToolCall(name, tuple(_scalars(given))) for name, given in value.items() if isinstance(given, dict))


def _parsed(text: str) -> Iterator[ToolCall]:
    """The calls written in a text such as `mv(source='a', destination='b')`; none if it is no such text. Nothing is run.

    Of a call that is not well written, as those with `'Domino's'` inside, only the name is known.
    """
    try:
        tree = python_text.expression(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from (ToolCall(name, ()) for name in BROKEN_CALL.findall(text)[:1])
        return
    for node in tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]:
        if isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            constants = [part.value for argument in given for part in ast.walk(argument) if isinstance(part, ast.Constant)]
            yield ToolCall(_unparsed(node.func), tuple(_scalars(constants)))


def _unparsed(node: ast.expr) -> str:
    """A function as it is written; nothing for one that is nested too deep."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""


def _decoded(arguments: Any) -> Any:
    """Arguments as an object, where they are written as its JSON."""
    return shallow(arguments, arguments) if isinstance(arguments, str) else arguments


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _scalars(part)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
