"""Opinions of several models, or of several samples of one, on a question of yes or no, and what they come to.

    seats = seats_of(["voter_1", "voter_2"], 3, resources.roles)
    heard = await opinions(seats, ask)              # ask(seat) -> (value, reason)
    tally("vote", heard, least=4, share=0.5)        # true: more than half of at least four values are true

Each opinion stands alone: one that could not be had or read discards no other, and nothing stands in for it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from astra_data.rows import canonical
from astra_data.teacher.roles import Roles
from astra_data.teacher.teacher import Abstained, Teacher, Unanswered

UNREADABLE = "answer:"
"""How the reason of an answer starts that came and could not be used."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One sample of one model."""

    teacher: Teacher
    sample: int


@dataclass(frozen=True, slots=True)
class Opinion:
    """What came of one seat: a value, or why there is none. `failed` without `missing` came and could not be used; `missing` did
    not come, and may yet."""

    value: bool | None
    reason: str
    failed: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """What opinions come to: a value or null, what was counted, and the failure that kept it from being a value."""

    value: bool | None
    counted: str
    abstained: str | None
    failure: str | None


def seats_of(names: Iterable[str], samples: int, roles: Roles) -> list[Seat]:
    """`samples` seats of each role. Roles that are one model, sampled alike, draw different samples of it, so that no opinion is
    counted twice."""
    taken: Counter[bytes] = Counter()
    seats = []
    for name in names:
        teacher = roles.teacher(name)
        model = canonical(roles.identity([name])[name])
        seats += [Seat(teacher, taken[model] + sample) for sample in range(samples)]
        taken[model] += samples
    return seats


async def opinions(seats: Sequence[Seat], ask: Callable[[Seat], Coroutine[Any, Any, tuple[bool, str]]]) -> list[Opinion]:
    """The opinion of each seat, all asked at once. An error that ends the run cancels those still out."""
    tasks = [asyncio.create_task(_opinion(ask(seat))) for seat in seats]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _opinion(answer: Awaitable[tuple[bool, str]]) -> Opinion:
    try:
        return Opinion(*await answer)
    except Abstained as abstained:
        return Opinion(None, abstained.reason)
    except Unanswered as failure:
        return Opinion(None, failure.reason, failed=True, missing=not failure.reason.startswith(UNREADABLE))


def tally(heard: Sequence[Opinion], least: int, share: float) -> Tally:
    """True if more than `share` of at least `least` values are true, false if not, null where there are too few.

    Missing opinions must not matter: where the value hangs on them it is null and a failure. It is a failure too where answers
    that could not be read would have been enough.
    """
    yes, no = (sum(opinion.value is value for opinion in heard) for value in (True, False))
    missing = sum(opinion.missing for opinion in heard)
    splits = [(true, false) for true in range(missing + 1) for false in range(missing + 1 - true)]
    possible = {_value(yes + true, no + false, least, share) for true, false in splits}
    value = possible.pop() if len(possible) == 1 else None
    failures = [opinion.reason for opinion in heard if opinion.failed]
    stuck = value is None and failures and yes + no + len(failures) >= least
    abstained = next((opinion.reason for opinion in heard if opinion.value is None and not opinion.failed), None)
    return Tally(value, _counted(heard, yes, no), abstained, failures[0] if stuck else None)


def _value(yes: int, no: int, least: int, share: float) -> bool | None:
    return yes > share * (yes + no) if yes + no >= least else None


def _counted(heard: Sequence[Opinion], yes: int, no: int) -> str:
    """How many were for it, with the first reason against it; or why nobody had an opinion."""
    if not yes + no:
        return heard[0].reason
    against = next((f", against it: {opinion.reason}" for opinion in heard if opinion.value is False), "")
    return f"{yes} of {yes + no} for it{against}"
