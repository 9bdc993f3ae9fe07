"""Whether it pays to end in garbage, under the paper's reward and under ours.

    python -m benchmarks.reward_hack

The smallest policy that can learn it: after each call it calls again (which solves a goal more often than not), answers, or
writes garbage, with a softmax over the three for each number of calls so far. GRPO trains it on real messages, scored by the one
function that scores all rollouts; the paper's reward is the same but for malformed turns, which it does not count. It starts from
a policy that writes garbage as often as answers, as one does that has seen little.
"""

import math
import random
import sys
from collections.abc import Callable
from functools import cache
from itertools import product
from statistics import fmean, pstdev

from astra_data.messages import assistant, tool_call, tool_result, user
from astra_data.rollout.scoring import Scored, Terms, scored
from astra_data.rows import Arena, new_row
from astra_data.rows.arenas import ArenaDifficulty
from astra_data.rows.environments import EnvironmentTurn, Goal, Match, World
from benchmarks.figure import Figure, at_most, show

GOALS, MOST_CALLS, GROUP, STEPS, RATE, SEEDS = 3, 6, 16, 600, 0.3, 5
HIT = 0.7
"""How often a call solves the next goal."""
CALL, ANSWER, GARBAGE = range(3)
WORDS = {ANSWER: "The answer is 2.", GARBAGE: '"}}\n</tool_call>'}
Reward = Callable[[Scored], float]
Logits = list[list[float]]


def arena() -> Arena:
    goals = [Goal(f"g{number}", "look", {"key": number}, [number], number, Match("text"), []) for number in range(GOALS)]
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    row: Arena = new_row(
        Arena, environment_id="0" * 16, source="worlds", domain="bench", language="en", licenses=[], prompt=[user("go on")],
        tools=[tool], entries=[], modules=[], turns=[EnvironmentTurn("go on", goals)], world=World(None, None, None, [], None),
        answer=2, distractors=[], split="train", difficulty=ArenaDifficulty(1, GOALS, 1, 1, None, None), models={},
    )
    return row


@cache
def worth(hits: tuple[bool, ...], end: int) -> Scored:
    """The score of a rollout of these calls and this end; a call that misses finds nothing."""
    here, messages, key = arena(), [user("go on")], 0
    for number, hit in enumerate(hits):
        messages.append(assistant("", [tool_call(str(number), "look", {"key": key})]))
        messages.append(tool_result(str(number), "look", f"[{key}]" if hit and key < GOALS else "nothing"))
        key += hit
    return scored(here, [*messages, assistant(WORDS[end])])


def of_paper(done: Scored) -> float:
    """The paper's reward, to which a malformed turn is nothing [A 15.3]."""
    return 2 * done.solved / (done.goals + done.calls - done.malformed_turns)


def ours(done: Scored) -> float:
    return Terms().value(done) or 0.0


def chances(logits: list[float]) -> list[float]:
    powers = [math.exp(value - max(logits)) for value in logits]
    return [power / sum(powers) for power in powers]


def rollout(logits: Logits, rng: random.Random) -> tuple[tuple[bool, ...], int, list[int]]:
    """(which calls hit, how it ended, what was chosen after each number of calls)."""
    hits, chosen = list[bool](), list[int]()
    while True:
        act = rng.choices(range(3), chances(logits[len(hits)]))[0]
        if len(hits) == MOST_CALLS and act == CALL:
            act = ANSWER
        chosen.append(act)
        if act != CALL:
            return tuple(hits), act, chosen
        hits.append(rng.random() < HIT)


def trained(reward: Reward, seed: int) -> float:
    """The share of rollouts that end in garbage after GRPO by this reward."""
    rng, logits = random.Random(seed), [[1.0, 0.0, 0.0] for _ in range(MOST_CALLS + 1)]
    for _ in range(STEPS):
        group = [rollout(logits, rng) for _ in range(GROUP)]
        rewards = [reward(worth(hits, end)) for hits, end, _ in group]
        deviation = pstdev(rewards)
        if deviation > 1e-4:
            for (_, _, chosen), value in zip(group, rewards, strict=True):
                _climb(logits, chosen, RATE * (value - fmean(rewards)) / deviation / GROUP)
    return fmean(rollout(logits, rng)[1] == GARBAGE for _ in range(400))


def _climb(logits: Logits, chosen: list[int], step: float) -> None:
    for calls, act in enumerate(chosen):
        now = chances(logits[calls])
        for other in range(3):
            logits[calls][other] += step * ((other == act) - now[other])


def figures() -> list[Figure]:
    theirs, mine = (fmean(trained(reward, seed) for seed in range(SEEDS)) for reward in (of_paper, ours))
    sequences = [hits for calls in range(1, MOST_CALLS + 1) for hits in product((True, False), repeat=calls) if any(hits)]
    gain = max(ours(worth(hits, GARBAGE)) - ours(worth(hits, ANSWER)) for hits in sequences)
    return [
        Figure("reward: GRPO ends in garbage, paper's reward", f"{theirs:.2f}", "reported", True),
        at_most("reward: GRPO ends in garbage, ours", mine, 0.05, ""),
        at_most("reward: most that garbage gains over words, ours", gain, -0.01, ""),
    ]


if __name__ == "__main__":
    sys.exit(not show(figures()))
