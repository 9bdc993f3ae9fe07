"""Why a source that kept nothing makes no version: what failed, and what each of the failures asks for.

    uncollected("tools", {"endpoint": "endpoint: timeout"}, ...)
    # tools: nothing could be collected: endpoint: timeout (check the recipe's `models`, and run again: ...)

Servers and models fail side by side, and what mends the one does not mend the other.
"""

from collections.abc import Mapping

from astra_data.errors import AstraError, EndpointError, StoreError, ToolError, UsageError

COLLECT_AGAIN = "mend the server's entry in mcp.json and run again; `astra doctor` says which launchers are here"
ASK_AGAIN = "check the recipe's `models`, and run again: every answer so far is kept"
KINDS: dict[str, tuple[type[AstraError], str]] = {
    **dict.fromkeys(("endpoint", "answer", "judge", "template", "emulator", "user"), (EndpointError, ASK_AGAIN)),
    "budget": (UsageError, "raise --budget, and run again: every answer so far is kept"),
    "ledger": (StoreError, "name another ledger with --ledger, or put a copy in its place"),
}
"""How a reason begins -> the error and the mend. All others are of servers."""


def uncollected(stage: str, failures: Mapping[str, str]) -> AstraError:
    """The error of a source; `failures` are the first whole reason of each kind, by what stands before the colon."""
    found = {kind: KINDS.get(kind, (ToolError, COLLECT_AGAIN)) for kind in failures}
    kinds, mends = zip(*found.values(), strict=True)
    said = f"{stage}: nothing could be collected: {'; '.join(failures.values())}"
    error: AstraError = kinds[0](said, mend="; ".join(dict.fromkeys(mends)))
    return error
