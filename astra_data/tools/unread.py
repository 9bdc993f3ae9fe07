"""What of an OpenAPI document no tool can say, as flags of its server: nothing disappears without a word.

    flags = []
    left_out(flags, "a parameter of getA", 7, "it has no name")     # ["left out a parameter of getA: it has no name"]
    of_path(flags, "/a", {"GET": {}})       # ["left out GET of the path /a: OpenAPI has no such field"]
"""

from collections.abc import Iterable
from typing import Any

from astra_data.messages import JsonObject

LONGEST_SHOWN = 80
"""Characters of a name that a flag or an error tells."""
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
MORE_METHODS = "additionalOperations"
PATH_FIELDS = {*METHODS, MORE_METHODS, "parameters", "summary", "description", "servers", "$ref"}


def left_out(flags: list[str], what: str, value: Any, lack: str = "it is no object") -> None:
    """Say what was left out, and why the value could not be taken: `lack`, or a reference to what is not there."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    why = lack if reference is None else f"nothing in the document is {str(reference)[:LONGEST_SHOWN]}"
    flags.append(f"left out {what[:3 * LONGEST_SHOWN]}: {why}")


def of_path(flags: list[str], path: str, item: JsonObject) -> None:
    """Flag the fields of a path that nobody knows."""
    for key in item:
        if key not in PATH_FIELDS and not key.startswith("x-"):
            left_out(flags, f"{key[:LONGEST_SHOWN]} of the path {path}", None, "OpenAPI has no such field")


def parameters(flags: list[str], value: Any, whose: str) -> list[Any]:
    """The parameters that a path or an operation lists; flagged where they are no list."""
    if not isinstance(value, list):
        if value is not None:
            left_out(flags, f"the parameters of {whose}", None, "they are no list")
        return []
    return value


def twice(flags: list[str], given: Iterable[JsonObject], whose: str) -> None:
    """Flag the parameters of one list that have name and place of an earlier one, and take its place."""
    seen: set[tuple[str, str]] = set()
    for one in given:
        place = str(one.get("in")), str(one["name"])
        if place in seen:
            left_out(flags, f"a parameter of {whose}", None, f"another called {place[1][:LONGEST_SHOWN]} follows it")
        seen.add(place)


def of_document(flags: list[str], found: JsonObject, items: Iterable[JsonObject], operations: Iterable[JsonObject]) -> None:
    """Flag what is said of calls in the other direction, and of where a part of the API is."""
    operations = list(operations)
    places = sum(bool(one.get("servers")) for one in (*items, *operations))
    calls = sum(bool(one.get("callbacks")) for one in operations)
    if hooks := found.get("webhooks"):
        number = len(hooks) if isinstance(hooks, dict | list) else 1
        left_out(flags, f"{_counted(number, 'webhook')}", None, "it is the API that calls them")
    if calls:
        left_out(flags, f"the callbacks of {_counted(calls, 'operation')}", None, "it is the API that calls them")
    if places:
        left_out(flags, f"the servers of {_counted(places, 'path or operation', 'paths or operations')}", None,
                 "a tool does not say where it is")


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
