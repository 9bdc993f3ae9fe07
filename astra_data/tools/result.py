"""What a tool call comes back as: a result that the policy sees, or a backend that is down.

    ToolResult("12:00", is_error=False)
    raise ToolBackendDown(DIED, "exit while git_log ran")

A wrong argument or a failing tool is a result with `is_error`; only an infrastructure failure is raised.
"""

from dataclasses import dataclass
from typing import Literal

DownReason = Literal[
    "tool backend: timeout", "tool backend: died", "tool backend: start failed", "tool backend: out of service",
    "tool backend: not permitted", "tool backend: not named", "tool backend: another server", "tool backend: session expired",
]

TIMEOUT: DownReason = "tool backend: timeout"
DIED: DownReason = "tool backend: died"
EXPIRED: DownReason = "tool backend: session expired"
"""The server has ended or forgotten the session, and took nothing of the call: a new one may."""
START_FAILED: DownReason = "tool backend: start failed"
OUT_OF_SERVICE: DownReason = "tool backend: out of service"
"""It was not tried, because it failed too often just before."""
NOT_PERMITTED: DownReason = "tool backend: not permitted"
"""The tool may not be called, so it was not."""
NOT_NAMED: DownReason = "tool backend: not named"
"""A dataset's server that no `mcp.json` of the user's names, so it was not started."""
ANOTHER_SERVER: DownReason = "tool backend: another server"
"""What the user's `mcp.json` names so is not the server of the dataset."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The text that a policy is shown. `injected` marks a failure made on purpose, `backend` what answered."""

    content: str
    is_error: bool
    injected: bool = False
    backend: str = "live"


class ToolBackendDown(Exception):  # noqa: N818  (an end state of a rollout, by its name)
    """The server behind a tool hung, died or did not start. `reason` is stable, `detail` is for people."""

    def __init__(self, reason: DownReason, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason} - {detail}" if detail else reason)
