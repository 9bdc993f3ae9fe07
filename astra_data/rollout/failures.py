"""Failures made on purpose in front of an emulated server, so that policies see what real ones do [A 21.1].

    failures = Failures(Injection(share=0.2), "7/emulator/3f2a...")
    failures.draw("get_order", {"id": 7})        # a ToolResult with injected=True, or None: the call goes through

Every draw is of its own, from the rollout's seed and the number of the call, so a retry of a failed call draws again. The same
call fails at most twice in a row, so that tasks stay solvable.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from astra_data.messages import JsonObject
from astra_data.rows.canonical import digest
from astra_data.tools.result import ToolResult

Kind = Literal["timeout", "unreachable", "rate_limit", "server_error", "malformed"]

SHARE = 0.20
"""Share of emulated calls that fail [A 6.1]."""
IN_A_ROW = 2
KINDS: Mapping[Kind, float] = {"timeout": 0.40, "unreachable": 0.25, "rate_limit": 0.15, "server_error": 0.15, "malformed": 0.05}
"""Weight by kind [A 21.1]."""

SAYS: Mapping[Kind, tuple[str, ...]] = {
    "timeout": (
        "Error: the request timed out after 30 seconds",
        "Error: deadline exceeded while waiting for the server's response",
    ),
    "unreachable": (
        "Error: connection refused",
        "Error: the server cannot be reached (network is unreachable)",
        "Error: connection reset by peer",
    ),
    "rate_limit": (
        "Error: HTTP 429 Too Many Requests - rate limit exceeded, try again in a moment",
        "Error: rate limit reached for this client; retry after 1 second",
    ),
    "server_error": (
        "Error: HTTP 500 Internal Server Error",
        "Error: HTTP 502 Bad Gateway",
        "Error: HTTP 503 Service Unavailable - the service is temporarily overloaded",
    ),
    "malformed": (
        '{"status": "ok", "data": {"item',
        "<html><head><title>Bad gateway</title></head><body>",
    ),
}


@dataclass(frozen=True, slots=True)
class Injection:
    """How often calls fail: `share` of them, the same call at most `in_a_row` times in a row, by kind as `kinds` weighs them."""

    share: float = SHARE
    in_a_row: int = IN_A_ROW
    kinds: Mapping[Kind, float] = field(default_factory=lambda: KINDS)


class Failures:
    """The failures of one rollout. `seed` names the rollout; draws are numbered in the order of its calls."""

    def __init__(self, injection: Injection, seed: str) -> None:
        self._injection, self._seed = injection, seed
        self._drawn = 0
        self._in_a_row: Counter[str] = Counter()

    def draw(self, name: str, arguments: JsonObject) -> ToolResult | None:
        """What this call fails with, or None if it goes through."""
        rng = random.Random(f"{self._seed}/{self._drawn}")
        self._drawn += 1
        call = digest([name, arguments])
        if rng.random() >= self._injection.share or self._in_a_row[call] >= self._injection.in_a_row:
            del self._in_a_row[call]
            return None
        self._in_a_row[call] += 1
        kinds = sorted(self._injection.kinds)
        kind = rng.choices(kinds, [self._injection.kinds[each] for each in kinds])[0]
        return ToolResult(rng.choice(SAYS[kind]), is_error=True, injected=True, backend="emulated")
