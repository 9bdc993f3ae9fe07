"""Near-duplicate removal at full size: seconds and memory for 100,000 task texts.

    python -m benchmarks.near_duplicates [TEXTS]

The texts are requests to 1,500 servers, put together from phrases of each server, so that most share much with many others; one
in ten is an earlier one with a word or two changed. The texts are made outside the measured time, and each run has a process of
its own.
"""

import json
import random
import sys
import time

from astra_data.text.ngrams import jaccard
from astra_data.text.similarity import near_duplicates, shingles
from benchmarks.figure import Figure, at_least, at_most, equal, peak_mb, python, show

TEXTS = 100_000
SERVERS = 1_500
THRESHOLD = 0.8
SECONDS = 60
PEAK_MB = 2_000
Planted = dict[int, int]


def corpus(count: int) -> tuple[list[str], Planted]:
    """`count` texts, and for those made of an earlier one its index."""
    rng = random.Random(7)
    words = ["".join(rng.choices("etaoinshrdlucmfwyp", k=rng.randint(2, 9))) for _ in range(8_000)]
    phrases = [[" ".join(rng.choices(words, k=rng.randint(4, 8))) for _ in range(20)] for _ in range(SERVERS)]
    texts: list[str] = []
    planted: Planted = {}
    for index in range(count):
        if index > SERVERS and rng.random() < 0.1:
            planted[index] = rng.randrange(index)
            texts.append(_changed(texts[planted[index]], words, rng))
            continue
        chosen = rng.sample(phrases[index % SERVERS], rng.randint(3, 5))
        texts.append("Please " + ", then ".join(f"{phrase} {rng.randrange(1_000)}" for phrase in chosen) + ".")
    return texts, planted


def _changed(text: str, words: list[str], rng: random.Random) -> str:
    parts = text.split()
    for place in rng.sample(range(len(parts)), rng.randint(0, 2)):
        parts[place] = rng.choice(words)
    return " ".join(parts)


def measure(count: int) -> dict[str, float]:
    """Seconds, peak MB, and how the answer fits what was planted, in this process."""
    texts, planted = corpus(count)
    start = time.perf_counter()
    found = near_duplicates(texts, THRESHOLD)
    seconds = time.perf_counter() - start
    sets = {index: shingles(texts[index]) for pair in planted.items() for index in pair}
    close = [index for index, source in planted.items()
             if found[source] is None and jaccard(sets[index], sets[source]) >= THRESHOLD]
    pairs = [(index, other) for index, other in enumerate(found) if other is not None]
    wrong = sum(jaccard(shingles(texts[index]), shingles(texts[other])) < THRESHOLD for index, other in pairs)
    caught = sum(found[index] is not None for index in close)
    return {"seconds": seconds, "peak_mb": peak_mb(), "removed": len(pairs), "caught": caught / len(close), "wrong": wrong}


def figures(count: int = TEXTS) -> list[Figure]:
    """Time and memory of one run, and what it found."""
    result = json.loads(python("-m", "benchmarks.near_duplicates", str(count), "alone"))
    print(f"near-duplicates: {count} texts; {result}")
    return [
        at_most(f"near-duplicates: {count} texts", result["seconds"], SECONDS, "s"),
        at_most("near-duplicates: peak memory", result["peak_mb"], PEAK_MB, "MB"),
        at_least("near-duplicates: planted ones found", result["caught"], 0.999),
        equal("near-duplicates: removed without cause", result["wrong"], 0),
    ]


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else TEXTS
    if len(sys.argv) > 2:
        print(json.dumps(measure(size)))
    else:
        sys.exit(not show(figures(size)))
