"""Randomness, the clock, the order of sets and texts with addresses repeat, and nothing is told of the machine."""

import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from astra_data.sandbox import Blobs, Call, Image, Sandbox

ROOT = Path(__file__).parents[2]
NOW = 1_700_000_000.25
RANDOM = """
import os, random, secrets, uuid

def draw():
    return {
        "random": random.random(), "own": random.Random().random(), "system": random.SystemRandom().random(),
        "urandom": os.urandom(8).hex(), "uuid4": str(uuid.uuid4()), "uuid1": uuid.uuid1().node,
        "secrets": secrets.token_hex(8), "choice": secrets.choice(range(10 ** 9)), "shuffle": random.sample(range(10 ** 6), 3),
    }
"""
CLOCK = """
import datetime, time
from datetime import date, datetime as moment

def now():
    return [time.time(), moment.now(datetime.UTC).isoformat(), moment.utcnow().isoformat(), date.today().isoformat(),
            time.strftime("%Y-%m-%d"), time.gmtime().tm_year, time.time_ns()]

def kinds():
    made, today = moment(2024, 1, 2), date(2024, 1, 2)
    parsed, shifted = moment.fromisoformat("2024-01-02"), made + datetime.timedelta(1)
    return [isinstance(one, kind) for one in (made, parsed, shifted, moment.now()) for kind in (moment, date)] + [
        isinstance(today, date), not isinstance(today, moment), issubclass(moment, date), made - made == datetime.timedelta()]

def sleep(seconds):
    before = time.time()
    time.sleep(seconds)
    return time.time() - before

def repr_of_now(): return repr(moment(2024, 1, 2)) + repr(date(2024, 1, 2))
"""
TEXTS = """
class Thing: pass
one, other = Thing(), Thing()

def texts(): return [repr(one), repr(other), repr(one), f"{Thing.__init__}", repr({"thing": other, "call": texts})]
def prints(): print(one, other)
def raises(): raise ValueError(f"bad {one}")
def names(): return list({f"name {number}" for number in range(40)})
"""
LEAKY = """
import json, linecache, re, sys, traceback

def nested(): return json.loads("{")
def trace():
    try: re.compile("(")
    except re.error: return traceback.format_exc()
def missing(): import numpy
def raises(): raise ValueError(json.__file__ + " " + str(sys.path) + sys.executable + sys.prefix + str(re))
def prints(): print(json.__file__, traceback.__spec__, sys.flags, sys.argv, sys.orig_argv)
"""


def called(sandbox: Sandbox, source: str, *entries: str, seed: int | str = 0, clock: float | None = None) -> list[Any]:
    """The outcomes of entries in an episode of its own."""
    with sandbox.start(Image((("m", source),)), seed=seed, clock=clock) as episode:
        assert episode.loaded.ok, episode.loaded
        return episode.call_many([Call(f"m.{entry}") for entry in entries])


def test_all_that_draws_at_random_follows_the_seed(sandbox: Sandbox) -> None:
    first, second = called(sandbox, RANDOM, "draw", "draw", seed=7)
    assert called(sandbox, RANDOM, "draw", "draw", seed=7) == [first, second] == called(sandbox, RANDOM, "draw", "draw", seed="7")
    other = called(sandbox, RANDOM, "draw", seed=8)[0]
    assert first.ok and {name for name in first.value if first.value[name] == other.value[name]} == set()
    assert {name for name in first.value if first.value[name] == second.value[name]} == {"uuid1"}, "a node has one number"


def test_a_frozen_clock_stands_still_until_something_sleeps(sandbox: Sandbox) -> None:
    first, second = called(sandbox, CLOCK, "now", "now", clock=NOW)
    day = "2023-11-14"
    assert first == second and first.value == [
        NOW, f"{day}T22:13:20.250000+00:00", f"{day}T22:13:20.250000", day, day, 2023, round(NOW * 1e9),
    ]
    with sandbox.start(Image((("m", CLOCK),)), clock=NOW) as episode:
        assert episode.call("m.sleep", {"seconds": 3600}).value == 3600
        assert episode.call("m.now").value[0] == NOW + 3600


def test_dates_of_a_frozen_clock_are_dates(sandbox: Sandbox) -> None:
    kinds, text = called(sandbox, CLOCK, "kinds", "repr_of_now", clock=NOW)
    assert kinds.value == [True] * 12
    assert text.value == "datetime.datetime(2024, 1, 2, 0, 0)datetime.date(2024, 1, 2)"


def test_without_a_clock_the_time_runs(sandbox: Sandbox) -> None:
    first, second = called(sandbox, CLOCK, "now", "now")
    assert second.value[-1] > first.value[-1]


def test_addresses_in_texts_are_numbered(sandbox: Sandbox) -> None:
    texts, printed, raised = called(sandbox, TEXTS, "texts", "prints", "raises")
    one, other = "<m.Thing object at 0x1>", "<m.Thing object at 0x2>"
    assert texts.value[:3] == [one, other, one] and f"'thing': {other}" in texts.value[4]
    assert (printed.stdout, raised.message) == (f"{one} {other}\n", f"bad {one}")
    assert called(sandbox, TEXTS, "texts", "prints", "raises") == [texts, printed, raised]


def test_the_hash_seed_is_in_force() -> None:
    def order(hash_seed: int) -> Any:
        with Sandbox(workers=1, hash_seed=hash_seed) as pool:
            return called(pool, TEXTS, "names")[0].value

    first = order(1)
    assert order(1) == first != order(2)
    assert sorted(first) == sorted(f"name {number}" for number in range(40))


def test_no_text_tells_where_python_lies_on_this_machine(sandbox: Sandbox) -> None:
    told = called(sandbox, LEAKY, "nested", "trace", "missing", "raises", "prints")
    text = "\n".join(f"{one.value} {one.message} {one.stdout} {one.where}" for one in told)
    assert [one.kind for one in told] == ["error", "ok", "error", "error", "ok"]
    for place in (sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), str(ROOT), str(Path.home())):
        assert place not in text, place
    assert "json/__init__.py" in text


def test_compiled_modules_give_the_same_results_as_their_sources() -> None:
    with Sandbox(workers=1) as pool:
        from_source = called(pool, RANDOM + TEXTS, "draw", "texts", "raises", seed=3)
        assert called(pool, RANDOM + TEXTS, "draw", "texts", "raises", seed=3) == from_source


def test_pools_that_share_what_they_compile_compile_it_once_and_give_the_same() -> None:
    class Counting(Blobs):
        kept = 0

        def keep(self, digest: str, blob: bytes) -> None:
            self.kept += 1
            super().keep(digest, blob)

    blobs = Counting()
    with Sandbox(workers=1, blobs=blobs) as one, Sandbox(workers=1, hash_seed=1, blobs=blobs) as other:
        drawn = called(one, RANDOM, "draw", seed=3)
        assert called(other, RANDOM, "draw", seed=3) == drawn
        assert blobs.kept == 1
        assert [outcome.kind for outcome in called(other, TEXTS, "names")] == ["ok"] and blobs.kept == 2


def test_an_episode_finds_nothing_of_what_the_worker_went_through_before(sandbox: Sandbox) -> None:
    source = "import os, random, sys\nprint('first')\ndef found():\n    os.register_at_fork(before=lambda: None)\n" \
             "    return [sorted(name for name in sys.modules if 'rehears' in name), len(sys.meta_path), sys.path, __name__]\n"
    with sandbox.start(Image((("m", source),))) as episode:
        assert episode.loaded.stdout == "first\n"
        finders = 4  # the image's own, and three of Python
        assert episode.call("m.found").value == [[], finders, [], "m"]


@pytest.mark.parametrize("name", ["bz2", "lzma", "_uuid", "astra_data", "ctypes"])
def test_what_only_the_worker_needs_cannot_be_imported(sandbox: Sandbox, name: str) -> None:
    outcome = called(sandbox, f"def get():\n    import {name}", "get")[0]
    assert (outcome.kind, outcome.error_type) == ("error", "ModuleNotFoundError")


@pytest.mark.parametrize("preloaded", [True, False])
def test_only_a_preloaded_module_can_be_imported(preloaded: bool) -> None:
    source = "def draw():\n    import numpy\n    return [float(numpy.random.random()), int(numpy.arange(4).sum())]"
    with Sandbox(workers=1, preload=("numpy",) if preloaded else ()) as pool:
        first = called(pool, source, "draw", seed=5)[0]
        assert (first.kind, first.error_type) == (("ok", "") if preloaded else ("error", "ModuleNotFoundError"))
        assert called(pool, source, "draw", seed=5) == [first]
