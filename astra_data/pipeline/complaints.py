"""What is wrong with a recipe's value, in words for the person who wrote it.

    complaint(TasksConfig, error)       # ("per_serve", "unknown key", "did you mean per_server?")

A complaint is `(field, what is wrong, mend)` of the first error of a `ValidationError`. Of the arms of a union, the one that the
person plainly meant counts: a mapping is a model's mapping.
"""

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from astra_data.tools.urls import told

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}
BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
LONGEST_VALUE = 40


def complaint(model: type[BaseModel], error: ValidationError) -> tuple[str, str, str]:
    """Dotted field (empty for the whole), what is wrong with it, and the mend."""
    first = _meant(error.errors(include_url=False))
    field = ".".join(str(part) for part in _path(first))
    return field, *_words(model, first)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest of the known words as a question, or all of them."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(words)}"


def _meant(errors: list[ErrorDetails]) -> ErrorDetails:
    """The first error; of a union with a literal, that of the mapping if a mapping was given."""
    first = errors[0]
    if first["type"] == "literal_error" and isinstance(first["input"], dict) and len(errors) > 1:
        return errors[1]
    return first


def _path(error: ErrorDetails) -> list[str | int]:
    """Where the value stands in the file: without the arms of a union."""
    return [part for part in error["loc"] if "[" not in str(part)]


def _words(model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    kind, value, context = error["type"], _short(error["input"]), error.get("ctx", {})
    expected = KINDS.get(kind.split("_")[0])
    if kind == "missing":
        return "missing", f"add `{error['loc'][-1]}: ...`"
    if kind == "extra_forbidden":
        return "unknown key", did_you_mean(str(error["loc"][-1]), _keys(model, error["loc"][:-1]))
    if kind == "literal_error":
        or_model = ", or a mapping such as {model: NAME}" if context["expected"] == "'offline'" else ""
        return f"{value} is no choice here", f"write {context['expected']}{or_model}"
    if kind == "string_pattern_mismatch":
        return f"{value} is not a name", "use a-z, 0-9, '.', '_' and '-', and start with a letter or digit"
    if kind in BOUNDS:
        name, words = BOUNDS[kind]
        return f"{value} is out of range", f"write {words} {context[name]:g}"
    if expected:
        return f"{value} is not {expected}", f"write {expected}"
    said, _, mend = error["msg"].removeprefix("Value error, ").partition(": ")
    return said, mend or "mend the value"


def _short(value: Any) -> str:
    text = told(repr(value))
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _keys(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The keys that the mapping at `path` may have."""
    here = [model]
    for part in path:
        found = [inner for one in here if part in one.model_fields for inner in _models(one.model_fields[str(part)].annotation)]
        here = found or here
    return [name for one in here for name in one.model_fields]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models(inner)]
