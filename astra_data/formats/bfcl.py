"""bfcl-eval's multi-turn entries as environments: 800 entries, of which four each are variants of one scenario.

    astra convert bfcl-eval --from bfcl --to bfcl

Nothing of the package is imported or run here: its files are read, and the ground truth is played in the sandbox. Every call of
it is a goal of kind `call`, reached by the same call with the same response. A goal comes after another of its turn if making its
call before that one changes any response, of this turn or a later one, or the state after a turn.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from astra_data.errors import DataError, Place
from astra_data.formats.bfcl_modules import GLUE, modules, tools
from astra_data.formats.bfcl_source import INSTALL, BfclFiles, Call, Entry, located
from astra_data.formats.importing import difficulty_of, stage_of
from astra_data.ledger import Unanswered
from astra_data.pipeline.stage import Expand, Item, Keep, Outcome, Reject, Stage
from astra_data.rollout.goals import parsed, same
from astra_data.rollout.running import Result, Running, Unloadable
from astra_data.rows import Environment, new_row
from astra_data.rows.environments import AuditCheck, EnvironmentTurn, Goal, Match, World
from astra_data.sandbox import Sandbox
from astra_data.sandbox.installed import installed
from astra_data.stages.imported import ImportConfig
from astra_data.tools.result import ToolBackendDown

LICENSE = "Apache-2.0"
EXCLUDED = "the entry excludes this tool; no code of bfcl-eval reads that, and its prompt offers the tool, as here"
EARLY = "the entry adds this tool in a later turn than its ground truth calls it in; it is there from that turn on"
PRELOADED = ("mpmath",)
"""Packages that the classes may import. A worker of the sandbox loads them before it is locked in."""
WORKERS = 2

locate = located


Calls = Sequence[Sequence[Call]]
"""Calls by turn."""


@dataclass(frozen=True, slots=True)
class Played:
    """What calls came to: their responses, and the state after them, by turn."""

    responses: list[list[Any]]
    states: list[Any]


Play = Callable[[Calls], Played]
"""Plays calls from the initial state. Raises `NoResponseError` where one of them has no response."""


class NoResponseError(Exception):
    """A call that came to no response; the text says which, and what became of it."""


class BfclConfig(ImportConfig):
    """How the ground truth is replayed."""

    isolation: Literal["strict", "best_effort"] = Field(default="strict", description="`strict` refuses to run with less")


def import_stage(source: Path) -> Stage:
    """See `Importer`. `source` is the folder of the package, or one that holds it."""
    files = BfclFiles(source)

    def items() -> Iterator[Item]:
        for entry in files.entries():
            yield Item(entry.id, entry)

    @asynccontextmanager
    async def opened(config: BfclConfig) -> AsyncIterator[Expand]:
        with sandbox_for(files, config.isolation) as sandbox:
            async def expand(entry: Entry) -> list[Outcome]:
                try:
                    return [Keep(await asyncio.to_thread(environment_of, files, entry, sandbox))]
                except NoResponseError as failure:
                    return [Reject(f"bfcl: the ground truth does not run - {failure}")]

            yield expand

    return stage_of("bfcl", items, files.read(), opened, BfclConfig)


@contextmanager
def sandbox_for(files: BfclFiles, isolation: Literal["strict", "best_effort"] = "strict") -> Iterator[Sandbox]:
    """A sandbox with the packages that the classes import, whatever lies beside their files.

    Raises `DataError` unless all of them are among `PRELOADED` and installed.
    """
    place = Place(files.folder.name)
    if strange := [name for name in files.packages if name not in PRELOADED]:
        known = f"the classes of bfcl-eval import {', '.join(PRELOADED)} and the standard library"
        raise DataError(f"{strange[0]}, which the classes import, is not loaded for them", place=place, mend=known)
    if missing := sorted(set(files.packages) - set(installed(files.packages))):
        raise DataError(f"{missing[0]}, which the classes import, is not installed", place=place, mend=INSTALL)
    with Sandbox(WORKERS, isolation, preload=files.packages) as sandbox:
        yield sandbox


def environment_of(files: BfclFiles, entry: Entry, sandbox: Sandbox) -> Environment:
    """The environment of an entry. Raises `NoResponseError`, and `Unanswered` where the sandbox broke."""
    bare = _row(files, entry, [EnvironmentTurn(user, []) for user in entry.users], None)
    play = player(bare, sandbox)
    played = play(entry.calls)
    return _row(files, entry, with_goals(entry, played, play), played.states[-1])


def _row(files: BfclFiles, entry: Entry, turns: list[EnvironmentTurn], final_state: Any) -> Environment:
    offered = tools(files, entry)
    environment: Environment = new_row(
        Environment, question_id=None, source="bfcl", domain=" + ".join(sorted(entry.classes)), language="en", license=LICENSE,
        turns=turns, tools=offered, modules=modules(files, entry),
        world=World(entry.initial, f"{GLUE}.load", f"{GLUE}.dump", [], final_state), answer=None,
        audit=_notes(entry), hackability=None,
        difficulty=difficulty_of(turns, offered), split_keys=[entry.scenario, entry.id], models={},
    )
    return environment


def _notes(entry: Entry) -> list[AuditCheck]:
    """Where the environment is not what the entry says, and why."""
    early = [name for name, turn in entry.added.items() if entry.first_turn(name) < turn]
    return [*(AuditCheck("excluded", name, None, EXCLUDED) for name in entry.excluded),
            *(AuditCheck("withheld", name, None, EARLY) for name in early)]


def with_goals(entry: Entry, played: Played, play: Play) -> list[EnvironmentTurn]:
    """The turns with their goals in the order of the ground truth, numbered over all turns."""
    turns, number = [], 0
    for turn, (user, calls) in enumerate(zip(entry.users, entry.calls, strict=True)):
        ids = [f"g{number + index}" for index in range(len(calls))]
        order = edges(entry.calls, turn, played, play)
        goals = [Goal(ids[j], call.tool, call.arguments, played.responses[turn][j], None, Match("call"),
                      [ids[i] for i in range(j) if (i, j) in order]) for j, call in enumerate(calls)]
        turns.append(EnvironmentTurn(user, goals))
        number += len(calls)
    return turns


def edges(turns: Calls, turn: int, played: Played, play: Play) -> set[tuple[int, int]]:
    """(i, j) for calls of a turn of which i must precede j: with j made just before i, some response of this turn or a later one,
    or a state after a turn, is another."""
    size = len(turns[turn])
    return {
        (i, j) for i, j in combinations(range(size), 2)
        if not _unchanged(turns, turn, [*range(i), j, *range(i, j), *range(j + 1, size)], played, play)
    }


def _unchanged(turns: Calls, turn: int, order: list[int], played: Played, play: Play) -> bool:
    try:
        other = play([*turns[:turn], [turns[turn][index] for index in order], *turns[turn + 1:]])
    except NoResponseError:
        return False
    moved = [played.responses[turn][index] for index in order]
    wanted = [*played.responses[:turn], moved, *played.responses[turn + 1:]]
    return same(wanted, other.responses) and same(played.states, other.states)


def player(environment: Environment, sandbox: Sandbox) -> Play:
    """Plays calls in an episode of their own."""

    def play(turns: Calls) -> Played:
        played = Played([], [])
        try:
            with Running(environment, sandbox) as running:
                for running.turn, calls in enumerate(turns):
                    results = running.call_many([(call.tool, call.arguments) for call in calls])
                    played.responses.append([_response(call, result) for call, result in zip(calls, results, strict=True)])
                    played.states.append(running.state())
        except ToolBackendDown as down:
            raise Unanswered(str(down)) from down
        except Unloadable as error:
            raise NoResponseError(error.message) from error
        return played

    return play


def _response(call: Call, result: Result) -> Any:
    """What the call is told, as goals are compared with it."""
    if result.outcome is None or result.outcome.kind not in ("ok", "output_limit"):
        raise NoResponseError(f"{call.tool}: {result.content}")
    return parsed(result.content)
