"""A policy in an arena: the one rollout loop, with the arena's user and its tools, and the row that becomes of it.

    done = await act(arena, policy, sandbox)
    row = recorded(arena, policy.name, policy.sampling, 0, done, scored(arena, done.messages), Terms())

The user says the next turn after each answer, and tools that come with a turn are on offer from then on.
"""

from collections.abc import Mapping
from typing import Any

from astra_data.messages import JsonObject, Message
from astra_data.rollout.loop import Rollout, rollout
from astra_data.rollout.running import SandboxToolbox
from astra_data.rollout.scoring import Scored, Terms
from astra_data.rows import Arena, Trajectory, new_row
from astra_data.rows.arenas import environment_of
from astra_data.rows.trajectories import ArenaScore, BandUse
from astra_data.sandbox import Sandbox
from astra_data.teacher.teacher import Policy

MAX_TURNS = 32
"""Most turns of the policy [A 15.4]."""


class ArenaUser:
    """Says the turns of an arena after the first. `tools` is the list that the loop was given; it is kept up to date."""

    def __init__(self, arena: Arena, toolbox: SandboxToolbox, tools: list[JsonObject]) -> None:
        self._left = [turn.user for turn in arena.turns[1:]]
        self._toolbox, self._tools = toolbox, tools

    async def reply(self, messages: list[Message]) -> str | None:
        """See `User.reply`."""
        if not self._left:
            return None
        self._tools[:] = self._toolbox.next_turn()
        return self._left.pop(0)


async def act(arena: Arena, policy: Policy, sandbox: Sandbox, *, sample: int = 0, max_turns: int = MAX_TURNS,
              max_invalid: int = 3) -> Rollout:
    """One rollout. Raises `Unanswered` where the policy has no answer, `Unloadable` and `Diverged` for a broken arena."""
    async with SandboxToolbox(environment_of(arena), sandbox) as toolbox:
        tools = toolbox.running.offered()
        opening: list[Any] = list(arena.prompt)
        return await rollout(policy, toolbox, opening, tools, max_turns=max_turns, sample=sample,
                             other=ArenaUser(arena, toolbox, tools), max_invalid=max_invalid)


def recorded(arena: Arena, policy: str, sampling: JsonObject, sample: int, done: Rollout, found: Scored | None,
             terms: Terms) -> Trajectory:
    """The row of a rollout; without a score where there is none."""
    row: Trajectory = new_row(
        Trajectory, task_id=arena.id, server=arena.domain, policy=policy, sampling=sampling, sample=sample, tools=arena.tools,
        messages=done.messages, terminal=done.terminal, calls=done.calls, flaws=[], scores=[],
        reward=None if found is None else terms.value(found), usage=done.usage, models={**arena.models, "policy": policy},
        arena=None if found is None else arena_score(arena, found, done.messages),
    )
    return row


def arena_score(arena: Arena, found: Scored, messages: list[Message]) -> ArenaScore:
    """The typed columns of a score."""
    return ArenaScore(
        environment_id=arena.environment_id, split=arena.split, hops=arena.difficulty.hops, tools=len(arena.tools),
        goals=found.goals, solved=found.solved, calls=found.calls, f1=found.f1, recall=found.recall, precision=found.precision,
        credits=found.credits, unsolved=found.breakdown.unsolved, answered=found.answered, declined=found.declined,
        valid=found.valid, malformed_turns=found.malformed_turns, malformed_calls=found.malformed_calls,
        unknown_calls=found.unknown_calls, distractor_calls=found.distractor_calls, bands=_bands(arena, messages),
    )


def _bands(arena: Arena, messages: list[Message]) -> list[BandUse]:
    called = [call["function"]["name"] for message in messages for call in message.get("tool_calls") or ()]
    bands: Mapping[str, list[str]] = {
        band: [one.name for one in arena.distractors if one.band == band] for band in ("high", "medium", "low", "random")
    }
    return [BandUse(band, len(names), sum(name in names for name in called)) for band, names in bands.items() if names]
