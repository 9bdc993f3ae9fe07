"""`arenas`: one row is an environment to act in, with tools that no goal needs among its own, self-contained.

    environment = environment_of(arena)        # what the sandbox runs, distractors included
"""

from dataclasses import dataclass
from typing import ClassVar

from astra_data.rows.environments import Environment, EnvironmentDifficulty, EnvironmentTool, EnvironmentTurn, Module, World
from astra_data.rows.schema import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the code of a tool is: module, then attributes. `from_turn` is the first turn (from 0) that offers it."""

    name: str
    entry: str
    from_turn: int


@dataclass(frozen=True, slots=True)
class Distractor:
    """A tool of another environment. `band` is `high`, `medium` or `low`, by its similarity to `for_tool`, which it is most
    like; `random` if it was drawn without a look at it, and both are then null."""

    name: str
    band: str
    similarity: float | None
    for_tool: str | None
    environment_id: str


@dataclass(frozen=True, slots=True)
class ArenaDifficulty:
    """Columns to filter or order by. `similarity` is the mean over the distractors, null without any; `pass_rate` the share of
    measured rollouts that reached all goals, null before any."""

    hops: int
    goals: int
    tools: int
    turns: int
    similarity: float | None
    pass_rate: float | None


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out of an arena, so that what its user wants cannot be done: a `tool`, or the value of an `argument` of it
    that the user named. `text` is what the user said before."""

    kind: str
    tool: str
    argument: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Arena:
    """An arena. `tools` are those of the environment and the distractors, shuffled, as OpenAI tool objects; `entries` has the
    code of each in the same order. An arena from which something was `removed` has no goals and no answer: the right thing to do
    is to say what is missing."""

    IDENTITY: ClassVar = ("environment_id", "distractors", "removed")

    id: str
    environment_id: str
    source: str
    domain: str
    language: str | None
    licenses: list[str]
    prompt: list[Json]
    tools: list[Json]
    entries: list[Entry]
    modules: list[Module]
    turns: list[EnvironmentTurn]
    world: World
    answer: Json | None
    distractors: list[Distractor]
    split: str
    difficulty: ArenaDifficulty
    models: dict[str, str]
    removed: Removed | None = None


def environment_of(arena: Arena) -> Environment:
    """The arena as an environment whose tools are all of its tools; it has the id of the one that it was made from."""
    schemas = {tool["function"]["name"]: tool["function"] for tool in arena.tools}
    difficulty = arena.difficulty
    return Environment(
        id=arena.environment_id, question_id=None, source=arena.source, domain=arena.domain, language=arena.language,
        license=None, turns=arena.turns,
        tools=[EnvironmentTool(entry.name, schemas[entry.name], entry.entry, entry.from_turn) for entry in arena.entries],
        modules=arena.modules, world=arena.world, answer=arena.answer, audit=[], hackability=None,
        difficulty=EnvironmentDifficulty(difficulty.hops, difficulty.goals, difficulty.tools, difficulty.turns),
        split_keys=[], models=arena.models,
    )
