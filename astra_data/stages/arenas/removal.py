"""Arenas from which a tool or a value was taken, so that what the user wants cannot be done [A 15.5, 22.4].

    lacking(arena, Removing(tool=0.1, argument=0.1), seed=7)       # most arenas as they are, some without something

A reward for calls alone teaches to call always; here the right thing is to say what is missing, and to call nothing. A tool goes
only if it looks something up by a text, since sums a model can do itself, and if the whole task hangs on it: every goal leads to
one of its goals, or follows from it. So does a value, which must be a code of letters and digits (`O-17`) that the user says once
and no tool's documentation does: the noun before it is then left over ("the order O-17" becomes "the order"). An arena of several
turns of the user, or of which nothing can be taken, stays as it is.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from astra_data.messages import Message
from astra_data.rollout.goals import stands_in, text_of
from astra_data.rollout.oracle import waits
from astra_data.rows import Arena, identity, to_dict
from astra_data.rows.arenas import Removed
from astra_data.rows.environments import EnvironmentTurn, Goal
from astra_data.stages.arenas.config import Removing

CODE = re.compile(r"(?=[^\W_]*[^\W\d_])(?=.*\d)\w[\w-]*")
"""What can be left out after its noun: letters first, then digits."""


def lacking(arena: Arena, shares: Removing, seed: int) -> Arena:
    """The arena, or one without something, as a draw for it alone has it."""
    rng = random.Random(f"{seed}/arenas/{arena.environment_id}/removed")
    drawn = rng.random()
    if drawn >= shares.tool + shares.argument or len(arena.turns) != 1:
        return arena
    text = arena.turns[0].user
    found = list(_tools(arena, text) if drawn < shares.tool else _values(arena, text))
    return _without(arena, *rng.choice(found)) if found else arena


Taken = tuple[Removed, str]
"""What is taken, and what the user says then."""


def _tools(arena: Arena, text: str) -> Iterator[Taken]:
    goals = arena.turns[0].goals
    for tool in dict.fromkeys(goal.tool for goal in goals):
        own = [goal for goal in goals if goal.tool == tool]
        looks_up = all(any(isinstance(value, str) for value in (goal.arguments or {}).values()) for goal in own)
        if looks_up and _all_hang_on(own, goals, text):
            yield Removed("tool", tool, None, text), text


def _values(arena: Arena, text: str) -> Iterator[Taken]:
    documents = "\n".join(text_of(tool) for tool in arena.tools)
    goals = arena.turns[0].goals
    for goal in goals:
        for name, value in (goal.arguments or {}).items():
            if _said_once(value, text) and not stands_in(value, documents) and _all_hang_on([goal], goals, text):
                yield Removed("argument", goal.tool, name, text), text.replace(f" {value}", "")


def _said_once(value: Any, text: str) -> bool:
    """Whether the value is a code that the text has once, after a space."""
    code = isinstance(value, str) and CODE.fullmatch(value) is not None
    return code and text.count(f" {value}") == text.count(value) == 1 and stands_in(value, text)


def _all_hang_on(chosen: Sequence[Goal], goals: Sequence[Goal], text: str) -> bool:
    """Whether every goal leads to one of the chosen, or follows from one."""
    before = {name: set(names) for name, names in waits(goals, text).items()}
    for goal in goals:
        for name in tuple(before[goal.id]):
            before[goal.id] |= before.get(name, set())
    ids = {goal.id for goal in chosen}
    leading = set[str]().union(*(before[name] for name in ids))
    return all(goal.id in ids | leading or before[goal.id] & ids for goal in goals)


def _without(arena: Arena, removed: Removed, text: str) -> Arena:
    """The arena without goals, answer and what is removed."""
    gone = removed.tool if removed.kind == "tool" else None
    kept = [(tool, entry) for tool, entry in zip(arena.tools, arena.entries, strict=True) if entry.name != gone]
    prompt: list[Message] = [*arena.prompt[:-1], {**arena.prompt[-1], "content": text}]
    row = replace(
        arena, prompt=prompt, tools=[tool for tool, _ in kept], entries=[entry for _, entry in kept],
        turns=[EnvironmentTurn(text, [])], world=replace(arena.world, final_state=None), answer=None, removed=removed,
        difficulty=replace(arena.difficulty, goals=0, tools=len(kept)),
    )
    return replace(row, id=identity(Arena, to_dict(row)))
