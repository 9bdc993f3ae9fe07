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
from dataclasses import dataclass

from astra_data.formats.bfcl import CLOCK, NoResponseError, environment_of, sandbox_for
from astra_data.formats.bfcl_source import BfclFiles, Call, Entry
from astra_data.rollout.goals import Made, same
from astra_data.rollout.reward import Breakdown, breakdown
from astra_data.rows import Environment
from astra_data.rows.environments import EnvironmentTurn
from astra_data.sandbox import Call as SandboxCall
from astra_data.sandbox import Image, Sandbox
from benchmarks.bfcl_wheel import NoWheelError, folder
from benchmarks.figure import Figure, equal, show

ENTRIES = 800
Turns = list[list[Call]]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rollout of given calls came to."""

    scored: Breakdown
    responses: list[object]
    states: list[object]

    def ends_like(self, environment: Environment) -> bool:
        return same(self.states[-1], environment.world.final_state)


def replay(sandbox: Sandbox, environment: Environment, turns: Turns) -> Replay:
    """Play calls, each in its turn, and score them. `states` are those before the first call and after each."""
    entries = {tool.name: tool.entry for tool in environment.tools}
    world = environment.world
    assert world.load is not None and world.dump is not None
    dump = SandboxCall(world.dump)
    made = [(index, call) for index, turn in enumerate(turns) for call in turn]
    calls = [each for _, call in made for each in (SandboxCall(entries[call.tool], call.arguments), dump)]
    image = Image(tuple((module.name, module.source) for module in environment.modules))
    with sandbox.start(image, clock=CLOCK) as episode:
        _, *outcomes = episode.call_many([SandboxCall(world.load, {"state": world.initial_state}), dump, *calls])
    responses = [outcome.value if outcome.ok else {"error": outcome.message} for outcome in outcomes[1::2]]
    rollout = [Made(call.tool, call.arguments, response, turn) for (turn, call), response in zip(made, responses, strict=True)]
    parameters = {tool.name: tool.schema["parameters"] for tool in environment.tools}
    return Replay(breakdown(environment.turns, rollout, parameters), responses, [outcome.value for outcome in outcomes[::2]])


def truth(environment: Environment) -> Turns:
    return [[Call(goal.tool, goal.arguments) for goal in turn.goals] for turn in environment.turns]


def changed(turns: Turns, turn: int, calls: list[Call]) -> Turns:
    return [*turns[:turn], calls, *turns[turn + 1:]]


def examined(sandbox: Sandbox, environment: Environment) -> Counter[str]:
    """Counts: what was tried, and what of it came out as it must."""
    seen: Counter[str] = Counter()
    turns, rng = truth(environment), random.Random(environment.id)
    gold = replay(sandbox, environment, turns)
    seen["truth: F1"] += gold.scored.f1 == 1.0
    seen["truth: state"] += gold.ends_like(environment)
    turn, index = rng.choice([(turn, index) for turn, calls in enumerate(turns) for index in range(len(calls))])
    dropped = replay(sandbox, environment, changed(turns, turn, turns[turn][:index] + turns[turn][index + 1:]))
    seen["dropped: recall"] += dropped.scored.recall < 1
    for repeated in _redundant(sandbox, environment, turns, gold):
        seen["redundant"] += 1
        seen["redundant: precision"] += repeated.scored.precision < 1 and repeated.scored.recall == 1
    for broken in _broken(environment.turns, turns):
        worse = replay(sandbox, environment, broken)
        seen["broken"] += 1
        seen["broken: noticed"] += worse.scored.f1 < 1 or not worse.ends_like(environment)
    shuffled = [_shuffled(each, calls, rng) for each, calls in zip(environment.turns, turns, strict=True)]
    if shuffled != turns:
        seen["shuffled"] += 1
        seen["shuffled: F1"] += replay(sandbox, environment, shuffled).scored.f1 == 1.0
    return seen


def _redundant(sandbox: Sandbox, environment: Environment, turns: Turns, gold: Replay) -> Iterator[Replay]:
    """The first call that can be made twice without a trace: no state, and no other response, is another for it."""
    position = 0
    for turn, calls in enumerate(turns):
        for index, call in enumerate(calls):
            position += 1
            if same(gold.states[position - 1], gold.states[position]):
                twice = replay(sandbox, environment, changed(turns, turn, [*calls[: index + 1], call, *calls[index + 1:]]))
                wanted = [*gold.responses[:position], gold.responses[position - 1], *gold.responses[position:]]
                if same(twice.responses, wanted):
                    yield twice
                    return


def _broken(asked: list[EnvironmentTurn], turns: Turns) -> Iterator[Turns]:
    """Every goal made just before one that must precede it."""
    for turn, (each, calls) in enumerate(zip(asked, turns, strict=True)):
        places = {goal.id: index for index, goal in enumerate(each.goals)}
        for j, goal in enumerate(each.goals):
            for i in (places[before] for before in goal.after):
                yield changed(turns, turn, [*calls[:i], calls[j], *calls[i:j], *calls[j + 1:]])


def _shuffled(asked: EnvironmentTurn, calls: list[Call], rng: random.Random) -> list[Call]:
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
