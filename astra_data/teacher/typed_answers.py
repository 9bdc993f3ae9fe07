"""Answers of a type, each in one form, so that equal answers are equal values.

    >>> normal("integer", " 1,204 ")
    1204
    >>> normal("date", "2026-03-02")
    '2026-03-02'

Money is a number in the unit that the question names; a currency mark in the answer is refused, since it would be lost.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from astra_data.text.composed import composed

Kind = Literal["integer", "number", "money", "text", "date", "boolean", "list", "json"]
NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
"""A number as people write it, with commas between thousands or without."""


class NotOfKindError(ValueError):
    """The value is none of its type. The message says what it would have to be."""


def normal(kind: str, value: Any) -> Any:
    """The value in the one form of its type. Raises `NotOfKindError`, for values that are empty, too."""
    if value is None or value in ("", [], {}):
        raise NotOfKindError("an answer is not empty")
    return FORMS[kind](value)


def kind_of(value: Any) -> str:
    """The type of a JSON value that was observed."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list) and value and not any(isinstance(part, dict | list) for part in value):
        return "list"
    return {int: "integer", float: "number", str: "text"}.get(type(value), "json")


def _number(value: Any) -> int | float:
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        digits = value.strip().replace(",", "")
        return float(digits) if "." in digits else int(digits)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotOfKindError("write a JSON number, without unit or currency: those belong into the question")
    return value


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise NotOfKindError("write a whole number, or call it a number")
    return int(number)


def _text(value: Any) -> str:
    text = " ".join(composed("NFC", value).split()) if isinstance(value, str) else ""
    if not text:
        raise NotOfKindError("write a text that is not empty")
    return text


def _date(value: Any) -> str:
    try:
        return datetime.date.fromisoformat(_text(value)).isoformat()
    except ValueError:
        raise NotOfKindError("write a date as YYYY-MM-DD") from None


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotOfKindError("write true or false")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or any(part is None or isinstance(part, dict | list) for part in value):
        raise NotOfKindError("write a list of numbers or texts")
    return [_text(part) if isinstance(part, str) else part for part in value]


FORMS: Mapping[str, Callable[[Any], Any]] = {
    "integer": _integer, "number": _number, "money": _number, "text": _text, "date": _date, "boolean": _boolean, "list": _list,
    "json": lambda value: value,
}
"""Type -> its normal form."""
