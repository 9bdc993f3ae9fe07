"""Arguments against a tool's JSON Schema, before any server sees them.

    >>> argument_error({"type": "object", "properties": {"value": {"type": "number"}}}, {"value": "3"})
    'arguments.value: "3" is not of type "number"'

The message is the same on every machine, so a wrong argument is a tool error that a policy can react to and a replay repeats.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from astra_data.nesting import MOST_DEPTH, too_deep
from astra_data.rows.canonical import canonical
from astra_data.tools.schema_reach import MOST_IN_PLACE, Reach

DRAFTS = (
    jsonschema_rs.Draft202012Validator,
    jsonschema_rs.Draft7Validator,
    jsonschema_rs.Draft4Validator,
)
ENGINES: tuple[tuple[Any, bool], ...] = (
    (jsonschema_rs.RegexOptions(), False),
    (jsonschema_rs.FancyRegexOptions(backtrack_limit=20_000), True),
)
"""Engines for patterns, and whether they backtrack: one that takes linear time, and one that knows what lies ahead and behind."""
MOST_CHARACTERS = 300
MOST_BYTES = 1 << 20
"""Of a schema."""
REMEMBERED_BYTES = 65_536
"""Of a schema whose validator is kept."""
REFERRING = (b'"$ref"', b'"$dynamicRef"', b'"$recursiveRef"')
MOST_LOOKS = 300_000
"""Times that a part of a schema may meet a part of the arguments."""
MOST_TOLD = 1_000_000
"""Such times, each as often as schemas lie in one another or as there are values to choose from, up to which all that is wrong is
worked out, to tell the first."""
NESTED = range(10, 51)
"""As how many schemas in one another the fewest and the most count."""
MOST_COPIED = 50_000_000
"""Characters of arguments in all that is told to be wrong."""
MOST_BACKTRACKED = 1_000_000_000
"""The square of the characters of arguments that are compared with patterns that look ahead or behind, for each such pattern."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a JSON value: its parts, itself included, how deep they lie, and the characters of its texts and names."""

    parts: int
    depth: int
    characters: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a schema: its validator, or why there is none; whether its patterns backtrack; its text.

    `parts` are its objects if none refers to another, so that nothing in it unfolds.
    """

    validator: Any
    fault: str | None = None
    backtracks: bool = False
    parts: int | None = None
    text: bytes = b""


def argument_error(schema: Any, arguments: Any, *, root: str = "arguments") -> str | None:
    """The first thing wrong with the arguments, in the order of their paths; None if nothing is, or no schema can tell.

    `root` is what the message calls the whole value.
    """
    known = _known(schema)
    if known.validator is None:
        return None
    comparable, tellable = _bounds(known, arguments)
    if not comparable:
        return f"{root}: too large to be compared with the schema"
    if known.validator.is_valid(arguments):
        return None
    if not tellable:
        return f"{root}: do not fit the schema, and are too large to tell where"
    return _first(known.validator, arguments, root)


def _bounds(known: Known, arguments: Any) -> tuple[bool, bool]:
    """Whether it takes bounded time to compare the arguments, and to work out all that is wrong with them."""
    size = measured(arguments)
    if known.parts is not None and not known.backtracks and size.depth <= MOST_DEPTH \
            and known.parts * size.parts * NESTED[-1] <= MOST_TOLD and known.parts * size.depth * size.characters <= MOST_COPIED:
        return True, True
    reach = _reach(known.text)
    looks = reach.looks(arguments, size.parts, MOST_LOOKS)
    backtracked = reach.in_place * size.characters**2 if known.backtracks else 0
    if looks is None or size.depth > MOST_DEPTH or backtracked > MOST_BACKTRACKED:
        return False, False
    wide = max(NESTED[0], min(reach.in_place, NESTED[-1]), reach.widest)
    return True, looks * wide <= MOST_TOLD and reach.in_place * size.depth * size.characters <= MOST_COPIED


def _first(validator: Any, arguments: Any, root: str) -> str | None:
    errors = [(_order(error.instance_path), error.message, error.instance_path) for error in validator.iter_errors(arguments)]
    if not errors:
        return None
    _, message, path = min(errors)
    return f"{_dotted(root, path)}: {_short(message)}"


def schema_error(schema: Any) -> str | None:
    """Why this is not a JSON Schema that can be used offline and in bounded time, or None if it is one in any draft that servers
    use. Nothing is kept of it: whole corpora of schemas are looked at once."""
    return _known(schema, keep=False).fault


def measured(value: Any) -> Size:
    """How large a JSON value is."""
    parts, characters, depth, level = 0, 0, 0, [value]
    while level:
        depth += 1
        parts += len(level)
        characters += sum(len(part) for part in level if isinstance(part, str))
        characters += sum(len(name) for part in level if isinstance(part, dict) for name in part)
        level = [inner for part in level if isinstance(part, dict | list)
                 for inner in (part.values() if isinstance(part, dict) else part)]
    return Size(parts, depth, characters)


def _known(schema: Any, *, keep: bool = True) -> Known:
    try:
        text = canonical(schema)
    except TypeError:
        return Known(None, "it holds a number beyond 64 bits, or is nested too deep")
    return _compiled(text) if keep and len(text) <= REMEMBERED_BYTES else _compiled.__wrapped__(text)


@lru_cache(maxsize=1024)
def _compiled(schema_json: bytes) -> Known:
    """Older drafts are tried where the declared one refuses, and another engine where the quick one cannot have the patterns."""
    if len(schema_json) > MOST_BYTES:
        return Known(None, f"it is larger than {MOST_BYTES >> 10} KiB")
    schema = orjson.loads(schema_json)
    if too_deep(schema):
        return Known(None, f"it is nested more than {MOST_DEPTH} deep")
    refers = any(word in schema_json for word in REFERRING) or schema_json.count(b"{") > MOST_IN_PLACE
    if refers and (fault := _reach(schema_json).fault):
        return Known(None, fault)
    if isinstance(schema, dict):
        schema.pop("$schema", None)
    reasons: list[str] = []
    for draft, (options, backtracks) in itertools.product(DRAFTS, ENGINES):
        try:
            validator = draft(schema, validate_formats=False, offline=True, pattern_options=options)
            return Known(validator, None, backtracks, None if refers else schema_json.count(b"{"), schema_json)
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            reasons += [_short(str(error).splitlines()[0])] * backtracks
    return Known(None, reasons[0])


@lru_cache(maxsize=256)
def _reach(schema_json: bytes) -> Reach:
    return Reach(orjson.loads(schema_json))


def _order(path: list[str | int]) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, part, "") if isinstance(part, int) else (1, 0, part) for part in path)


def _dotted(root: str, path: list[str | int]) -> str:
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def _short(message: str) -> str:
    return message if len(message) <= MOST_CHARACTERS else f"{message[:MOST_CHARACTERS]}..."
