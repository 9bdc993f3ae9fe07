"""What became of a call.

    Outcome("ok", 4.5)
    Outcome("error", None, error_type="KeyError", message="'A-17'", where="bank.py:12 in pay")

Only `ok` and `output_limit` carry a value. `infrastructure` is no result at all: start the episode
again, and score nothing by it.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Kind = Literal[
    "ok", "error", "forbidden", "timeout", "cpu_limit", "memory", "recursion", "output_limit", "result_too_big", "not_json",
    "exit", "crash", "protocol", "infrastructure",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
# What a child may say of itself; the rest is for the host to find out.
OWN_KINDS: frozenset[Kind] = frozenset(
    {"ok", "error", "forbidden", "memory", "recursion", "output_limit", "result_too_big", "not_json", "exit"}
)
# A child that says so is ended: its heap is not to be trusted any more, or it asked to end.
ENDING_KINDS: frozenset[Kind] = frozenset({"memory", "exit"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`stdout` holds what was printed, `truncated` if that is not all of it. `alive`: whether the episode can be called again.

    `cpu_s` is the child's own count, at most the time that went by; it takes no part in comparisons.
    """

    kind: Kind
    value: Any = None
    stdout: str = ""
    truncated: bool = False
    error_type: str = ""
    message: str = ""
    where: str = ""
    cpu_s: float = field(default=0.0, compare=False)
    alive: bool = True

    @property
    def ok(self) -> bool:
        return self.kind == "ok"


@dataclass(frozen=True, slots=True)
class Call:
    """`entry` is a module, then attributes: `bank.pay`, or `backend.files.cd`, a method of an instance. Arguments go by name."""

    entry: str
    arguments: dict[str, Any] = field(default_factory=dict)
