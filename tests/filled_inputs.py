"""Inputs of any ask, with a text of one's choice in every place that takes one.

filled(WriteTask, lambda number: f"text {number}", turn=0)
"""

import inspect
import itertools
import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from astra_data.rows.schema import unwrap

FEW = 2
"""Elements of a list."""


def filled(model: type[BaseModel], text: Callable[[int], str], turn: int = 0) -> Any:
    """`text` gets a number of its own for every place. `turn` chooses among words, and between true and false; with 2 whatever
    may be null is null."""
    numbers = itertools.count()
    return model.model_validate(_value(model, lambda: text(next(numbers)), turn))


def _value(annotation: Any, text: Callable[[], str], turn: int) -> Any:
    inner, optional = unwrap(annotation)
    if optional and turn == 2:
        return None
    if inspect.isclass(inner) and issubclass(inner, BaseModel):
        return {name: _field(field, text, turn) for name, field in inner.model_fields.items()}
    made = {list: _list, dict: _dict, Literal: _word, Annotated: _limited}.get(typing.get_origin(inner))
    if made:
        return made(typing.get_args(inner), text, turn)
    if inner is Any:
        return {text(): [text(), {text(): text()}, 1.5, None, True]}
    return {str: text, int: lambda: 1 + turn, bool: lambda: turn % 2 == 0}[inner]()


def _field(field: FieldInfo, text: Callable[[], str], turn: int) -> Any:
    return "s1" if any("pattern" in repr(rule) for rule in field.metadata) else _value(field.annotation, text, turn)


def _limited(arms: tuple[Any, ...], text: Callable[[], str], turn: int) -> Any:
    """A type with rules: a name that no hostile text fits, or what the type holds."""
    return "s1" if "pattern" in repr(arms[1:]) else _value(arms[0], text, turn)


def _list(arms: tuple[Any, ...], text: Callable[[], str], turn: int) -> Any:
    return [_value(arms[0], text, turn) for _ in range(FEW)]


def _dict(arms: tuple[Any, ...], text: Callable[[], str], turn: int) -> Any:
    return {text(): _value(arms[1], text, turn) for _ in range(FEW)}


def _word(arms: tuple[Any, ...], text: Callable[[], str], turn: int) -> Any:
    return arms[turn % len(arms)]


def texts_in(value: Any) -> Iterator[str]:
    """Every text, keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (one for pair in value.items() for part in pair for one in texts_in(part))
    elif isinstance(value, list | tuple):
        yield from (one for part in value for one in texts_in(part))


def replaced(value: Any, by: dict[str, str]) -> Any:
    """The value with every text that is a key of `by` replaced."""
    if isinstance(value, str):
        return by.get(value, value)
    if isinstance(value, dict):
        return {replaced(key, by): replaced(part, by) for key, part in value.items()}
    return [replaced(part, by) for part in value] if isinstance(value, list | tuple) else value
