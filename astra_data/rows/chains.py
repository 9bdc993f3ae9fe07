"""`chains`: one row is a sequence of tools of one server, each hop with the evidence that it can be made."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Evidence:
    """How one required parameter of hop `hop` (counted from 0) can be filled.

    `kind` is `output` (an earlier tool returns a field of that name), `shared` (the same thing an earlier tool was given),
    `similar` (an earlier tool returns a field that fits by type and words), `described` (an earlier tool, whose output is not
    declared, makes or looks up such a thing), `user` (the user states it) or `unsupported`. `source` is the earlier tool,
    `field` the output field of `similar`.
    """

    hop: int
    parameter: str
    kind: str
    source: str | None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """The seeded walk that drew the chain: its seed, and the natural log of its probability in the graph."""

    seed: int
    logp: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict on a chain: which check, its value (null when it abstained) and why."""

    check: str
    value: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain. `weights[i]` is the number of proposals in which tool i stands directly before tool i+1."""

    IDENTITY: ClassVar = ("server_id", "tools")

    id: str
    server_id: str
    server: str
    tools: list[str]
    weights: list[int]
    evidence: list[Evidence]
    walk: Walk
    verdicts: list[Verdict]
    models: dict[str, str]
