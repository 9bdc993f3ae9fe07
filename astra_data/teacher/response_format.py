"""What a request says of the shape of its answer: a schema, JSON mode, or nothing, in falling order.

    >>> [form and form["type"] for form in formats("verdict", Verdict)]
    ['json_schema', 'json_object', None]

A schema is declared strict only when strictness loses nothing: no free-form objects, and so no field that a decoder
would be forced to leave empty.
"""

import functools
from typing import Any

from pydantic import BaseModel

from astra_data.messages import JsonObject


@functools.cache
def formats(name: str, model: type[BaseModel]) -> tuple[JsonObject | None, ...]:
    """`response_format` objects to try, the most exact first."""
    schema = model.model_json_schema()
    strict = _is_closed(schema)
    described = {"name": name, "schema": _closed(schema) if strict else schema, "strict": strict}
    return {"type": "json_schema", "json_schema": described}, {"type": "json_object"}, None


def _is_closed(node: Any) -> bool:
    """Whether every object below `node` names all its properties and every value has a type."""
    if isinstance(node, list):
        return all(_is_closed(part) for part in node)
    if not isinstance(node, dict):
        return True
    if node.get("type") == "object" and (not node.get("properties") or node.get("additionalProperties")):
        return False
    schemas = [*node.get("properties", {}).values(), *node.get("$defs", {}).values()]
    schemas += [node["items"]] if "items" in node else []
    typed = all({"type", "$ref", "anyOf", "enum", "const"} & schema.keys() for schema in schemas)
    return typed and "prefixItems" not in node and _is_closed([*schemas, *node.get("anyOf", [])])


def _closed(node: Any) -> Any:
    """The schema with every property required, none besides, and no defaults."""
    if isinstance(node, list):
        return [_closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items() if key != "default"}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        properties = {name: _closed(schema) for name, schema in node["properties"].items()}
        closed |= {"properties": properties, "required": list(properties), "additionalProperties": False}
    return closed
