"""Throws odd JSON at each border of the package, and looks at what is in the rows: `python -m benchmarks.odd_values [--count N]`.

Each value must be in a row exactly as it came, where 1, 1.0 and true are three values, or be refused with a reason; no run may
end early. The values are nested in any way, with integers to 10^40, numbers that are none, halves of characters, empty names and
long texts.
"""

import argparse
import json
import math
import random
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from astra_data.nesting import MOST_DEPTH
from benchmarks import borders, model_borders
from benchmarks.borders import KEPT, Border
from benchmarks.figure import Figure, at_least, equal, show

BORDERS: dict[str, Border] = {
    "a tool's schema": borders.schema, "a structured result": borders.result, "a policy's arguments": model_borders.arguments,
    "a judge's answer": model_borders.judge, "an environment's state": borders.state, "gold arguments": borders.gold,
    "audit mutants": borders.mutants, "a document": borders.document,
}
BATCH = 500
"""Values of one run."""
OUTCOMES = ("kept exactly", "refused with reason", "changed silently", "ended early")
EDGES = (0, -0.0, 1, 1.0, True, False, None, "", "1", {}, [], 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1,
         2**64 - 1, 2**64, 10**40, 0.1, 1e16, 1e22, 5e-324, 1.7976931348623157e308,
         math.nan, math.inf, -math.inf, "NaN", "null", "\ud800",
         "\udfff\ud800", "\U0001f600", "\x00", "\u2028", "e\u0301", "\ufeff", " x ", "\r\n",
         {"": ""}, {"$ref": "#"}, {"\ud800": 1}, "1" * 400)


def odd(rng: random.Random, depth: int = 0) -> Any:
    """A JSON value, as a parser would give it that keeps everything."""
    kind = rng.random()
    if kind < 0.4 or depth > 5:
        return rng.choice(EDGES) if rng.random() < 0.5 else _scalar(rng)
    if depth == 0 and kind < 0.42:
        return _deep(rng.choice((20, 100, MOST_DEPTH - 8, MOST_DEPTH + 1, 400)), rng)
    if kind < 0.7:
        return [odd(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {_name(rng): odd(rng, depth + 1) for _ in range(rng.randrange(5))}


def _scalar(rng: random.Random) -> Any:
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randint(-(10**40), 10**40)
    if kind == 1:
        return rng.choice((2**53, 2**63, 2**64)) * rng.choice((1, -1)) + rng.randint(-3, 3)
    if kind == 2:
        return rng.uniform(-1, 1) * 10.0 ** rng.randint(-320, 308)
    if kind == 3:
        return float(rng.randint(-(2**60), 2**60))
    return "x" * 10 ** rng.randint(3, 5) if rng.random() < 0.03 else _name(rng)


def _name(rng: random.Random) -> str:
    if rng.random() < 0.1:
        return ""
    reach = rng.choice((0x7F, 0x7F, 0x7F, 0x2FF, 0xD7FF, 0xD7FF, 0x10FFFF))
    text = "".join(chr(rng.randint(0, reach)) for _ in range(rng.randint(1, 8)))
    return text if rng.random() < 0.05 else "".join(each for each in text if not "\ud800" <= each <= "\udfff") or "a"


def _deep(depth: int, rng: random.Random) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if rng.random() < 0.5 else {"a": value}
    return value


def keepable(value: Any, depth: int = 0) -> bool:
    """Whether a row can hold the value, by a judgement of its own."""
    if isinstance(value, list | dict):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return depth < MOST_DEPTH and all(keepable(part, depth + 1) for part in parts)
    if isinstance(value, str):
        return not any("\ud800" <= each <= "\udfff" for each in value)
    if isinstance(value, bool) or value is None:
        return True
    return -(2**63) <= value < 2**64 if isinstance(value, int) else math.isfinite(value)


def thrown(border: Border, values: list[str]) -> list[str]:
    """What became of each value, given as JSON text. What ends a run is looked for until it stands alone."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            return border(values, Path(folder))
    except Exception:
        if len(values) == 1:
            print(f"ended early by {values[0][:200]}\n{traceback.format_exc(limit=-3)}", file=sys.stderr)
            return ["ended early"]
    half = len(values) // 2
    return thrown(border, values[:half]) + thrown(border, values[half:])


def tried(name: str, count: int, seed: int, batch: int = BATCH) -> Counter[str]:
    """How many of so many values came to which of `OUTCOMES` at one border, and how many of the refused could have been kept."""
    rng = random.Random(f"{seed}/{name}")
    counts: Counter[str] = Counter({"thrown": count})
    for start in range(0, count, batch):
        texts = [json.dumps(odd(rng)) for _ in range(min(batch, count - start))]
        for text, outcome in zip(texts, thrown(BORDERS[name], texts), strict=True):
            kind = OUTCOMES[0] if outcome == KEPT else outcome.partition(":")[0]
            counts[kind if kind in OUTCOMES else OUTCOMES[1]] += 1
            counts["keepable"] += kind not in OUTCOMES and keepable(json.loads(text))
            if kind in OUTCOMES[2:]:
                print(f"{name}: {outcome}: {text[:200]}", file=sys.stderr)
    return counts


def soak(count: int = 20_000, seed: int = 1) -> list[Figure]:
    """The figures of so many values at all borders together."""
    each = -(-count // len(BORDERS))
    print(f"{'border':<24}{'thrown':>8}" + "".join(f"{outcome:>22}" for outcome in (*OUTCOMES, "could have been kept")))
    whole: Counter[str] = Counter()
    for name in BORDERS:
        counts = tried(name, each, seed)
        told = "".join(f"{counts[outcome]:>22,}" for outcome in (*OUTCOMES, "keepable"))
        print(f"{name:<24}{counts['thrown']:>8,}{told}", flush=True)
        whole += counts
    return [
        at_least("odd values: thrown", whole["thrown"], 20_000), equal("odd values: changed silently", whole[OUTCOMES[2]], 0),
        equal("odd values: ended a run early", whole[OUTCOMES[3]], 0),
        equal("odd values: neither kept nor refused", whole["thrown"] - sum(whole[outcome] for outcome in OUTCOMES), 0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(0 if show(soak(given.count, given.seed)) else 1)


if __name__ == "__main__":
    main()
