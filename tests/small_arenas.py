"""Arenas of the tests' own, made of the small environments, for tests of whatever acts in them.

    arena_of(shop(), distractors=[...])
    four()          two without a state, two with one, no two with the same tools
"""

from dataclasses import replace
from typing import Any

import small_environments as plain
from sample_environments import shop, wallet

from astra_data.hub.lineage import Code, FileDigest, Funnel, Lineage, Output
from astra_data.hub.store import Store, Version
from astra_data.hub.tree import sha256_file
from astra_data.hub.writer import Writer
from astra_data.messages import user
from astra_data.rows import Arena, Environment, digest, new_row, to_dict
from astra_data.rows.arenas import ArenaDifficulty, Distractor, Entry
from astra_data.rows.environments import EnvironmentTurn
from astra_data.rows.fit import identity


def arena_of(environment: Environment, **values: Any) -> Arena:
    """The first turn of the environment as an arena."""
    turns = [replace(environment.turns[0])]
    known: dict[str, Any] = {
        "environment_id": environment.id, "source": environment.source, "domain": environment.domain, "language": "en",
        "licenses": [], "prompt": [user(turns[0].user)],
        "tools": [{"type": "function", "function": tool.schema} for tool in environment.tools],
        "entries": [Entry(tool.name, tool.entry, tool.from_turn) for tool in environment.tools],
        "modules": environment.modules, "turns": turns, "world": environment.world, "answer": environment.answer,
        "distractors": [], "split": "train", "difficulty": ArenaDifficulty(1, 1, len(environment.tools), 1, None, None),
        "models": {},
    }
    row: Arena = new_row(Arena, **known | values)
    return row


def four() -> list[Arena]:
    """Arenas with four toolsets: a shop, a wallet (goals of states), another shop, of whose tools `say` is a distractor, and a
    bank (goals of states)."""
    return [
        arena_of(shop()), arena_of(wallet()),
        arena_of(plain.SHOP, answer=3, distractors=[Distractor("say", "low", 0.1, "total", "0" * 16)]), arena_of(plain.BANK),
    ]


def two_turns() -> Arena:
    """An arena whose user speaks twice."""
    arena = arena_of(wallet())
    return replace(arena, turns=[*arena.turns, EnvironmentTurn("What is left?", wallet().turns[1].goals)])


def distinct(arenas: list[Arena]) -> list[dict[str, Any]]:
    """The rows of arenas; one that shares its id with an earlier one is of an environment of its own."""
    rows: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(map(to_dict, arenas)):
        if row["id"] in rows or row["id"] != identity(Arena, row):
            row = row | {"environment_id": f"{number:016x}"}
            row = row | {"id": identity(Arena, row)}
        rows[row["id"]] = row
    return list(rows.values())


def arenas_version(store: Store, arenas: list[Arena], name: str = "small-arenas", **changes: Any) -> Version:
    """A version in the store of these arenas."""
    with store.staging(name) as folder:
        with Writer(folder / "data", Arena) as writer:
            for row in distinct(arenas):
                writer.write(row)
        written = writer.close()
        path = folder / "data" / written.files[0]
        file = FileDigest(f"data/{path.name}", sha256_file(path), path.stat().st_size)
        values: dict[str, Any] = {
            "kind": "arenas", "stage": "arenas", "stage_version": 1, "key": digest(written.rows), "complete": True, "config": {},
            "seed": 7, "command": "astra run small --only arenas", "funnel": Funnel(len(arenas), len(arenas)),
            "outputs": [Output("default", written.rows, len(arenas), [file])], "code": Code("astra-data", "0.1.0"),
            "licenses": ["MIT"],
        }
        return store.commit(name, folder, Lineage(**values | changes))
