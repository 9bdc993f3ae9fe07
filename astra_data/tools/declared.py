"""What a server says of one tool, and what of it can be told of its parameters.

    list(properties({"properties": {"a": {"$ref": "#/$defs/A"}}}))      # [("a", {"$ref": "#/$defs/A"})], at any depth
    list(kinds({"$ref": "#/$defs/A"}, {"$defs": {"A": {}}}))            # [{}]: the plain schemas that one stands for
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from astra_data.messages import JsonObject

MOST_KINDS = 200
"""Plain schemas that one parameter may stand for."""
PLAIN = {"type", "enum", "const", "properties"}


@dataclass(frozen=True, slots=True)
class Declared:
    """What a server says of one tool."""

    name: str
    description: str = ""
    parameters: Any = None
    annotations: Any = None

    @property
    def read_only(self) -> bool:
        return isinstance(self.annotations, dict) and self.annotations.get("readOnlyHint") is True

    @property
    def open_world(self) -> bool:
        """True if the server says that the tool reaches out of where it works; silence is no declaration."""
        return isinstance(self.annotations, dict) and self.annotations.get("openWorldHint") not in (None, False)


def properties(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every property that the schema names at any depth."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            named = value.get("properties")
            yield from named.items() if isinstance(named, dict) else ()
            waiting += [inner for inner in value.values() if isinstance(inner, dict | list)]


def kinds(schema: Any, whole: Any) -> Iterator[JsonObject | None]:
    """The plain schemas that a schema stands for, within `whole`; None for what cannot be told."""
    waiting = [schema]
    for _ in range(MOST_KINDS):
        if not waiting:
            return
        kind = waiting.pop()
        if not isinstance(kind, dict):
            yield None
            continue
        inner = [one for key in ("anyOf", "oneOf", "allOf") for one in listed(kind.get(key))]
        inner += [_referred(kind["$ref"], whole)] if "$ref" in kind else []
        waiting += inner
        if not inner or PLAIN & kind.keys():
            yield kind
    yield None


def listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _referred(reference: Any, whole: Any) -> Any:
    """What a reference within the schema leads to; None if it leads nowhere."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    for part in unquote(reference[1:]).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        whole = whole.get(key) if isinstance(whole, dict) else None
    return whole
