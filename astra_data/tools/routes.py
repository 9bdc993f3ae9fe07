"""The parameters that a path has in braces, which a call cannot do without, whatever is declared.

    with_path("/rooms/{roomId}", {}, "getRoom", flags)                      # {("path", "roomId"): {...}}, and a flag
    with_path("/rooms/{roomId}", {("path", "roomid"): one}, ...)            # {("path", "roomId"): one}, and a flag
"""

import re

from astra_data.messages import JsonObject
from astra_data.tools.unread import LONGEST_SHOWN

IN_BRACES = re.compile(r"\{([^{}/]+)\}")
NAME = re.compile(r"[^:*=?]+")
"""Of what stands in braces, before what some frameworks say of it there."""
Placed = dict[tuple[str, str], JsonObject]


def with_path(path: str, placed: Placed, whose: str, flags: list[str]) -> Placed:
    """The parameters with those of the path: one declared in other letters is taken for it, and else it is a text."""
    declared = {name for where, name in placed if where == "path"}
    inside = dict.fromkeys(IN_BRACES.findall(re.split("[?#]", path)[0]))
    open_ = [name for name in inside if name not in declared and _name(name) not in declared]
    if not open_:
        return placed
    spare = {name.casefold(): name for name in declared if name not in inside}
    found, renamed = list[str](), dict[tuple[str, str], str]()
    for name in map(_name, open_):
        if (other := spare.pop(name.casefold(), None)) is not None:
            renamed["path", other] = name
            flags.append(f"renamed parameter of {whose}: {other} -> {name}"[: 4 * LONGEST_SHOWN])
        else:
            found.append(name)
            flags.append(f"added the parameter {name[:LONGEST_SHOWN]} of {whose}: its path has it, and nothing declares it")
    kept: Placed = {(key[0], renamed[key]) if key in renamed else key: one for key, one in placed.items()}
    kept = {key: one | {"name": key[1]} if one["name"] != key[1] else one for key, one in kept.items()}
    return kept | {("path", name): {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in found}


def _name(inside: str) -> str:
    found = NAME.match(inside)
    return found[0].strip() if found else inside
