"""The schemas of an OpenAPI document as JSON Schemas that stand alone.

    schemas = Schemas(document, Place("shop.yaml"))
    schemas.alone({"$ref": "#/components/schemas/Order"})      # with what it refers to inside it, or in `$defs`

What a reference names is written in its place, unless it contains itself or the whole would grow too large: then it stays a
reference, to `$defs`. References outside the document stay as they are, and no schema with one is valid. What stands beside a
reference holds as well as what it names, as OpenAPI says since 3.1; in 3.0 it says nothing, and only a description is taken.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from astra_data.errors import DataError, Place
from astra_data.messages import JsonObject
from astra_data.nesting import MOST_DEPTH
from astra_data.rows.canonical import canonical
from astra_data.tools.filters import NAMED_SCHEMAS
from astra_data.tools.older import DROPPED, modern

MOST_INLINE_BYTES = 16_384
"""Of a schema with everything written out; a larger one keeps its references."""

MOST_VALUES = 3_000_000
"""Of one document with its references written out wherever a tool has them."""

LOCAL = "#/"
DEFS = "#/$defs/"
INDEX = re.compile(r"0|[1-9][0-9]{0,6}")
UNNAMEABLE = re.compile(r"[^A-Za-z0-9_.-]+")
NOTES = {"title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples", "example", "$comment"}
"""What says nothing of which values are valid: beside a reference it takes the place of what is said there."""
LEFT_OUT = {
    "discriminator": "discriminator, which JSON Schema does not have",
    "nullable": "nullable of what has no type, where it says nothing",
    "required": "what is no text among the required names of a body",
    "unevaluatedProperties": "unevaluatedProperties: false of a body, whose properties stand beside other parameters",
    "$ref": "what stands beside a $ref, where OpenAPI 3.0 ignores it",
}
"""Keyword -> what of it is left out of a schema, and why."""
Met = tuple[str, JsonObject]
"""A reference, and the object that takes its place."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a schema comes to with every reference written out: its bytes, and how deep it is."""

    size: int
    depth: int


@dataclass(frozen=True, slots=True)
class Inside:
    """The references in a value, each with how deep it lies there, and how deep the value is."""

    references: list[tuple[str, int]]
    depth: int


class Schemas:
    """Looks up the references of one document, which `place` names. Nothing is read from anywhere else.

    What is taken or written is counted. Every method raises `DataError` where the whole comes to more than `MOST_VALUES`.
    """

    def __init__(self, document: JsonObject, place: Place | None = None) -> None:
        self._document, self._place = document, place
        self.siblings = not re.match(r"3\.0(\.|$)", str(document.get("openapi")))
        self._lost: set[str] = set()
        self._left = MOST_VALUES
        self._found: dict[str, Any] = {}
        self._extents: dict[int, Extent | None] = {}
        self._names: dict[str, str] = {}
        self._taken: set[str] = _dangling(document)
        self._defined: dict[tuple[str, str], tuple[Any, list[Met]]] = {}
        self._one_way = ""

    def count(self, values: int = 1) -> None:
        """Count values that are taken or written."""
        self._left -= values
        if self._left < 0:
            raise DataError(f"its references unfold to more than {MOST_VALUES:,} values", place=self._place,
                            mend="leave out what the tools do not need")

    def lose(self, keyword: str) -> None:
        """Say that what `LEFT_OUT` has of a keyword was left out."""
        self._lost.add(keyword)

    def losses(self) -> list[str]:
        """A flag for each keyword that was left out of schemas."""
        return [f"left out of schemas: {LEFT_OUT[keyword]}" for keyword in LEFT_OUT if keyword in self._lost]

    def at(self, reference: str) -> Any:
        """What a reference like `#/components/schemas/Order` names; None if there is no such thing in the document."""
        if reference not in self._found:
            self._found[reference] = self._at(reference)
        return self._found[reference]

    def _at(self, reference: str) -> Any:
        found: Any = self._document
        for step in reference.removeprefix(LOCAL).split("/") if reference.startswith(LOCAL) else ["", ""]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else _element(found, key) if isinstance(found, list) else None
        return found

    def schema(self, value: Any) -> Any:
        """`named` for a schema: a chain of references ends at one that says more, which is spread."""
        return self.named(value, schema=True)

    def named(self, value: Any, *, schema: bool = False) -> Any:
        """`value`, or what it refers to if it is a reference; a chain of references is followed once around at most."""
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str) and value["$ref"] not in seen:
            if schema and (spread := self.spread(value)) is not value:
                return spread
            self.count()
            seen.add(value["$ref"])
            target = self.at(value["$ref"])
            if target is None:
                return value
            value = target
        return value

    def spread(self, schema: Any) -> Any:
        """A schema whose reference, if more than notes stands beside it, is one part of an `allOf`; any other as it is."""
        if not self.siblings or not isinstance(schema, dict) or not isinstance(schema.get("$ref"), str):
            return schema
        beside = {key: part for key, part in schema.items() if key != "$ref"}
        if not _says_more(beside):
            return schema
        every = beside.get("allOf")
        return beside | {"allOf": [{"$ref": schema["$ref"]}, *(every if isinstance(every, list) else [])]}

    def alone(self, schema: Any, one_way: str = "") -> Any:
        """The schema with its references resolved, in the words of JSON Schema 2020-12. Properties that are `one_way`, `readOnly`
        or `writeOnly`, are required nowhere in it."""
        self._one_way = one_way
        met: list[Met] = []
        extent = self._extent(schema)
        inline = extent is not None and extent.size <= MOST_INLINE_BYTES and extent.depth <= MOST_DEPTH
        plain = self._written(schema, met, inline=inline)
        defs = self._defs(met)
        if not defs or not isinstance(plain, dict):
            return plain
        own = plain.get("$defs")
        return plain | {"$defs": (own if isinstance(own, dict) else {}) | defs}

    def _defs(self, met: list[Met]) -> JsonObject:
        """What the references that were met stand for, each before those that are met inside it."""
        defs: JsonObject = {}
        waiting = met[::-1]
        while waiting:
            self.count()
            reference, shown = waiting.pop()
            name = self._name(reference)
            shown["$ref"] = f"#/$defs/{name}"
            if name not in defs:
                key = reference, self._one_way
                if key not in self._defined:
                    inner: list[Met] = []
                    self._defined[key] = self._written(self.at(reference), inner, inline=False), inner
                defs[name], inner = self._defined[key]
                waiting += inner[::-1]
        return defs

    def _extent(self, schema: Any) -> Extent | None:
        """None where a reference contains itself."""
        inside = self._inside(schema)
        waiting, within = [self.at(reference) for reference, _ in inside.references], dict[int, Inside]()
        while waiting:
            target = waiting[-1]
            if id(target) in self._extents:
                waiting.pop()
            elif id(target) in within:
                self._extents[id(target)] = self._sum(target, within.pop(id(target)))
            else:
                within[id(target)] = self._inside(target)
                inner = [self.at(reference) for reference, _ in within[id(target)].references]
                waiting += [one for one in inner if id(one) not in self._extents and id(one) not in within]
        return self._sum(schema, inside)

    def _sum(self, value: Any, inside: Inside) -> Extent | None:
        """The extent of a value, where those of all that it refers to are known, but for those that it is in itself."""
        size, depth = _bytes(value), inside.depth
        for reference, level in inside.references:
            inner = self._extents.get(id(self.at(reference)))
            if inner is None:
                return None
            size, depth = size + inner.size, max(depth, level + inner.depth)
        return Extent(size, depth)

    def _inside(self, value: Any) -> Inside:
        level, depth, found = [value], 0, list[tuple[str, int]]()
        while level:
            self.count(len(level))
            found += [(one["$ref"], depth) for one in level if isinstance(one, dict) and isinstance(one.get("$ref"), str)]
            level = [part for one in level if isinstance(one, dict | list)
                     for part in (one.values() if isinstance(one, dict) else one)]
            depth += 1
        return Inside(found, depth)

    def _written(self, value: Any, met: list[Met], *, inline: bool) -> Any:
        self.count()
        if isinstance(value, list):
            return [self._written(part, met, inline=inline) for part in value]
        if not isinstance(value, dict):
            return value
        spread = self.spread(value)
        reference = spread.get("$ref")
        if isinstance(reference, str):
            return self._referred(spread, reference, met, inline=inline)
        plain = modern(spread)
        self._lost |= {"discriminator"} & spread.keys()
        if spread.get("nullable") is True and not isinstance(spread.get("type"), str | list):
            self._lost.add("nullable")
        if self._one_way and isinstance(plain.get("required"), list) and (hidden := self._hidden(plain, 0)):
            plain = plain | {"required": [name for name in plain["required"] if not (isinstance(name, str) and name in hidden)]}
        return {key: self._part(key, part, met, inline=inline) for key, part in plain.items()}

    def _hidden(self, schema: Any, depth: int) -> set[str]:
        """The properties of an object schema, and of the parts of its `allOf`, that go the other way alone."""
        found = self.named(schema)
        if not isinstance(found, dict) or depth > 8:
            return set()
        named, every = found.get("properties"), found.get("allOf")
        hidden = {name for name, part in (named.items() if isinstance(named, dict) else ()) if self._goes_back(part)}
        return hidden.union(*(self._hidden(part, depth + 1) for part in (every if isinstance(every, list) else [])))

    def _goes_back(self, part: Any) -> bool:
        self.count()
        said = [part, self.named(part)] if self.siblings else [self.named(part)]
        return any(isinstance(one, dict) and one.get(self._one_way) is True for one in said)

    def _part(self, key: str, part: Any, met: list[Met], *, inline: bool) -> Any:
        """What stands under a keyword. Names of properties are no keywords, and values are no schemas."""
        if key in ("enum", "const", "default", "examples", "required"):
            return part
        if key in NAMED_SCHEMAS and isinstance(part, dict):
            return {name: self._written(one, met, inline=inline) for name, one in part.items()}
        return self._written(part, met, inline=inline)

    def _referred(self, value: JsonObject, reference: str, met: list[Met], *, inline: bool) -> Any:
        target = self.at(reference)
        if target is None:
            return {"$ref": reference}
        beside = {key: part for key, part in value.items() if key == "description" or (self.siblings and key in NOTES)}
        if not self.siblings and _says_more(value, "$ref"):
            self._lost.add("$ref")
        beside = modern(beside)
        if inline:
            written = self._written(target, met, inline=True)
            return written | beside if isinstance(written, dict) else written
        shown: JsonObject = {"$ref": ""} | beside
        met.append((reference, shown))
        return shown

    def _name(self, reference: str) -> str:
        """A name in `$defs` that no other reference of the document has."""
        if reference not in self._names:
            last = UNNAMEABLE.sub("_", reference.rpartition("/")[2])
            self._names[reference] = last if last not in self._taken else f"{last}_{len(self._names)}"
            self._taken.add(self._names[reference])
        return self._names[reference]


def _dangling(document: JsonObject) -> set[str]:
    """The names in `$defs` that references of the document lead to, where it has none: nothing else may be called so."""
    found, level = set[str](), list[Any]([document])
    while level:
        for one in level:
            reference = one.get("$ref") if isinstance(one, dict) else None
            if isinstance(reference, str) and reference.startswith(DEFS):
                found.add(reference.removeprefix(DEFS).partition("/")[0])
        inner = (part for one in level for part in (one.values() if isinstance(one, dict) else one))
        level = [part for part in inner if isinstance(part, dict | list)]
    defs = document.get("$defs")
    return found - (defs.keys() if isinstance(defs, dict) else set())


def _says_more(schema: JsonObject, *but: str) -> bool:
    """Whether a schema says more than notes."""
    return any(key not in NOTES and key not in DROPPED and key not in but and not key.startswith("x-") for key in schema)


def _element(values: list[Any], key: str) -> Any:
    """The element that a step of a JSON pointer names (RFC 6901)."""
    index = int(key) if INDEX.fullmatch(key) else len(values)
    return values[index] if index < len(values) else None


def _bytes(value: Any) -> int:
    """As JSON, numbers that no row can hold too."""
    try:
        return len(canonical(value))
    except TypeError:
        return len(json.dumps(value, separators=(",", ":")))
