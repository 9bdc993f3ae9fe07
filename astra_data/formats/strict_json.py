"""JSON inside a column, read so that nothing in it is lost: two equal names in one object and non-finite numbers are errors.

    parsed('{"a": 1, "a": 2}', Place("rl.jsonl", 3, "tool_dict"))       # DataError: rl.jsonl, row 3, field tool_dict: ...
"""

import json
from typing import Any, NoReturn

from astra_data.errors import DataError, Place
from astra_data.exact import fault


def parsed(text: object, place: Place) -> Any:
    """The value of a JSON text. Raises `DataError` naming the place."""
    if not isinstance(text, str):
        raise DataError(f"expected a JSON string, got {type(text).__name__}", place=place, mend="write the value with json.dumps")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}", place=place, mend="write the value with json.dumps") from error
    if why := fault(value):
        raise DataError(f"holds what cannot be kept: {why}", place=place, mend="use smaller numbers and flatter values")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name!r} stands twice in one object")
        found[name] = value
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
