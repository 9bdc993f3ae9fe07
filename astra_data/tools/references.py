"""The schemas of an OpenAPI document as JSON Schemas that stand alone.

    schemas = Schemas(document)
    schemas.alone({"$ref": "#/components/schemas/Order"})      # with what it refers to inside it, or in `$defs`

What a reference names is written in its place, unless it contains itself or the whole would grow too large: then it stays a
reference, to `$defs`. References outside the document stay as they are, and no schema with one is valid.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from astra_data.messages import JsonObject
from astra_data.rows.canonical import canonical
from astra_data.tools.filters import NAMED_SCHEMAS

MOST_INLINE_BYTES = 16_384
"""Of a schema with everything written out; a larger one keeps its references."""

LOCAL = "#/"
DROPPED = ("xml", "discriminator", "externalDocs")


class Schemas:
    """Looks up the references of one document. Nothing is read from anywhere else."""

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self._sizes: dict[str, int | None] = {}
        self._names: dict[str, str] = {}

    def at(self, reference: str) -> Any:
        """What a reference like `#/components/schemas/Order` names; None if there is no such thing in the document."""
        found: Any = self._document
        for step in reference.removeprefix(LOCAL).split("/") if reference.startswith(LOCAL) else ["", ""]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def named(self, value: Any) -> Any:
        """`value`, or what it refers to if it is a reference; a chain of references is followed once around at most."""
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str) and value["$ref"] not in seen:
            seen.add(value["$ref"])
            target = self.at(value["$ref"])
            if target is None:
                return value
            value = target
        return value

    def alone(self, schema: Any) -> Any:
        """The schema with its references resolved, in the words of JSON Schema 2020-12."""
        defs: JsonObject = {}
        size = self._size(schema, ())
        plain = self._written(schema, defs, inline=size is not None and size <= MOST_INLINE_BYTES)
        return plain | {"$defs": defs} if defs and isinstance(plain, dict) else plain

    def _size(self, value: Any, above: tuple[str, ...]) -> int | None:
        """Bytes with every reference written out, each counted once a use; None where a reference contains itself."""
        total = len(canonical(value))
        for reference, uses in Counter(_references(value)).items():
            if reference in above:
                return None
            if reference not in self._sizes:
                self._sizes[reference] = self._size(self.at(reference), (*above, reference))
            inner = self._sizes[reference]
            if inner is None:
                return None
            total += inner * uses
        return total

    def _written(self, value: Any, defs: JsonObject, *, inline: bool) -> Any:
        if isinstance(value, list):
            return [self._written(part, defs, inline=inline) for part in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str):
            return self._referred(value, reference, defs, inline=inline)
        return {key: self._part(key, part, defs, inline=inline) for key, part in modern(value).items()}

    def _part(self, key: str, part: Any, defs: JsonObject, *, inline: bool) -> Any:
        """What stands under a keyword. Names of properties are no keywords, and values are no schemas."""
        if key in ("enum", "const", "default", "examples", "required"):
            return part
        if key in NAMED_SCHEMAS and isinstance(part, dict):
            return {name: self._written(one, defs, inline=inline) for name, one in part.items()}
        return self._written(part, defs, inline=inline)

    def _referred(self, value: JsonObject, reference: str, defs: JsonObject, *, inline: bool) -> Any:
        target = self.at(reference)
        if target is None:
            return {"$ref": reference}
        beside = {key: part for key, part in value.items() if key == "description"}
        if inline:
            written = self._written(target, defs, inline=True)
            return written | beside if isinstance(written, dict) else written
        name = self._names.setdefault(reference, self._free_name(reference))
        if name not in defs:
            defs[name] = None
            defs[name] = self._written(target, defs, inline=False)
        return {"$ref": f"#/$defs/{name}"} | beside


    def _free_name(self, reference: str) -> str:
        """A name in `$defs` that no other reference of the document has."""
        last = re.sub(r"[^A-Za-z0-9_.-]+", "_", reference.rpartition("/")[2])
        return last if last not in self._names.values() else f"{last}_{len(self._names)}"


def modern(schema: JsonObject) -> JsonObject:
    """A schema of OpenAPI 3.0 in the words of JSON Schema 2020-12; one of 3.1 stays as it is."""
    plain = {key: value for key, value in schema.items() if key not in DROPPED}
    if plain.pop("nullable", False) is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
        if isinstance(plain.get("enum"), list) and None not in plain["enum"]:
            plain["enum"] = [*plain["enum"], None]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(plain.get(exclusive), bool):
            strict = plain.pop(exclusive)
            plain |= {exclusive: plain.pop(bound)} if strict and bound in plain else {}
    if "example" in plain:
        plain["examples"] = [plain.pop("example")]
    return plain


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
