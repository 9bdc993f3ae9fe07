"""The files of bfcl-eval, read and never run: entries, tool documents, and the sources of the classes behind the tools.

    files = BfclFiles(Path("site-packages/bfcl_eval"))
    entry = next(files.entries())
    entry.calls[0]          # [Call(tool='cd', arguments={'folder': 'document'}), ...]

Ground truth is written as Python calls. They are parsed with `ast`, literal arguments only; positional ones get their names from
the signatures in the source.
"""

import ast
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from astra_data.bounded import python_text
from astra_data.errors import DataError, Place
from astra_data.formats.importing import foreign_rows
from astra_data.formats.sources import own, text_of
from astra_data.formats.standalone import packages
from astra_data.messages import JsonObject

PACKAGE = "bfcl_eval"
ENTRIES = re.compile(r"BFCL_v\d+_(multi_turn_\w+)\.json")
CATEGORIES = ("multi_turn_base", "multi_turn_miss_func", "multi_turn_miss_param", "multi_turn_long_context")
SOURCES, DOCUMENTS, ANSWERS = "eval_checker/multi_turn_eval/func_source_code", "data/multi_turn_func_doc", "data/possible_answer"
MORE_TOOLS = "I have updated some more functions you can choose from. What about now?"
"""What bfcl-eval has the user say where tools are added."""
INSTALL = "`uv pip install --no-deps bfcl-eval mpmath`; bfcl-eval may also be the folder that a wheel of it was unpacked to"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the ground truth."""

    tool: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `added` has the turn (from 0) of tools that are not there at first; `excluded` tools are offered all the same:
    no code of bfcl-eval reads that field."""

    id: str
    category: str
    users: list[str]
    calls: list[list[Call]]
    classes: list[str]
    initial: JsonObject
    added: Mapping[str, int]
    excluded: list[str]

    def first_turn(self, tool: str) -> int:
        """The first turn that offers the tool: the one it is added in, but none later than the ground truth calls it in."""
        used = (turn for turn, calls in enumerate(self.calls) if any(call.tool == tool for call in calls))
        return min(self.added.get(tool, 0), next(used, len(self.calls)))

    @property
    def scenario(self) -> str:
        """What the entries of all categories share that are variants of each other."""
        return f"bfcl multi_turn {self.id.rpartition('_')[2]}"


@dataclass(frozen=True, slots=True)
class PythonClass:
    """A class with tools for methods: its module's name and source, the parameters of its methods, and whether it has a state."""

    name: str
    module: str
    source: str
    methods: Mapping[str, list[str]]
    stateful: bool


def located(source: str) -> Path | None:
    """The folder of the installed package, where `source` is its name. Raises `DataError` if it is not installed."""
    if source.replace("-", "_") != PACKAGE:
        return None
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DataError("bfcl-eval is not installed", place=Place(source), mend=INSTALL)
    return Path(spec.submodule_search_locations[0])


class BfclFiles:
    """The files of one bfcl-eval. Raises `DataError` where there is none."""

    def __init__(self, source: Path) -> None:
        folder = next((each for each in (source, source / PACKAGE) if (each / ANSWERS).is_dir()), None)
        if folder is None or not (folder / SOURCES).is_dir():
            raise DataError("these are not the files of bfcl-eval", place=Place(source.name), mend=INSTALL)
        self.folder, self._source = folder, source

    @cached_property
    def entry_files(self) -> dict[str, Path]:
        """Category -> its file, in the order of `CATEGORIES`."""
        found = {match[1]: file for file in sorted((self.folder / "data").iterdir()) if (match := ENTRIES.fullmatch(file.name))}
        missing = [category for category in CATEGORIES if category not in found]
        if missing:
            raise DataError(f"there is no file of the category {missing[0]}", place=Place("data"), mend=INSTALL)
        return {category: own(found[category], self._source) for category in CATEGORIES}

    def read(self) -> list[Path]:
        """All files that the environments depend on."""
        answers = [self._answers(file) for file in self.entry_files.values()]
        documents = [own(file, self._source) for file in sorted((self.folder / DOCUMENTS).glob("*.json"))]
        return [*self.entry_files.values(), *answers, *documents, *self._modules()]

    def _answers(self, file: Path) -> Path:
        """The file of the ground truth to a file of entries."""
        return own(self.folder / ANSWERS / file.name, self._source)

    def _modules(self) -> list[Path]:
        """The sources. Raises `DataError` for one that no module can be called by, as our own source does."""
        files = [own(file, self._source) for file in sorted((self.folder / SOURCES).glob("*.py"))]
        if strange := [file.name for file in files if not file.stem.isidentifier()]:
            raise DataError("no name for a module", place=Place(strange[0]), mend=INSTALL)
        return files

    @cached_property
    def classes(self) -> dict[str, PythonClass]:
        """Every class that some module defines and that has a document, by name."""
        found: dict[str, PythonClass] = {}
        for file in self._modules():
            if (self.folder / DOCUMENTS / f"{file.stem}.json").is_file():
                found |= {each.name: each for each in _classes(file, text_of(file, self._source))}
        return found

    @cached_property
    def long_context(self) -> str:
        """The source of the module of long texts that the classes import."""
        return text_of(self.folder / SOURCES / "long_context.py", self._source)

    @cached_property
    def documents(self) -> dict[str, list[JsonObject]]:
        """Class -> the documents of its tools."""
        files = {name: own(self.folder / DOCUMENTS / f"{each.module}.json", self._source) for name, each in self.classes.items()}
        return {name: [_document(of, row, read()) for of, row, read in foreign_rows([file])] for name, file in files.items()}

    @cached_property
    def packages(self) -> list[str]:
        """What the classes of the entries import beyond the standard library."""
        entries = [read() for _, _, read in foreign_rows(self.entry_files.values())]
        listed = [value["involved_classes"] for value in entries if isinstance(value.get("involved_classes"), list)]
        named = {name for names in listed for name in names if isinstance(name, str)}
        return sorted(packages((self.classes[name].source for name in named if name in self.classes), [PACKAGE]))

    def entries(self) -> Iterator[Entry]:
        """All entries, category by category. Raises `DataError` naming file, row and field."""
        for category, file in self.entry_files.items():
            truths = (read() for _, _, read in foreign_rows([self._answers(file)]))
            answers = {str(value.get("id")): value.get("ground_truth") for value in truths}
            for name, number, read in foreign_rows([file]):
                value = read()
                _storable(value, Place(name, number))
                try:
                    yield self._entry(category, value, answers[value["id"]])
                except (AttributeError, KeyError, TypeError, ValueError) as error:
                    raise DataError(f"not an entry: {error!r}", place=Place(name, number), mend=INSTALL) from error

    def _entry(self, category: str, value: JsonObject, answers: Any) -> Entry:
        added = {name: int(turn) for turn, names in value.get("missed_function", {}).items() for name in names}
        classes = value["involved_classes"]
        methods = {name: parameters for each in classes for name, parameters in self.classes[each].methods.items()}
        users = [_said(messages, index in added.values()) for index, messages in enumerate(value["question"])]
        calls = [[parsed(call, methods) for call in turn] for turn in answers]
        if len(users) != len(calls):
            raise ValueError(f"{len(users)} turns, and answers to {len(calls)}")
        initial = {name: value["initial_config"].get(name, {}) for name in classes}
        excluded = value.get("excluded_function", [])
        if not all(isinstance(name, str) for name in excluded):
            raise ValueError("excluded tools are names")
        return Entry(value["id"], category, users, calls, classes, initial, added, excluded)


def parsed(text: str, methods: Mapping[str, list[str]]) -> Call:
    """A call like `cd(folder='a')`. Raises `ValueError` for anything but a call of a known method with literal arguments."""
    call = _expression(text)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id not in methods:
        raise ValueError(f"not a call of a known tool: {text}")
    names = methods[call.func.id]
    if len(call.args) > len(names):
        raise ValueError(f"more arguments than parameters: {text}")
    arguments = {name: _literal(node) for name, node in zip(names, call.args, strict=False)}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in arguments:
            raise ValueError(f"an argument without a name, or given twice: {text}")
        arguments[keyword.arg] = _literal(keyword.value)
    return Call(call.func.id, arguments)


def _expression(text: str) -> ast.expr:
    try:
        return python_text.expression(text.strip()).body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a Python expression: {text}") from error


def _literal(node: ast.expr) -> Any:
    """The JSON value of a literal. Raises `ValueError` for one that JSON cannot hold."""
    try:
        value = ast.literal_eval(node)
        orjson.dumps(value)
    except TypeError as error:
        raise ValueError(f"no value of JSON: {error}") from error
    return list(value) if isinstance(value, tuple) else value


def _said(messages: list[JsonObject], adds_tools: bool) -> str:
    """The user's words of one turn."""
    if any(message["role"] != "user" for message in messages):
        raise ValueError("a turn with words of others than the user")
    if not messages and not adds_tools:
        raise ValueError("a turn in which nothing is said")
    return "\n".join(message["content"] for message in messages) or MORE_TOOLS


def _document(file: str, number: int, value: JsonObject) -> JsonObject:
    """The document of a tool. Raises `DataError` unless it has what every one has."""
    parameters = value.get("parameters")
    named = isinstance(value.get("name"), str) and isinstance(value.get("description"), str)
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    if not named or not isinstance(properties, dict) or not all(isinstance(each, dict) for each in properties.values()):
        raise DataError("no document of a tool", place=Place(file, number), mend="it has name, description and parameters")
    _storable(value, Place(file, number))
    return value


def _storable(value: Any, place: Place) -> None:
    try:
        orjson.dumps(value)
    except TypeError as error:
        raise DataError(f"no JSON that can be stored: {error}", place=place, mend=INSTALL) from error


def _classes(file: Path, text: str) -> Iterator[PythonClass]:
    try:
        body = python_text.parsed(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"not Python: {error}", place=Place(file.name), mend=INSTALL) from error
    for node in body:
        if isinstance(node, ast.ClassDef):
            functions = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
            methods = {name: [one.arg for one in function.args.args[1:]] for name, function in functions.items()
                       if not name.startswith("_")}
            yield PythonClass(node.name, file.stem, text, methods, "_load_scenario" in functions)
