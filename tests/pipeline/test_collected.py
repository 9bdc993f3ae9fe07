"""Where nothing could be collected, each failure is told with what mends it, and with nothing that does not."""

import pytest

from astra_data.errors import AstraError, EndpointError, StoreError, ToolError, UsageError
from astra_data.pipeline.collected import uncollected

CASES: dict[str, tuple[list[str], type[AstraError], str, str]] = {
    "a server": (["tool backend: died - git: gone"], ToolError, "mcp.json", "models"),
    "an endpoint": (["endpoint: timeout"], EndpointError, "the recipe's `models`", "mcp.json"),
    "an answer": (["answer: no JSON - x"], EndpointError, "the recipe's `models`", "mcp.json"),
    "a budget": (["budget: exhausted - 1 of 1 USD spent"], UsageError, "--budget", "mcp.json"),
    "a ledger": (["ledger: no document; it is another's, or damaged"], StoreError, "--ledger", "mcp.json"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_mend_is_that_of_what_failed(case: str) -> None:
    reasons, kind, mend, other = CASES[case]
    error = uncollected("tools", {reason.partition(":")[0]: reason for reason in reasons})
    assert type(error) is kind and reasons[0] in str(error)
    assert mend in error.mend and other not in error.mend


def test_what_failed_side_by_side_is_told_side_by_side() -> None:
    error = uncollected("tools", {"endpoint": "endpoint: timeout", "tool backend": "tool backend: died - git"})
    assert "endpoint: timeout; tool backend: died - git" in str(error)
    assert "models" in error.mend and "mcp.json" in error.mend
