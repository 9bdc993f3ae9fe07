"""All multi-turn entries of bfcl-eval, imported and replayed in the sandbox.

    python -m benchmarks.bfcl

The ground truth must have F1 1.0 and end in the expected state. One call dropped must lower recall; a call repeated that changes
nothing must lower precision and nothing else; a call made before one that must come first must be noticed, by F1 or the final
state;
another order that keeps to what must come first must not be.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from astra_data.formats.bfcl import NoResponseError, environment_of, sandbox_for
from astra_data.formats.bfcl_source import BfclFiles, Entry
from astra_data.rollout.goals import same
from astra_data.rollout.replay import Played, gold_calls, replay
from astra_data.rollout.running import Planned, Running
from astra_data.rows import Environment
from astra_data.rows.environments import EnvironmentTurn
from astra_data.sandbox import Sandbox
from benchmarks.bfcl_wheel import NoWheelError, folder
from benchmarks.figure import Figure, equal, show

ENTRIES = 800
Turns = list[list[Planned]]


def changed(turns: Turns, turn: int, calls: list[Planned]) -> Turns:
    return [*turns[:turn], calls, *turns[turn + 1:]]


def examined(sandbox: Sandbox, environment: Environment) -> Counter[str]:
    """Counts: what was tried, and what of it came out as it must."""
    seen: Counter[str] = Counter()
    turns, rng = gold_calls(environment), random.Random(environment.id)
    gold = replay(environment, turns, sandbox)
    seen["truth: F1"] += gold.breakdown.f1 == 1.0
    seen["truth: state"] += gold.final_state_reached is True
    turn, index = rng.choice([(turn, index) for turn, calls in enumerate(turns) for index in range(len(calls))])
    dropped = replay(environment, changed(turns, turn, turns[turn][:index] + turns[turn][index + 1:]), sandbox)
    seen["dropped: recall"] += dropped.breakdown.recall < 1
    for repeated in _redundant(sandbox, environment, turns):
        seen["redundant"] += 1
        seen["redundant: precision"] += repeated.breakdown.precision < 1 and repeated.breakdown.recall == 1
    for broken in _broken(environment.turns, turns):
        worse = replay(environment, broken, sandbox)
        seen["broken"] += 1
        seen["broken: noticed"] += worse.breakdown.f1 < 1 or not worse.final_state_reached
    shuffled = [_shuffled(each, calls, rng) for each, calls in zip(environment.turns, turns, strict=True)]
    if shuffled != turns:
        seen["shuffled"] += 1
        seen["shuffled: F1"] += replay(environment, shuffled, sandbox).breakdown.f1 == 1.0
    return seen


def _redundant(sandbox: Sandbox, environment: Environment, turns: Turns) -> Iterator[Played]:
    """The first call that can be made twice without a trace: no state, and no other response, is another for it."""
    traced, states = _traced(sandbox, environment, turns)
    position = 0
    for turn, calls in enumerate(turns):
        for index, call in enumerate(calls):
            position += 1
            if same(states[position - 1], states[position]):
                twice = replay(environment, changed(turns, turn, [*calls[: index + 1], call, *calls[index + 1:]]), sandbox)
                wanted = [*traced[:position], traced[position - 1], *traced[position:]]
                if [result.content for result in twice.results] == wanted:
                    yield twice
                    return


def _traced(sandbox: Sandbox, environment: Environment, turns: Turns) -> tuple[list[str], list[object]]:
    """What each call is told, and the states before the first and after each."""
    told, states = [], []
    with Running(environment, sandbox) as running:
        states.append(running.state())
        for running.turn, calls in enumerate(turns):
            for result, state in running.call_with_states(calls):
                told.append(result.content)
                states.append(state)
    return told, states


def _broken(asked: list[EnvironmentTurn], turns: Turns) -> Iterator[Turns]:
    """Every goal made just before one that must precede it."""
    for turn, (each, calls) in enumerate(zip(asked, turns, strict=True)):
        places = {goal.id: index for index, goal in enumerate(each.goals)}
        for j, goal in enumerate(each.goals):
            for i in (places[before] for before in goal.after):
                yield changed(turns, turn, [*calls[:i], calls[j], *calls[i:j], *calls[j + 1:]])


def _shuffled(asked: EnvironmentTurn, calls: list[Planned], rng: random.Random) -> list[Planned]:
    """The calls of a turn in some order in which none comes before one that must precede it."""
    left, order = dict(zip((goal.id for goal in asked.goals), calls, strict=True)), []
    after = {goal.id: goal.after for goal in asked.goals}
    while left:
        chosen = rng.choice([name for name in left if not set(after[name]) & left.keys()])
        order.append(left.pop(chosen))
    return order


def measured(files: BfclFiles) -> tuple[Counter[str], list[str]]:
    """Counts over all entries, and what was wrong with those that did not come in."""
    with sandbox_for(files) as sandbox, ThreadPoolExecutor(4) as threads:

        def one(entry: Entry) -> Counter[str] | str:
            try:
                environment = environment_of(files, entry, sandbox)
            except NoResponseError as failure:
                return f"{entry.id}: {failure}"
            return Counter({"imported": 1}) + examined(sandbox, environment)

        done = list(threads.map(one, files.entries()))
    counts: Counter[str] = sum((each for each in done if isinstance(each, Counter)), Counter())
    return counts, [each for each in done if isinstance(each, str)]


def figures() -> list[Figure]:
    """The figures; none, with a word about it, where the package cannot be had."""
    try:
        found = folder()
    except NoWheelError as error:
        print(f"bfcl: skipped, {error}")
        return []
    begun = time.perf_counter()
    seen, wrong = measured(BfclFiles(found))
    print("\n".join(wrong) + f"bfcl: {time.perf_counter() - begun:.0f} s; {dict(seen)}")
    return [
        equal("bfcl: entries imported", seen["imported"], ENTRIES),
        equal("bfcl: ground truth with F1 1.0", seen["truth: F1"], ENTRIES),
        equal("bfcl: ground truth with the expected final state", seen["truth: state"], ENTRIES),
        equal("bfcl: one call dropped, recall lower", seen["dropped: recall"], ENTRIES),
        equal(f"bfcl: of {seen['redundant']} redundant calls, precision lower", seen["redundant: precision"], seen["redundant"]),
        equal(f"bfcl: of {seen['broken']} broken orders, noticed", seen["broken: noticed"], seen["broken"]),
        equal(f"bfcl: of {seen['shuffled']} orders as good, F1 1.0", seen["shuffled: F1"], seen["shuffled"]),
    ]


if __name__ == "__main__":
    sys.exit(not show(figures()))
