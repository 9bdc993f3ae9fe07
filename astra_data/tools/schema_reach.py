"""How often a validator looks at each part of a value: what a small schema can unfold to, known before anything is validated.

    reach = Reach(schema)
    reach.fault                          # "a reference leads round in a circle", or None
    reach.looks(arguments, most=50_000)  # times that a part of the schema meets a part of the arguments; None for more

References and `anyOf` within `anyOf` multiply: thirty that each name the next one twice are a billion looks. What is counted here
is an upper bound, in time that grows with schema times value.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import unquote

MOST_IN_PLACE = 5_000
"""Looks at one part of a value, of a schema that may be used."""
MOST_PARTS = 100_000
"""Objects inside a schema."""
MOST_NAMED = 50
"""Parts with an address of their own."""
FEW = 5_000
"""Looks, at an upper bound, that need not be counted."""
MANY = 1 << 60
LISTS = ("allOf", "anyOf", "oneOf")
SINGLE = ("not", "if", "then", "else")
NAMED = ("dependentSchemas", "dependencies")
OF_ITEMS = ("items", "additionalItems", "prefixItems", "contains", "unevaluatedItems")
OF_PROPERTIES = ("additionalProperties", "unevaluatedProperties", "propertyNames")
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
Leading = Callable[[Any], list[Any]]


class Reach:
    """Where each part of a schema leads: at the same place of a value, and into it.

    `fault` says why a schema may not be used at all, `in_place` is the most looks at one part of a value, `widest` the most
    values that one part lists.
    """

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._anchors: dict[str, list[Any]] = {}
        self._resources: list[Any] = [schema]
        self._beside: dict[int, list[Any]] = {}
        parts = list(self._objects(schema))
        for part in parts:
            self._beside[id(part)] = self._in_place(part) if len(self._resources) <= MOST_NAMED else []
        self.widest = max((len(_list(part.get("enum"))) for part in parts), default=0)
        self.in_place = _most(self._reached(), self._leads_beside)
        self.fault = self._fault(len(parts))
        self._unfolded = MANY if self.fault else _most([schema], lambda part: [*self._leads_beside(part), *_into(part)])

    def looks(self, value: Any, size: int, most: int) -> int | None:
        """How often parts of the schema meet parts of the value, which are `size`, at most; None for more than `most`."""
        if self._unfolded * size <= FEW:
            return self._unfolded * size
        counted = self._counted(value, most)
        return counted if counted <= most else None

    def _fault(self, parts: int) -> str | None:
        if parts >= MOST_PARTS:
            return f"it has more than {MOST_PARTS:,} parts"
        if len(self._resources) > MOST_NAMED:
            return f"it has more than {MOST_NAMED} parts with an address"
        if self.in_place == MANY:
            return "a reference leads round in a circle"
        return f"it unfolds to more than {MOST_IN_PLACE:,} schemas for one value" if self.in_place > MOST_IN_PLACE else None

    def _objects(self, schema: Any) -> Iterator[Any]:
        """Every object inside the schema: any of them may be referred to. Anchors and ids are noted on the way."""
        waiting, count = [schema], 0
        while waiting and count < MOST_PARTS:
            part = waiting.pop()
            if isinstance(part, dict):
                count += 1
                yield part
                for key in ("$anchor", "$dynamicAnchor"):
                    if isinstance(part.get(key), str):
                        self._anchors.setdefault(part[key], []).append(part)
                if part is not schema and _is_named(part):
                    self._resources.append(part)
            waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()

    def _leads_beside(self, part: Any) -> list[Any]:
        return self._beside.get(id(part), [])

    def _reached(self) -> Iterator[Any]:
        """The parts that look at anything at all."""
        seen, waiting = {id(self._root)}, [self._root]
        while waiting:
            part = waiting.pop()
            yield part
            following = [one for one in (*self._leads_beside(part), *_into(part)) if id(one) not in seen]
            seen.update(map(id, following))
            waiting += following

    def _in_place(self, part: Any) -> list[Any]:
        """The schemas that look at the same part of a value as this one."""
        found = [one for key in LISTS for one in _list(part.get(key))] + [part[key] for key in SINGLE if key in part]
        found += [one for key in NAMED for one in _dict(part.get(key)).values()]
        found += [target for key in REFERENCES if isinstance(part.get(key), str) for target in self._targets(part[key])]
        return _objects_of(found)

    def _targets(self, reference: str) -> list[Any]:
        """What a reference may mean within the schema; those that lead out of it are never read."""
        document, _, fragment = reference.partition("#")
        if fragment and not fragment.startswith("/"):
            return self._anchors.get(unquote(fragment), [])
        resources = [one for one in self._resources if not document or _is_named(one)]
        return [_at(resource, fragment) for resource in resources]

    def _counted(self, value: Any, most: int) -> int:
        """The looks at one value: what meets what is counted once, and multiplied."""
        known: dict[tuple[int, int], int] = {}
        waiting, read = [(self._root, value)], 0
        while waiting:
            part, seen = waiting[-1]
            if (id(part), id(seen)) in known:
                waiting.pop()
                continue
            pairs = list(islice(self._meets(part, seen), 2 * most))
            read += len(pairs)
            if read > 2 * most:
                return MANY
            unknown = [pair for pair in pairs if (id(pair[0]), id(pair[1])) not in known]
            waiting += unknown
            if not unknown:
                known[id(part), id(seen)] = min(1 + sum(known[id(one), id(other)] for one, other in pairs), MANY)
        return known[id(self._root), id(value)]

    def _meets(self, part: Any, value: Any) -> Iterator[tuple[Any, Any]]:
        """What the schema makes look at which of the parts of a value."""
        yield from ((one, value) for one in self._leads_beside(part))
        if isinstance(value, list):
            inner = _objects_of(one for key in OF_ITEMS for one in _some(part.get(key)))
            yield from ((one, item) for one in inner for item in value)
        elif isinstance(value, dict):
            named, inner = _dict(part.get("properties")), _of_properties(part)
            for name, item in value.items():
                yield from ((one, item) for one in (*inner, *_objects_of([named.get(name)])))


def _most(starts: Iterable[Any], leading: Leading) -> int:
    """The most schemas that one of these leads to, itself included; `MANY` where one leads to itself."""
    counts: dict[int, int] = {}
    for start in starts:
        waiting, within = [(start, iter(leading(start)))], {id(start)}
        while waiting:
            part, following = waiting[-1]
            one = next((one for one in following if id(one) not in counts), None)
            if one is None:
                waiting.pop()
                within.discard(id(part))
                counts[id(part)] = min(1 + sum(counts[id(other)] for other in leading(part)), MANY - 1)
            elif id(one) in within:
                return MANY
            else:
                waiting.append((one, iter(leading(one))))
                within.add(id(one))
    return max(counts.values(), default=0)


def _into(part: Any) -> list[Any]:
    """The schemas that look at what is inside a value."""
    found = [one for key in OF_ITEMS for one in _some(part.get(key))]
    return [*_objects_of([*_dict(part.get("properties")).values(), *found]), *_of_properties(part)]


def _of_properties(part: Any) -> list[Any]:
    """The schemas that may look at any property."""
    return _objects_of([*_dict(part.get("patternProperties")).values(), *(part.get(key) for key in OF_PROPERTIES)])


def _is_named(schema: Any) -> bool:
    """Whether a schema has an address of its own."""
    return isinstance(schema, dict) and any(isinstance(schema.get(key), str) for key in ("$id", "id"))


def _at(schema: Any, pointer: str) -> Any:
    """What a JSON pointer leads to."""
    for step in pointer.split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(schema, list):
            schema = schema[int(key)] if key.isdecimal() and len(key) < 10 and int(key) < len(schema) else None
        else:
            schema = schema.get(key) if isinstance(schema, dict) else None
    return schema


def _objects_of(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict)]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _some(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
