"""What mutants of gold calls came to, per tool: sensitivity, types, missing arguments, errors, and whether others are answered.

Values of the same domain may give the same small count by chance, so they alone fail nothing unless many of them give an answer
that is no chance. Values that are in no table must not.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from astra_data.audit.domains import alike, beside, record_of, tables_of
from astra_data.audit.finding import (
    goals_of,
    informative,
    is_answer,
    leaves,
    not_applicable,
    not_made,
    properties,
    required,
    scalars,
    stated,
    told_in,
    verdict,
)
from astra_data.audit.probing import Seen
from astra_data.messages import JsonObject
from astra_data.rollout.goals import text_of
from astra_data.rows.environments import AuditCheck, Environment, EnvironmentTool, Goal

ENOUGH = 5
"""Values of the same domain that all give one answer, which is not what the tables say of them, are no chance."""
RECORDED = "trajectories"
"""The source of environments whose tools know recorded calls and can know no other."""
MANY = 3
"""Other values for each required argument, of which a tool that is one must answer some."""
CHECKS = ("sensitivity", "types", "missing", "errors", "generality")


def fooled(seen: Seen) -> bool:
    """Whether the answer came, or the goal was reached, without the gold call."""
    if seen.reached:
        return True
    goal = seen.probe.goal
    mutant = seen.probe.mutant
    given = [mutant.arguments, *([goal.arguments] if mutant.kind == "swapped" else [])]
    return is_answer(goal) and informative(goal.answer) and stated(goal.answer, seen.content, given)


def behaviour_checks(environment: Environment, gold: Sequence[Seen], seen: Sequence[Seen]) -> Iterator[AuditCheck]:
    """Five checks for each tool that a goal with an answer or a state needs."""
    judged = {goal.tool for goal in goals_of(environment) if goal.match.kind != "call"}
    schemas = {tool.name: tool.schema for tool in environment.tools}
    first, goals = {each.probe.goal.id: each for each in gold}, goals_of(environment)
    recorded = environment.source == RECORDED
    for tool in environment.tools:
        mine = [each for each in seen if each.probe.goal.tool == tool.name and each.probe.goal.match.kind != "call"]
        if tool.name not in judged:
            why = "its goals are calls, reached by their arguments" if goals_of(environment) else "no goal needs it"
            yield from (not_applicable(name, tool.name, why) for name in CHECKS)
            continue
        must = set(required(schemas[tool.name]))
        judging = [] if recorded else mine
        for name, faults, count in (
            ("sensitivity", [*_sensitivity(mine, must, first, environment), *_opened(mine, goals)],
             _count(mine, "altered", "swapped")),
            ("types", list(_accepted(mine, "mistyped")), _count(mine, "mistyped")),
            ("missing", [*_accepted(mine, "dropped", *(["empty"] if must else [])), *([] if must else _needless(mine, tool))],
             _count(mine, "dropped", "empty")),
            ("errors", list(_errors(mine)), len(mine)),
            ("generality", list(_generality(judging, must, environment)), _count(judging, "swapped", "altered")),
        ):
            if not faults and any(each.outcome is None for each in mine):
                yield not_made(name, tool.name, "too many calls ended their episode")
            elif not faults and not count:
                why = "what was not recorded nobody knows" if recorded and name == "generality" else "no such call can be made"
                yield not_applicable(name, tool.name, why)
            else:
                yield verdict(name, tool.name, faults, f"{count} calls did not get what only the gold call may")


def _count(seen: Iterable[Seen], *kinds: str) -> int:
    return sum(each.probe.mutant.kind in kinds for each in seen)


def _told(seen: Seen) -> str:
    return f"{seen.probe.goal.tool}({_short(text_of(seen.probe.mutant.arguments))}) gave {_short(seen.content) or 'nothing'}"


def _short(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:90]}..."


def _sensitivity(seen: Sequence[Seen], must: set[str], gold: dict[str, Seen], environment: Environment) -> Iterator[str]:
    def place(each: Seen) -> tuple[str, str]:
        return each.probe.goal.id, each.probe.mutant.argument or ""

    for (goal_id, name), group in groupby(sorted(seen, key=place), key=place):
        mine = list(group)
        altered = [each for each in mine if each.probe.mutant.kind == "altered" and each.outcome is not None]
        swapped = [each for each in mine if each.probe.mutant.kind == "swapped" and each.outcome is not None]
        won = [each for each in altered if fooled(each)]
        if won and _decides(won, altered, gold.get(goal_id), name in must):
            yield _told(won[0])
        elif name in must and (short := _short_told(altered)):
            yield _told(short)
        if same := _alike(swapped, environment):
            yield f"{len(same)} values of {name} give the same, which no table says of them: {_told(same[0])}"


def _alike(swapped: Sequence[Seen], environment: Environment) -> list[Seen]:
    """Other values of the domain that give the answer without cause; none where that may be chance.

    There is cause where a table has the answer beside the value, or in the record that something beside it names. Without, all
    of many are too many, and fewer if the answer is a number of several digits or has parts; and half of several, where the
    tables have it beside the gold value, so that it is looked up and not computed.
    """
    answered = [each for each in swapped if each.answered and is_answer(each.probe.goal)]
    won = [each for each in answered if fooled(each) and not isinstance(each.probe.goal.answer, bool)]
    enough = _no_chance(won[0].probe.goal.answer) if won else ENOUGH
    if len(won) < min(enough, MANY) or 2 * len(won) < len(answered):
        return []
    goal, name, tables = won[0].probe.goal, won[0].probe.mutant.argument or "", tables_of(environment)
    without = [each for each in won if not _stands_beside(goal.answer, _value(each), tables)]
    looked_up = len(without) >= MANY and 2 * len(without) >= len(answered) and informative(goal.answer) \
        and _stands_beside(goal.answer, goal.arguments[name], tables)
    return without if looked_up or len(without) == len(answered) >= enough else []


def _no_chance(answer: Any) -> int:
    """So many other values that all give an answer, which no table has for them, are no chance."""
    if len(list(leaves(answer))) > 1:
        return 2
    if not isinstance(answer, int | float) or len(text_of(answer)) < 2:
        return ENOUGH
    return 2 if informative(answer) else MANY


def _stands_beside(answer: Any, value: Any, tables: Sequence[Any]) -> bool:
    near = [each for table in tables for each in beside(value, table)]
    further = [each for one in near for key in scalars(one) if isinstance(key, str) and key != value
               for table in tables for each in record_of(key, table)]
    return any(told_in(answer, text_of(each)) for each in (*near, *further))


def _opened(seen: Sequence[Seen], goals: Sequence[Goal]) -> Iterator[str]:
    """Arguments that may be left out and that give an answer of the tool to whoever asks for something else."""
    opening = [each for each in seen if each.probe.mutant.kind == "optioned"]
    closed = _gained(opening[0], goals) if opening else set()
    yield from (_told(each) for each in opening[1:] if _gained(each, goals) - closed)


def _gained(seen: Seen, goals: Sequence[Goal]) -> set[str]:
    """The goals of the tool that a call reaches or tells the answer of."""
    told = {goal.id for goal in goals if goal.tool == seen.probe.goal.tool and is_answer(goal)
            and stated(goal.answer, seen.content, [seen.probe.mutant.arguments, goal.arguments])}
    return told | ({seen.probe.goal.id} if seen.reached else set())


def _needless(seen: Sequence[Seen], tool: EnvironmentTool) -> Iterator[str]:
    """Goals reached by a call without arguments, where the gold call has what is no default of the schema: a text, or two values.
    That one number is what a tool takes anyway may be chance."""
    defaults = {name: about.get("default") for name, about in properties(tool.schema).items() if isinstance(about, dict)}
    for each in seen:
        own = [value for name, value in each.probe.goal.arguments.items() if defaults.get(name) != value]
        if each.probe.mutant.kind == "empty" and each.reached and (len(own) > 1 or any(isinstance(value, str) for value in own)):
            yield _told(each)


def _own(environment: Environment, name: str) -> list[Any]:
    """The tables of the module that a tool stands in, and the state."""
    entry = next(tool.entry for tool in environment.tools if tool.name == name)
    return tables_of(replace(environment, modules=[each for each in environment.modules if entry.startswith(f"{each.name}.")]))


def _short_told(altered: Sequence[Seen]) -> Seen | None:
    """One of the calls with texts that are in no table, where all of them tell a short answer: two digits, or in an error."""
    def tells(each: Seen) -> bool:
        goal = each.probe.goal
        sure = not each.answered or len(text_of(goal.answer)) > 1
        return is_answer(goal) and sure and stated(goal.answer, each.content, [each.probe.mutant.arguments, goal.arguments])

    texts = [each for each in altered if isinstance(_value(each), str)]
    return texts[0] if len(texts) >= MANY and all(map(tells, texts)) else None


def _decides(won: list[Seen], altered: list[Seen], gold: Seen | None, must: bool) -> bool:
    """Whether winning mutants of one argument show that it does not matter, or that likeness is enough.

    A text that a goal's tool must have may not be replaced by one that is in no table. A number may change a little; a text that
    may be left out, or that a write leaves behind, matters if anything in result or state changes with it.
    """
    first = won[0].probe
    text = isinstance(first.goal.arguments.get(first.mutant.argument or ""), str)
    if first.goal.match.kind == "state":
        same = gold is not None and any(each.state_after == gold.state_after for each in won)
        return same and (text or len(won) == len(altered))
    if text and must:
        return True
    if len(won) < len(altered):
        return False
    return must or gold is None or all(each.content == gold.content for each in won)


def _accepted(seen: Sequence[Seen], *kinds: str) -> Iterator[str]:
    """Calls that no tool may answer."""
    yield from (_told(each) for each in seen if each.probe.mutant.kind in kinds and (each.answered or fooled(each)))


def _errors(seen: Sequence[Seen]) -> Iterator[str]:
    """Calls that end their episode, and errors that tell the answer. A short answer counts if errors of two kinds tell it."""
    weak: dict[str, dict[str, Seen]] = {}
    for each in seen:
        if each.outcome is None:
            continue
        goal = each.probe.goal
        inputs: list[JsonObject] = [each.probe.mutant.arguments, goal.arguments]
        if each.died:
            yield f"{_told(each)}, by {each.outcome.kind}"
        elif not each.answered and is_answer(goal) and stated(goal.answer, each.content, inputs):
            weak.setdefault(goal.id, {})[each.probe.mutant.kind] = each
            if informative(goal.answer):
                yield _told(each)
    yield from (_told(next(iter(kinds.values()))) for kinds in weak.values() if len(kinds) > 1)


def _generality(seen: Sequence[Seen], must: set[str], environment: Environment) -> Iterator[str]:
    """Tools that know their gold calls alone: of many other values of the domain, or of all other numbers, none is answered.

    Two values are many where a tool has one argument and its own tables have them where the gold value stands.
    """
    def place(each: Seen) -> str:
        return each.probe.goal.id

    for _, group in groupby(sorted(seen, key=place) if must else (), key=place):
        mine = [each for each in group if each.probe.mutant.argument in must and each.outcome is not None]
        swapped = [each for each in mine if each.probe.mutant.kind == "swapped"]
        texts = [each for each in swapped if isinstance(_value(each), str)]
        if any(each.answered for each in swapped):
            continue
        if len(texts) >= MANY * len(must) or _beside_gold(texts, environment):
            yield f"none of {len(texts)} other values of the domain is answered: {_told(texts[0])}"
        others = [each for each in mine if each.probe.mutant.kind == "altered" and _is_number(_value(each))]
        if {each.probe.mutant.argument for each in others} == must and not any(each.answered for each in others):
            yield f"none of {len(others)} other numbers is answered: {_told(others[0])}"


def _beside_gold(texts: Sequence[Seen], environment: Environment) -> bool:
    if len(texts) < 2 or texts[0].probe.goal.match.kind == "state" or len(texts[0].probe.goal.arguments) > 1:
        return False
    goal = texts[0].probe.goal
    values = alike(next(iter(goal.arguments.values())), _own(environment, goal.tool))
    return sum(_value(each) in values for each in texts) > 1


def _value(seen: Seen) -> Any:
    return seen.probe.mutant.arguments[seen.probe.mutant.argument or ""]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
