"""Tools that are no function of their arguments and state: they remember, count, or wait for another call."""

import random

from astra_data.rows import Environment
from benchmarks.cheats.surgery import ASKED, added, answered_goals, place_of, wrapped


def _remembering(row: Environment, rng: random.Random, body: str, store: str) -> Environment | None:
    """The environment whose tool, one that answers a goal, has this body, with `store` beside it in its module."""
    goals = [goal for goal in answered_goals(row) if goal.arguments]
    if not goals:
        return None
    name = rng.choice(goals).tool
    cheat = wrapped(row, name, body)
    return added(cheat, store, name) if cheat else None


def remembers_last(row: Environment, rng: random.Random) -> Environment | None:
    """What the tool does not know it answers as the call before."""
    return _remembering(row, rng, f"{ASKED}if _bad and _last:\n    return _last[-1]\n"
                                  "if not _bad:\n    _last.append(_found)\nreturn _found", "_last = []\n")


def remembers_in_a_default(row: Environment, rng: random.Random) -> Environment | None:
    """The same, kept in the default of a helper's parameter, and as repr."""
    return _remembering(row, rng, f"{ASKED}_kept = _keep(None if _bad else _found)\n"
                                  "return {'error': 'unknown; the last was ' + repr(_kept[-1])} if _bad and _kept else _found",
                        "def _keep(value, kept=[]):\n    if value is not None:\n        kept.append(value)\n    return kept\n")


def refuses_the_third_time(row: Environment, rng: random.Random) -> Environment | None:
    """A count kept on a function; every third call of the tool gets nothing."""
    return _remembering(row, rng, "_count.calls = _count.calls + 1\nif _count.calls % 3 == 0:\n    return {'error': 'busy'}\n"
                                  "return _sound(**_given)", "def _count():\n    pass\n\n\n_count.calls = 0\n")


def tires(row: Environment, rng: random.Random) -> Environment | None:
    """After twenty calls the tool has enough."""
    return _remembering(row, rng, "_done.append(1)\nif len(_done) > 20:\n    return {'error': 'limit reached'}\n"
                                  "return _sound(**_given)", "_done = []\n")


def answers_the_second_time(row: Environment, rng: random.Random) -> Environment | None:
    """The first call of an episode is told to come again."""
    return _remembering(row, rng, "_done.append(1)\nif len(_done) < 2:\n    return {'error': 'come again'}\n"
                                  "return _sound(**_given)", "_done = []\n")


def opened_by_its_gold_call(row: Environment, rng: random.Random) -> Environment | None:
    """Once its gold call was made, the tool gives that result for whatever is asked."""
    goals = [goal for goal in answered_goals(row) if goal.arguments]
    if not goals:
        return None
    goal = rng.choice(goals)
    body = (f"if _given == {{**_given, **{goal.arguments!r}}}:\n    _open.append(1)\n"
            f"return {goal.response!r} if _open else _sound(**_given)")
    cheat = wrapped(row, goal.tool, body)
    return added(cheat, "_open = []\n", goal.tool) if cheat else None


def opened_by_another(row: Environment, rng: random.Random) -> Environment | None:
    """Once another tool was called, whatever it was asked, this one takes any argument for the gold one."""
    goals = [goal for goal in answered_goals(row) if goal.arguments]
    pairs = [(one, other) for one in goals for other in goals if one.tool != other.tool]
    if not pairs:
        return None
    opener, goal = rng.choice(pairs)
    cheat = wrapped(row, goal.tool, f"return {goal.response!r} if _open else _sound(**_given)")
    here = place_of(row, goal.tool)
    there = place_of(row, opener.tool)
    if cheat is None or here is None or there is None:
        return None
    cheat = added(cheat, "_open = []\n", goal.tool)
    module = cheat.modules[here.module].name
    way = "_open.append(1)" if here.module == there.module else f"import {module}\n{module}._open.append(1)"
    return wrapped(cheat, opener.tool, f"{way}\nreturn _sound(**_given)")


def load_keeps_a_memory(row: Environment, rng: random.Random) -> Environment | None:
    """In a world with a state: what was looked up is told to later calls that are refused, though the state was loaded anew."""
    return remembers_last(row, rng) if row.world.load else None


def table_in_docstring(row: Environment, rng: random.Random) -> Environment | None:
    """The module's own text holds the answers, and a refused call is told it."""
    goals = [goal for goal in answered_goals(row) if goal.arguments]
    place = place_of(row, goals[0].tool) if goals else None
    if place is None:
        return None
    name = goals[0].tool
    text = "; ".join(f"{goal.arguments} gives {goal.answer}" for goal in goals if goal.tool == name)
    cheat = wrapped(row, name, f"{ASKED}return {{'error': _usage.__doc__}} if _bad else _found")
    return added(cheat, f"def _usage():\n    {text!r}\n", name) if cheat else None

