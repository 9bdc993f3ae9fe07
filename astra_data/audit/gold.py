"""The gold calls, made three times under different hash seeds, twice in one episode, and compared [A 21.3.3, 21.3.6].

    passes = play(environment, bench)
    [check.passed for check in gold_checks(environment, passes)]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from astra_data.audit.bench import Bench
from astra_data.audit.domains import alike, tables_of
from astra_data.audit.finding import goals_of, informative, is_answer, not_applicable, scalars, stated, verdict, within
from astra_data.audit.mutants import Mutant
from astra_data.audit.probing import Probe, Seen, demand
from astra_data.messages import JsonObject
from astra_data.rollout.goals import Made, parsed, reaches, same, text_of
from astra_data.rollout.replay import gold_calls
from astra_data.rollout.running import CLOCK, image_of, result_of
from astra_data.rows.environments import AuditCheck, Environment, Goal
from astra_data.sandbox import Call, Episode, Outcome

REPEATS = 3
"""Equal calls after a call."""


@dataclass(frozen=True, slots=True)
class Pass:
    """The gold calls in order, once: what each came to, and the states before the first and after each. `loaded` is null where
    all is well, else why modules or state did not load."""

    loaded: str | None
    seen: list[Seen]

    @property
    def bytes(self) -> list[bytes]:
        """All that came out, to the byte; objects in the order of their keys."""
        return [_all_of(each) for each in self.seen]


@dataclass(frozen=True, slots=True)
class Passes:
    """One pass per hash seed, a second one in the first episode after loading anew, and reads made twice in a row there."""

    first: list[Pass]
    again: Pass | None
    twice: list[tuple[Seen, str]]


def ordered(environment: Environment) -> list[tuple[int, Goal]]:
    """The goals with their turns, in the order in which their gold calls are made."""
    found = []
    for turn, (asked, calls) in enumerate(zip(environment.turns, gold_calls(environment), strict=True)):
        left = list(asked.goals)
        for name, arguments in calls:
            goal = next(each for each in left if each.tool == name and each.arguments == arguments)
            left.remove(goal)
            found.append((turn, goal))
    return found


def play(environment: Environment, bench: Bench) -> Passes:
    """Raises `ToolBackendDown` where the sandbox failed."""
    passes, again, twice = [], None, list[tuple[Seen, str]]()
    for pool in bench.pools:
        with pool.start(image_of(environment), clock=CLOCK) as episode:
            demand(episode.loaded)
            passes.append(_pass(environment, episode))
            if len(passes) == 1 and passes[0].loaded is None:
                again = _pass(environment, episode)
                twice = _twice(environment, episode, passes[0])
    return Passes(passes, again, twice)


def _pass(environment: Environment, episode: Episode) -> Pass:
    world, goals = environment.world, ordered(environment)
    entries = {tool.name: tool.entry for tool in environment.tools}
    if not episode.loaded.ok:
        return Pass(f"the modules do not load: {episode.loaded.error_type} {episode.loaded.message}".strip(), [])
    start = [Call(world.load, {"state": world.initial_state})] if world.load else []
    dump = [Call(world.dump)] if world.dump else []
    calls = [*start, *dump, *(call for _, goal in goals for call in (Call(entries[goal.tool], goal.arguments), *dump))]
    outcomes = episode.call_many(calls)
    for outcome in outcomes:
        demand(outcome)
    if start and outcomes[0].kind != "ok":
        return Pass(f"the state does not load: {outcomes[0].error_type} {outcomes[0].message}", [])
    rest, seen, before = outcomes[len(start) :], list[Seen](), None
    if dump:
        before, rest = rest[0].value, rest[1:]
    for (turn, goal), at in zip(goals, range(0, len(rest), 1 + len(dump)), strict=True):
        after = rest[at + 1].value if dump else None
        seen.append(Seen(Probe(goal, turn, Mutant("gold", None, goal.arguments), ()), rest[at], before, after))
        before = after
    return Pass(None, seen)


def _twice(environment: Environment, episode: Episode, first: Pass) -> list[tuple[Seen, str]]:
    """What further equal calls gave right after a call that changed no state."""
    world = environment.world
    entries = {tool.name: tool.entry for tool in environment.tools}
    calls: list[Call] = [Call(world.load, {"state": world.initial_state})] if world.load else []
    places: list[tuple[Seen, int]] = []
    for seen in first.seen:
        calls.append(Call(entries[seen.probe.goal.tool], seen.probe.goal.arguments))
        if same(seen.state_before, seen.state_after):
            places += [(seen, len(calls) + more) for more in range(REPEATS)]
            calls += [calls[-1]] * REPEATS
    outcomes = episode.call_many(calls)
    return [(seen, f"{result_of(outcomes[at]).content}\n{outcomes[at].stdout}".strip()) for seen, at in places]


def gold_checks(environment: Environment, passes: Passes, seen: Sequence[Seen],
                again: Sequence[tuple[Seen, Seen]], alone: Sequence[Seen]) -> Iterator[AuditCheck]:
    """JSON results, equal bytes, no state between episodes or calls, no call that answers another goal.

    `seen` are the mutants, `again` calls that were made at two times with what came of them, `alone` the gold calls without those
    before them where there is a state.
    """
    first = passes.first[0]
    bad = [f"{each.probe.goal.tool}: {_why(each.outcome)}" for each in first.seen if each.outcome and not each.outcome.ok
           and each.outcome.kind != "error"]
    yield verdict("json", None, bad, f"{len(first.seen)} gold calls gave JSON")
    differ = [f"{one.probe.goal.tool} gave {one.content[:60]}, and {other.content[:60]} under another hash seed"
              for later in passes.first[1:] for one, other, left, right in zip(first.seen, later.seen, first.bytes, later.bytes,
                                                                             strict=False) if left != right]
    differ += ["it loads under one hash seed and not under another" for later in passes.first[1:] if later.loaded != first.loaded]
    yield verdict("determinism", None, differ, f"{len(passes.first)} hash seeds gave the same bytes")
    faults = [*_isolation(passes), *_history(again)]
    yield verdict("isolation", None, faults, "a second pass, repeated reads and another order of calls gave the same")
    yield _crosstalk(environment, first.seen, seen, alone)


def _why(outcome: Outcome) -> str:
    return f"{outcome.kind} {outcome.message}".strip()


def _isolation(passes: Passes) -> Iterator[str]:
    first, again = passes.first[0], passes.again
    if again is None:
        return
    if again.loaded:
        yield f"loaded a second time, {again.loaded}"
    for one, other, left, right in zip(first.seen, again.seen, first.bytes, again.bytes, strict=False):
        if left != right:
            yield f"{one.probe.goal.tool} gave {one.content[:60]} first, {other.content[:60]} when all was made again"
    for seen, content in passes.twice:
        if seen.content != content:
            yield f"{seen.probe.goal.tool} gave {seen.content[:60]}, and {content[:60]} when called again"


def _history(again: Sequence[tuple[Seen, Seen]]) -> Iterator[str]:
    """Calls that gave something else after other calls than before them."""
    for one, other in again:
        if one.outcome is not None and other.outcome is not None and _all_of(one) != _all_of(other):
            yield (f"{one.probe.goal.tool}({text_of(one.probe.mutant.arguments)[:60]}) gave {one.content[:60]}, and "
                   f"{other.content[:60]} after other calls")


def _all_of(seen: Seen) -> bytes:
    """All that came out of a call, to the byte."""
    return orjson.dumps([seen.outcome.kind if seen.outcome else None, seen.content, seen.state_after])


def _crosstalk(environment: Environment, gold: Sequence[Seen], mutants: Sequence[Seen], alone: Sequence[Seen]) -> AuditCheck:
    """One gold call must not reach another's goal, nor tell its answer."""
    if all(each.probe.goal.match.kind == "call" for each in gold):
        return not_applicable("crosstalk", None, "goals are calls, reached by their arguments")
    done = [f"the gold call of {seen.probe.goal.id} alone also reaches {other.id}" for seen in alone
            for other in goals_of(environment) if other.match.kind == "state" and other.tool != seen.probe.goal.tool
            and _also_reaches(seen, other)]
    faults = [*_told(gold), *done, *_told_in_errors(environment, mutants)]
    return verdict("crosstalk", None, faults, f"{len(gold)} gold calls tell their own answers alone")


def _told_in_errors(environment: Environment, mutants: Sequence[Seen]) -> Iterator[str]:
    """Refused calls that tell what another tool is asked for. The values that an argument may have they may list."""
    refused = {(each.probe.goal.tool, each.content): each for each in mutants if each.outcome is not None and not each.answered}
    for seen in refused.values():
        mine = seen.probe.goal
        inputs: list[Any] = [mine.arguments, seen.probe.mutant.arguments]
        for other in goals_of(environment):
            if other.tool != mine.tool and is_answer(other) and informative(other.answer) \
                    and stated(other.answer, seen.content, inputs) and not _one_of(mine.arguments, other.answer, environment):
                yield f"a refused call of {mine.tool} tells the answer of {other.id}: {seen.content[:80]}"


def _one_of(arguments: JsonObject, answer: Any, environment: Environment) -> bool:
    """Whether the answer is a value that one of the arguments could have."""
    tables = tables_of(environment)
    return any(answer in alike(value, tables) for value in scalars(arguments))


def _told(gold: Sequence[Seen]) -> Iterator[str]:
    for seen in gold:
        mine, content = seen.probe.goal, seen.content
        for other in (each.probe.goal for each in gold if each.probe.goal is not mine):
            if same(mine.answer, other.answer) or other.match.kind == "call" or same([mine.tool, mine.arguments],
                                                                                   [other.tool, other.arguments]):
                continue
            if _also_reaches(seen, other):
                yield f"the gold call of {mine.id} also reaches {other.id}"
            elif is_answer(other) and _tells(mine, content, other):
                yield f"the gold call of {mine.id} also tells the answer of {other.id}: {content[:80]}"


def _also_reaches(seen: Seen, other: Goal) -> bool:
    if seen.outcome is None or not seen.outcome.ok:
        return False
    goal = seen.probe.goal
    made = Made(goal.tool, goal.arguments, parsed(result_of(seen.outcome).content), seen.probe.turn, seen.state_after,
                seen.state_before)
    return reaches(other, made)


def _tells(mine: Goal, content: str, other: Goal) -> bool:
    """Whether a response tells another goal's answer. What the call was given it may repeat."""
    inputs: list[JsonObject | Any] = [mine.arguments, mine.answer]
    if within(other.response, parsed(content)) and not any(same(other.answer, value) for value in scalars(inputs)):
        return True
    return stated(other.answer, content, inputs) and len(str(other.answer)) >= 3
