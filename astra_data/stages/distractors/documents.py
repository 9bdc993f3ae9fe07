"""The text of a tool that is embedded: what it does, and what its arguments mean [A 15.2].

>>> document({"name": "f", "description": "Adds.", "parameters": {"properties": {"a": {"type": "number"}}}})
'Adds.\\na (number)'

Names of tools are left out, spaces are single, arguments come in order of their names: equal documentation is equal text.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def document(schema: Mapping[str, Any]) -> str:
    """The text of an OpenAI function object: the description, then a line for each argument, those of objects dotted."""
    parameters = schema.get("parameters") or {}
    return "\n".join([_plain(schema.get("description")), *_arguments(parameters, "")])


def _arguments(parameters: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, schema in sorted((parameters.get("properties") or {}).items()):
        if isinstance(schema, Mapping):
            kind = schema.get("type", "any")
            said = _plain(schema.get("description"))
            yield f"{path}{name} ({kind if isinstance(kind, str) else ' or '.join(map(str, kind))}): {said}".rstrip(": ")
            inner = schema.get("items") if isinstance(schema.get("items"), Mapping) else schema
            yield from _arguments(inner or {}, f"{path}{name}.")


def _plain(text: object) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""
