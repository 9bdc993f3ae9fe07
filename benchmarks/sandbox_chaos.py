"""Ten thousand episodes of the sandbox of which some hang, burst and crash, while workers are killed; then the whole in calm.

    python -m benchmarks.sandbox_chaos [EPISODES]

5 % run into the clock of the wall, 2 % use up their memory, 2 % abort, and the worker of every thousandth is killed under it.
What that one comes to must be infrastructure, and it is started again; all others must come out as if nothing had happened.
"""

import sys
import time
from collections import Counter

from astra_data.sandbox import Sandbox
from benchmarks.figure import ROOT, Figure, equal, show

sys.path.insert(0, str(ROOT / "tests"))

from sandbox.churn import Held, churn, disturbed, held, held_again

EPISODES, KILL_EVERY = 10_000, 1_000
SEED = 7


def leaked(before: Held, after: Held) -> str:
    """What is held now and was not, in words."""
    more = {name: getattr(after, name) - getattr(before, name) for name in ("processes", "descriptors", "threads")}
    return ", ".join(f"{number} {name}" for name, number in more.items() if number) or "nothing"


def figures(episodes: int = EPISODES, kill_every: int = KILL_EVERY) -> list[Figure]:
    begun = time.monotonic()
    empty, ends = held(), disturbed(episodes, SEED, kill_every)
    whole = [number for number in range(episodes) if number not in ends]
    with Sandbox(workers=2) as pool:
        before = held()
        wild = churn(pool, range(episodes), ends, kill_every)
        after = held_again(before)
        calm = churn(pool, whole, {})
    left = held_again(empty)
    kinds = Counter(wild.results[number][-1].kind for number in ends)
    wrong = sum(wild.results[number][-1].kind != kind for number, kind in ends.items())
    wrong += sum(outcome.kind != "ok" for number in whole for outcome in wild.results[number])
    changed = sum(wild.results[number] != calm.results[number] for number in whole)
    print(f"sandbox chaos: {episodes} episodes in {time.monotonic() - begun:.0f} s; bad ends {dict(kinds)}; "
          f"{wild.kills} workers killed, {wild.lost} starts of episodes lost by it; held {before}")
    return [
        equal("sandbox chaos: episodes without a result", episodes - len(wild.results), 0),
        equal("sandbox chaos: outcomes of a wrong kind", wrong, 0),
        equal("sandbox chaos: episodes hit by a kill and infrastructure", wild.hit, episodes // kill_every),
        equal("sandbox chaos: results unlike those of a calm run", changed, 0),
        equal("sandbox chaos: leaked by the pool that went through it", leaked(before, after), "nothing"),
        equal("sandbox chaos: left behind by the pool once closed", leaked(empty, left), "nothing"),
    ]


if __name__ == "__main__":
    sys.exit(not show(figures(int(sys.argv[1]) if len(sys.argv) > 1 else EPISODES)))
