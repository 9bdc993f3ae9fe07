"""Words of older drafts of JSON Schema in those of 2020-12.

    bounds({"minimum": 0, "exclusiveMinimum": True})        # {"exclusiveMinimum": 0}
    newer({"properties": {"n": {"minimum": 0, "exclusiveMinimum": True}}})      # the same, wherever schemas stand in it

And the empty list that PHP writes for an empty object. A schema with none of this is given back as it is.
"""

from typing import Any

from astra_data.messages import JsonObject
from astra_data.nesting import too_deep
from astra_data.tools.filters import NAMED_SCHEMAS, SCHEMAS

EXCLUSIVE = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
DROPPED = ("xml", "discriminator", "externalDocs")
OLD_DRAFTS = ("http://json-schema.org/draft-03/schema", "http://json-schema.org/draft-04/schema")


def bounds(schema: JsonObject) -> JsonObject:
    """The schema with numbers for bounds that draft 4 and OpenAPI 3.0 say by true or false."""
    if not any(isinstance(schema.get(exclusive), bool) for _, exclusive in EXCLUSIVE):
        return schema
    plain = dict(schema)
    for bound, exclusive in EXCLUSIVE:
        if isinstance(plain.get(exclusive), bool):
            strict = plain.pop(exclusive)
            plain |= {exclusive: plain.pop(bound)} if strict and bound in plain else {}
    return plain


def modern(schema: JsonObject) -> JsonObject:
    """A schema of OpenAPI 3.0 in the words of JSON Schema 2020-12; one of 3.1 stays as it is."""
    plain = {key: value for key, value in schema.items() if key not in DROPPED}
    if plain.pop("nullable", False) is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
        if isinstance(plain.get("enum"), list) and None not in plain["enum"]:
            plain["enum"] = [*plain["enum"], None]
    plain = bounds(plain)
    if "example" in plain:
        others = plain.get("examples")
        plain["examples"] = [plain.pop("example"), *(others if isinstance(others, list) else [])]
    return plain


def newer(schema: Any) -> Any:
    """The same schema in newer words; the very same where it has none of the old ones."""
    if too_deep(schema):
        return schema
    found = _newer(schema)
    declared = found.get("$schema") if found is not schema and isinstance(found, dict) else None
    if isinstance(declared, str) and declared.rstrip("#") in OLD_DRAFTS:
        return {name: part for name, part in found.items() if name != "$schema"}
    return found


def _newer(schema: Any) -> Any:
    if isinstance(schema, list):
        parts = [_newer(part) for part in schema]
        return parts if any(new is not old for new, old in zip(parts, schema, strict=True)) else schema
    if not isinstance(schema, dict):
        return schema
    found = bounds(schema)
    changed = {name: new for name, part in found.items() if (new := _part(name, part)) is not part}
    return found | changed if changed else found


def _part(name: str, part: Any) -> Any:
    """What stands under a keyword. Names of properties are no keywords, and values are no schemas."""
    if name in SCHEMAS:
        return _newer(part)
    if name not in NAMED_SCHEMAS:
        return part
    if part == []:
        return {}
    if not isinstance(part, dict):
        return part
    changed = {key: new for key, one in part.items() if (new := _newer(one)) is not one}
    return part | changed if changed else part
