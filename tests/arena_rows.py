"""Arenas of the tests' own, made of small environments as they are.

    arena_of(SHOP, answer=13)       # every tool of the shop, no distractors
"""

from typing import Any

from astra_data.messages import user
from astra_data.rows import Arena, Environment, new_row
from astra_data.rows.arenas import ArenaDifficulty, Entry


def arena_of(environment: Environment, **values: Any) -> Arena:
    """The environment as an arena, but for `values`."""
    goals = sum(len(turn.goals) for turn in environment.turns)
    known: dict[str, Any] = {
        "environment_id": environment.id, "source": "given", "domain": "shop", "language": "en", "licenses": [],
        "prompt": [user(environment.turns[0].user)],
        "tools": [{"type": "function", "function": tool.schema} for tool in environment.tools],
        "entries": [Entry(tool.name, tool.entry, tool.from_turn) for tool in environment.tools],
        "modules": environment.modules, "turns": environment.turns, "world": environment.world, "answer": environment.answer,
        "distractors": [], "split": "test", "models": {},
        "difficulty": ArenaDifficulty(1, goals, len(environment.tools), len(environment.turns), None, None),
    }
    row: Arena = new_row(Arena, **known | values)
    return row
