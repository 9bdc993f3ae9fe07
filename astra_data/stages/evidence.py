"""Static evidence that a chain can be made: for each required parameter, where its value can come from [A 20.3].

    of_chain([create_branch, checkout])   # [Evidence(hop=1, parameter="branch_name", kind="shared", source="create_branch"), ...]
"""

from typing import Any

from astra_data.rows.chains import Evidence, Verdict
from astra_data.rows.tools import Tool

INTERNAL = frozenset({"session_id", "session", "cursor", "handle", "token"})
"""Names of values that a program hands out, so that no user can state them."""


def of_chain(tools: list[Tool]) -> list[Evidence]:
    """The evidence for every required parameter of every hop, in order."""
    return [
        _of_parameter(hop, parameter, tools)
        for hop, tool in enumerate(tools)
        for parameter in _object(tool.parameters).get("required") or ()
    ]


def _of_parameter(hop: int, parameter: str, tools: list[Tool]) -> Evidence:
    for earlier in reversed(tools[:hop]):
        if parameter in (_object(earlier.output_schema).get("properties") or {}):
            return Evidence(hop, parameter, "output", earlier.name)
    for earlier in reversed(tools[:hop]):
        if parameter in (_object(earlier.parameters).get("properties") or {}):
            return Evidence(hop, parameter, "shared", earlier.name)
    return Evidence(hop, parameter, "unsupported" if parameter in INTERNAL else "user", None)


def verdict(evidence: list[Evidence], length: int) -> Verdict:
    """Of a chain of `length` tools: false if a parameter is unsupported, true if every later hop takes something from an earlier
    one, else null."""
    for item in evidence:
        if item.kind == "unsupported":
            return Verdict("static_evidence", False, f"nothing supplies {item.parameter} of hop {item.hop}")
    linked = {item.hop for item in evidence if item.kind in ("output", "shared")}
    if linked == set(range(1, length)):
        return Verdict("static_evidence", True, "every hop takes something from an earlier one")
    return Verdict("static_evidence", None, "the schemas do not show how the hops are linked")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
