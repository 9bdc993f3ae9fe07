"""`environments`: one row is a set of executable tools with the goals that calls to them must reach, self-contained.

The same schema holds tools that are functions of their arguments, and tools that are methods of objects with a state.
"""

from dataclasses import dataclass
from typing import ClassVar

from astra_data.rows.schema import Json


@dataclass(frozen=True, slots=True)
class Module:
    """Python source. Modules are loaded in order and may import those before them by name."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class EnvironmentTool:
    """A tool: `schema` is its OpenAI function object (`name`, `description`, `parameters`), `entry` the dotted place of what is
    called with the arguments (module, then attributes), `from_turn` the first turn (from 0) that offers it."""

    name: str
    schema: Json
    entry: str
    from_turn: int = 0


MATCHES = ("exact", "number", "text", "set", "json", "call", "state")
"""The kinds of `Match`."""


@dataclass(frozen=True, slots=True)
class Match:
    """How a call is told to reach a goal.

    `kind`: `exact`, `number`, `text`, `set` or `json` hold the response (its part at the dotted `path`, or all of it) against the
    goal's `answer`; `call` holds tool, arguments and response against the goal's; `state` holds the state after the call against
    `answer`, all of whose parts must be there. `tolerance` is the absolute difference that `number` forgives.
    """

    kind: str
    path: str | None = None
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """What one call must reach. `tool` with `arguments` is the call that is known to reach it (the gold call), `response` what it
    then returns, `answer` the value that is looked for; `arguments` are null where no such call is known, as in some imported
    rows. `after` names goals that must be reached before this one."""

    id: str
    tool: str
    arguments: Json
    response: Json | None
    answer: Json | None
    match: Match
    after: list[str]


@dataclass(frozen=True, slots=True)
class EnvironmentTurn:
    """What the user says, and the goals that calls made in reply to it may reach. Without goals, calls only cost."""

    user: str
    goals: list[Goal]


@dataclass(frozen=True, slots=True)
class World:
    """The state behind tools that have one. `load` is the entry that is called once with `state=initial_state` before any tool,
    `dump` the one that returns the state; both are null for tools without a state. `ignore` names top-level parts of the state
    that comparisons leave out; `final_state` is the state after the gold calls of all turns."""

    initial_state: Json | None
    load: str | None
    dump: str | None
    ignore: list[str]
    final_state: Json | None


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """One check of the audit [A 21.3] on one tool, or on the environment where `tool` is null. `passed` is null when it could not
    be made, `evidence` says what was seen."""

    check: str
    tool: str | None
    passed: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class EnvironmentDifficulty:
    """Columns to filter or order by: hop levels, goals, gold calls over all turns, tools on offer, turns."""

    hops: int
    goals: int
    tools: int
    turns: int


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment. `hackability` in [0, 1] is the share of applicable audit probes that fooled it, null before an audit.

    `split_keys` are texts that must not be on both sides of a split, such as the world and the question template.
    """

    IDENTITY: ClassVar = ("tools", "modules", "turns", "world")

    id: str
    question_id: str | None
    source: str
    domain: str
    language: str | None
    license: str | None
    turns: list[EnvironmentTurn]
    tools: list[EnvironmentTool]
    modules: list[Module]
    world: World
    answer: Json | None
    audit: list[AuditCheck]
    hackability: float | None
    difficulty: EnvironmentDifficulty
    split_keys: list[str]
    models: dict[str, str]
