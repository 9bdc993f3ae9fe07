"""What the ledger holds: an answer with what it cost, or the reason why there is none.

    Answer({"verdict": True}, Usage(input_tokens=812, output_tokens=9, cost=0.0004))

Costs are USD.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["ask", "tool"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, and their price in USD."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens, self.cost + other.cost
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back (JSON) and what it cost."""

    response: Any
    usage: Usage = field(default_factory=Usage)


class Unanswered(Exception):  # noqa: N818 - the outcome of an ask, not an error of ours
    """No usable answer. `reason` is stable (`class: detail - more`); `spent` was paid for all the same.

    `sent` is False when nothing left the process: such a refusal is not recorded as an attempt.
    """

    def __init__(self, reason: str, spent: Answer | None = None, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.spent, self.sent = reason, spent, sent


@dataclass(frozen=True, slots=True)
class Totals:
    """Of this process: asks that were run, answers that were at hand, asks that failed, and what was paid."""

    asked: int = 0
    reused: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
