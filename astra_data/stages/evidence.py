"""Static evidence that a chain can be made: for each required parameter, where its value can come from [A 20.3].

    found = of_chain([create_branch, checkout])     # [..., Evidence(1, "branch_name", "shared", "create_branch", None)]
    verdict(found, length=2)                        # true: the second tool takes something from the first
    order_equivalent(["list", "add", "show"], ["add", "list", "show"], found)

Sources, the strongest first: an output field of the same name; the same parameter of an earlier tool; an output field that fits
by type and by its words (`id` of `create_ticket` for `ticket_id`); an earlier tool that declares no output, and makes or looks up
what the parameter points at (`list_tables` for `table_name`); the user. Of two earlier tools the later one is taken. Evidence is
what schemas show. It is no proof, and its absence no disproof, but for what no user can state.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from astra_data.messages import JsonObject
from astra_data.rows.chains import Evidence, Verdict
from astra_data.rows.tools import Tool
from astra_data.teacher.offline.chains import HANDLES
from astra_data.teacher.offline.lexicon import Stage, stage_of, stem
from astra_data.tools.naming import words

OUTPUT, SHARED, SIMILAR, DESCRIBED, USER, UNSUPPORTED = "output", "shared", "similar", "described", "user", "unsupported"

INTERNAL = frozenset({"session_id", "session", "cursor", "handle", "token"})
"""Names of values that a program hands out, so that no user can state them."""

DEPTH, MOST_FIELDS = 4, 500
"""Levels of an output schema that are looked at, and fields."""


def of_chain(tools: Sequence[Tool]) -> list[Evidence]:
    """The evidence for every required parameter of every hop, in order."""
    return [
        _of_parameter(hop, parameter, tools)
        for hop, tool in enumerate(tools)
        for parameter in _object(tool.parameters).get("required") or ()
    ]


def _of_parameter(hop: int, parameter: str, tools: Sequence[Tool]) -> Evidence:
    schema = _object(_properties(tools[hop].parameters).get(parameter))
    for kind, find in (OUTPUT, _named), (SHARED, _shared), (SIMILAR, _similar), (DESCRIBED, _described):
        for earlier in reversed(tools[:hop]):
            found, field = find(parameter, schema, earlier)
            if found:
                return Evidence(hop, parameter, kind, earlier.name, field)
    return Evidence(hop, parameter, UNSUPPORTED if parameter in INTERNAL else USER, None, None)


Found = tuple[bool, str | None]
"""Whether the earlier tool can supply the parameter, and the output field that does where that has another name."""


def _named(parameter: str, schema: JsonObject, earlier: Tool) -> Found:
    return any(name == parameter for name, _ in _fields(earlier.output_schema)), None


def _shared(parameter: str, schema: JsonObject, earlier: Tool) -> Found:
    return parameter in _properties(earlier.parameters), None


def _similar(parameter: str, schema: JsonObject, earlier: Tool) -> Found:
    """A field that holds the right type, and whose words are among the parameter's; the tool's name may lend it words."""
    wanted, types = _stems(parameter), _types(schema)
    for name, field in _fields(earlier.output_schema):
        if _fits(_types(field), types) and _speaks_of(wanted, _stems(name), _stems(earlier.name)):
            return True, name
    return False, None


def _speaks_of(wanted: set[str], field: set[str], tool: set[str]) -> bool:
    thing, handle = wanted - HANDLES, wanted & HANDLES
    if not thing:
        return False
    if field - HANDLES:
        return field - HANDLES <= thing and (not field & HANDLES or not handle or field & HANDLES == handle)
    return bool(field) and field == handle and thing <= tool


def _described(parameter: str, schema: JsonObject, earlier: Tool) -> Found:
    wanted = _stems(parameter)
    thing = wanted - HANDLES
    told = _stems(earlier.name) | {stem(word) for word in words(earlier.description)}
    points = bool(thing) and len(wanted) > len(thing)
    return points and earlier.output_schema is None and stage_of(earlier.name) is not Stage.CHANGE and thing <= told, None


def verdict(evidence: list[Evidence], length: int) -> Verdict:
    """False if a parameter is unsupported, true if each of the `length` hops but the first takes something from an earlier
    one, else null."""
    for item in evidence:
        if item.kind == UNSUPPORTED:
            return Verdict("static_evidence", False, f"nothing supplies {item.parameter} of hop {item.hop}")
    linked = {item.hop for item in evidence if item.source is not None}
    if length > 1 and linked >= set(range(1, length)):
        return Verdict("static_evidence", True, "every hop takes something from an earlier one")
    return Verdict("static_evidence", None, "the schemas do not show how the hops are linked")


def order_equivalent(chain: Sequence[str], other: Sequence[str], evidence: Sequence[Evidence]) -> bool:
    """True if `other` holds the tools of `chain`, each as often, and every hop after the one that its evidence names as source.

    A source is the last of its name before the hop; of a tool that comes twice, the n-th time is the n-th time.
    """
    mine, theirs = _numbered(chain), _numbered(other)
    if sorted(mine) != sorted(theirs):
        return False
    place = {tool: index for index, tool in enumerate(theirs)}
    return all(place[mine[before]] < place[mine[after]] for before, after in _order(chain, evidence))


def _order(chain: Sequence[str], evidence: Sequence[Evidence]) -> Iterator[tuple[int, int]]:
    """(hop of the source, hop that takes from it): the generators of the partial order."""
    for item in evidence:
        if item.source is not None:
            yield max(hop for hop in range(item.hop) if chain[hop] == item.source), item.hop


def _numbered(chain: Sequence[str]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    numbered = []
    for name in chain:
        numbered.append((name, seen[name]))
        seen[name] += 1
    return numbered


def _fields(schema: Any) -> Iterator[tuple[str, JsonObject]]:
    """Every property of an output schema, those of nested objects and of elements included; of a list, its elements too."""
    return islice(_nested(_object(schema), _object(schema), DEPTH), MOST_FIELDS)


def _nested(schema: JsonObject, root: JsonObject, depth: int) -> Iterator[tuple[str, JsonObject]]:
    if not depth:
        return
    for name, field in _properties(schema).items():
        whole = _referred(field, root)
        element = _referred(whole.get("items"), root)
        yield name, whole
        if element:
            yield name, element
        yield from _nested(whole, root, depth - 1)
        yield from _nested(element, root, depth - 1)


def _referred(schema: Any, root: JsonObject) -> JsonObject:
    """The schema, or the definition of the same document that it refers to."""
    reference = str(_object(schema).get("$ref", ""))
    if not reference.startswith("#/"):
        return _object(schema)
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = _object(found).get(part)
    return _object(found)


def _types(schema: JsonObject) -> set[str]:
    """The JSON types that a schema allows; empty where it says nothing."""
    kinds = schema.get("type") or ()
    arms = [_types(_object(arm)) for key in ("anyOf", "oneOf") for arm in schema.get(key) or ()]
    return set([kinds] if isinstance(kinds, str) else kinds).union(*arms) - {"null"}


def _fits(held: set[str], wanted: set[str]) -> bool:
    return bool(held & wanted) or ("integer" in held and "number" in wanted)


def _stems(name: str) -> set[str]:
    return {stem(word) for word in words(name)}


def _properties(schema: Any) -> JsonObject:
    return _object(_object(schema).get("properties"))


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}
