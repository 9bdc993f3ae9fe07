"""What a tool call comes back as: a result that the policy sees, or a backend that is down.

    ToolResult("12:00", is_error=False)
    raise ToolBackendDown(DIED, "exit while git_log ran")

A wrong argument or a failing tool is a result with `is_error`; only an infrastructure failure is raised.
"""

from dataclasses import dataclass
from typing import Literal

DownReason = Literal[
    "tool backend: timeout", "tool backend: died", "tool backend: start failed", "tool backend: out of service"
]

TIMEOUT: DownReason = "tool backend: timeout"
DIED: DownReason = "tool backend: died"
START_FAILED: DownReason = "tool backend: start failed"
OUT_OF_SERVICE: DownReason = "tool backend: out of service"
"""It was not tried, because it failed too often just before."""


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
