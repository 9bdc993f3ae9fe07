"""bfcl-eval's multi-turn entries as environments: 800 entries, of which four each are variants of one scenario.

    astra convert bfcl-eval --from bfcl --to bfcl

Nothing of the package is imported or run here: its files are read, and the ground truth is played in the sandbox. Every call of
it is a goal of kind `call`, reached by the same call with the same response. A goal comes after another of its turn if making its
call before that one changes any response or the state after the turn.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

from astra_data.errors import DataError, Place
from astra_data.formats.bfcl_modules import GLUE, modules, tools
from astra_data.formats.bfcl_source import INSTALL, BfclFiles, Call, Entry, located
from astra_data.formats.importing import difficulty_of, stage_of
from astra_data.ledger import Unanswered
from astra_data.pipeline.stage import Expand, Item, Keep, Outcome, Reject, Stage
from astra_data.rollout.goals import same
from astra_data.rows import Environment, new_row
from astra_data.rows.environments import AuditCheck, EnvironmentTool, EnvironmentTurn, Goal, Match, Module, World
from astra_data.sandbox import Call as SandboxCall
from astra_data.sandbox import Image, Sandbox
from astra_data.sandbox import Outcome as CallOutcome

LICENSE = "Apache-2.0"
EXCLUDED = "the entry excludes this tool; no code of bfcl-eval reads that, and its prompt offers the tool, as here"
PRELOAD = ("mpmath",)
WORKERS = 2

locate = located


@dataclass(frozen=True, slots=True)
class Played:
    """What calls came to: a response each, and the state after them."""

    responses: list[Any]
    state: Any


Play = Callable[[Sequence[Call]], Played]
"""Plays calls from the initial state. Raises `NoResponseError` where one of them has no response."""


class NoResponseError(Exception):
    """A call that came to no response; the text says which, and what became of it."""


def import_stage(source: Path) -> Stage:
    """See `Importer`. `source` is the folder of the package, or one that holds it."""
    files = BfclFiles(source)

    def items() -> Iterator[Item]:
        for entry in files.entries():
            yield Item(entry.id, entry)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Expand]:
        with importable(files.folder.parent), Sandbox(workers=WORKERS, preload=PRELOAD) as sandbox:
            async def expand(entry: Entry) -> list[Outcome]:
                try:
                    return [Keep(await asyncio.to_thread(environment_of, files, entry, sandbox))]
                except NoResponseError as failure:
                    return [Reject(f"bfcl: the ground truth does not run - {failure}")]

            yield expand

    return stage_of(items, files.read(), 1, opened)


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let the sandbox find what the classes import, if it is only beside the package. Raises `DataError` if it is nowhere."""
    beside = [] if all(map(find_spec, PRELOAD)) else [str(folder)]
    sys.path.extend(beside)
    try:
        if missing := [name for name in PRELOAD if find_spec(name) is None]:
            raise DataError(f"{missing[0]} is not installed, which the classes import", place=Place(folder.name), mend=INSTALL)
        yield
    finally:
        for path in beside:
            sys.path.remove(path)


def environment_of(files: BfclFiles, entry: Entry, sandbox: Sandbox) -> Environment:
    """The environment of an entry. Raises `NoResponseError`, and `Unanswered` where the sandbox broke."""
    offered, code = tools(files, entry), modules(files, entry)
    play = player(sandbox, code, offered, entry)
    turns = goals_by_turn(entry, play)
    final = play([call for turn in entry.calls for call in turn]).state
    world = World(entry.initial, f"{GLUE}.load", f"{GLUE}.dump", [], final)
    notes = [AuditCheck("excluded", name, None, EXCLUDED) for name in entry.excluded]
    environment: Environment = new_row(
        Environment, question_id=None, source="bfcl", domain=" + ".join(sorted(entry.classes)), language="en", license=LICENSE,
        turns=turns, tools=offered, modules=code, world=world, answer=None, audit=notes, hackability=None,
        difficulty=difficulty_of(turns, offered), split_keys=[entry.scenario, entry.id], models={},
    )
    return environment


def goals_by_turn(entry: Entry, play: Play) -> list[EnvironmentTurn]:
    """The turns with their goals in the order of the ground truth."""
    turns: list[EnvironmentTurn] = []
    before: list[Call] = []
    for user, calls in zip(entry.users, entry.calls, strict=True):
        played = play([*before, *calls])
        responses = played.responses[len(before):]
        goals = [Goal(f"g{len(before) + index}", call.tool, call.arguments, response, None, Match("call"), [])
                 for index, (call, response) in enumerate(zip(calls, responses, strict=True))]
        order = edges(before, calls, played, play)
        turns.append(EnvironmentTurn(user, [_after(goal, goals, order, index) for index, goal in enumerate(goals)]))
        before.extend(calls)
    return turns


def edges(before: list[Call], calls: list[Call], played: Played, play: Play) -> set[tuple[int, int]]:
    """(i, j) for calls of a turn of which i must precede j: j made just before i gives another response or another state."""
    found: set[tuple[int, int]] = set()
    for i, j in combinations(range(len(calls)), 2):
        order = [*range(i), j, *range(i, j), *range(j + 1, len(calls))]
        if not _equal(before, [calls[index] for index in order], order, played, play):
            found.add((i, j))
    return found


def _equal(before: list[Call], calls: list[Call], order: list[int], played: Played, play: Play) -> bool:
    try:
        other = play([*before, *calls])
    except NoResponseError:
        return False
    wanted = [*played.responses[: len(before)], *(played.responses[len(before) + index] for index in order)]
    return same(wanted, other.responses) and same(played.state, other.state)


def _after(goal: Goal, goals: list[Goal], order: set[tuple[int, int]], index: int) -> Goal:
    after = [goals[i].id for i in range(index) if (i, index) in order]
    return Goal(goal.id, goal.tool, goal.arguments, goal.response, goal.answer, goal.match, after)


def player(sandbox: Sandbox, code: Sequence[Module], offered: Sequence[EnvironmentTool], entry: Entry) -> Play:
    """Plays calls in an episode of their own."""
    image = Image(tuple((module.name, module.source) for module in code))
    entries = {tool.name: tool.entry for tool in offered}
    load = SandboxCall(f"{GLUE}.load", {"state": entry.initial})

    def play(calls: Sequence[Call]) -> Played:
        made = [SandboxCall(entries[call.tool], call.arguments) for call in calls]
        with sandbox.start(image) as episode:
            if not episode.loaded.ok:
                raise _failure("the modules", episode.loaded)
            outcomes = episode.call_many([load, *made, SandboxCall(f"{GLUE}.dump")])
        for call, outcome in zip([load, *made, SandboxCall(f"{GLUE}.dump")], outcomes, strict=True):
            if not outcome.ok:
                raise _failure(call.entry, outcome)
        return Played([outcome.value for outcome in outcomes[1:-1]], outcomes[-1].value)

    return play


def _failure(what: str, outcome: CallOutcome) -> Exception:
    if outcome.kind == "infrastructure":
        return Unanswered(f"sandbox: {outcome.message}")
    return NoResponseError(f"{what}: {outcome.kind} {outcome.error_type} {outcome.message}")
