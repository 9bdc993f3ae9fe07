"""Arguments against a tool's JSON Schema, before any server sees them.

    >>> argument_error({"type": "object", "properties": {"value": {"type": "number"}}}, {"value": "3"})
    'arguments.value: "3" is not of type "number"'

The message is the same on every machine, so a wrong argument is a tool error that a policy can react to and a replay repeats.
"""

from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from astra_data.rows.canonical import canonical

DRAFTS = (
    jsonschema_rs.Draft202012Validator,
    jsonschema_rs.Draft7Validator,
    jsonschema_rs.Draft4Validator,
)
MOST_CHARACTERS = 300


def argument_error(schema: Any, arguments: Any, *, root: str = "arguments") -> str | None:
    """The first thing wrong with the arguments, in the order of their paths; None if nothing is, or no schema can tell.

    `root` is what the message calls the whole value.
    """
    validator, _ = _compiled(canonical(schema))
    if validator is None:
        return None
    errors = [(_order(error.instance_path), error.message, error.instance_path) for error in _errors(validator, arguments)]
    if not errors:
        return None
    _, message, path = min(errors)
    return f"{_dotted(root, path)}: {_short(message)}"


def schema_error(schema: Any) -> str | None:
    """Why this is not a JSON Schema that can be used offline, or None if it is one in any draft that servers use."""
    return _compiled(canonical(schema))[1]


@lru_cache(maxsize=4096)
def _compiled(schema_json: bytes) -> tuple[Any, str | None]:
    """(validator, None), or (None, why there is none). Older drafts are tried where the declared one refuses."""
    schema = orjson.loads(schema_json)
    if isinstance(schema, dict):
        schema.pop("$schema", None)
    reasons: list[str] = []
    for draft in DRAFTS:
        try:
            return draft(schema, validate_formats=False, offline=True), None
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            reasons.append(_short(str(error).splitlines()[0]))
    return None, reasons[0]


def _errors(validator: Any, arguments: Any) -> list[Any]:
    return list(validator.iter_errors(arguments))


def _order(path: list[str | int]) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, part, "") if isinstance(part, int) else (1, 0, part) for part in path)


def _dotted(root: str, path: list[str | int]) -> str:
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _short(message: str) -> str:
    return message if len(message) <= MOST_CHARACTERS else f"{message[:MOST_CHARACTERS]}..."
