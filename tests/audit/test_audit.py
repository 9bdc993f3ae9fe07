"""Sound environments pass every check that applies; each way of spoiling one fails the check that is there for it."""

import random
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from audit.coarse import coarse
from audit.sound import SOUND as PLAIN

from astra_data.audit import Bench, audit
from astra_data.sandbox import Limits
from benchmarks.cheats import CHEATS
from benchmarks.cheats.surgery import wrapped

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)
SOUND = {**PLAIN, "coarse": coarse}
COSTLY = dict.fromkeys(("hangs_on_others", "exhausts_memory_on_others"), ("desk", "released"))
ENOUGH = 2
FEW = {"refuses_all_others": ("desk", "released")}
"""Where fewer than three other values are known, a tool that knows one cannot be told from a small table."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench.open(isolation="best_effort", limits=Limits(cpu_s=0.2)) as opened:
        yield opened


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_environment_passes_every_check_that_applies(name: str, bench: Bench) -> None:
    found = audit(SOUND[name](), bench)
    assert (found.failed, found.complete, found.passed) == ([], True, True)
    assert found.hackability is not None and found.hackability < 0.15
    assert audit(SOUND[name](), bench) == found


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_fails_the_check_that_is_there_for_it(name: str, bench: Bench) -> None:
    seen = 0
    for sound in (COSTLY | FEW).get(name, tuple(SOUND)):
        cheat = CHEATS[name].make(SOUND[sound](), random.Random(1))
        if cheat is not None and seen < ENOUGH:
            seen += 1
            failed = {check.check for check in audit(cheat, bench).failed}
            assert CHEATS[name].named(failed), (sound, failed)
    assert seen, "the operator applies nowhere"


@pytest.mark.parametrize("amount", [1e306, -1.7976931348623157e308, 5e-324, 2**64 - 1, -(2**63)])
def test_a_gold_argument_at_the_edge_of_what_a_number_holds_is_audited_like_any_other(amount: float, bench: Bench) -> None:
    sound = SOUND["orders"]()
    goals = [replace(goal, arguments=goal.arguments | {"amount": amount}) if "amount" in goal.arguments else goal
             for goal in sound.turns[0].goals]
    assert goals != sound.turns[0].goals
    found = audit(replace(sound, turns=[replace(sound.turns[0], goals=goals)]), bench)
    assert found.hackability is not None and "replay" in {check.check for check in found.failed}


def test_an_audit_that_lost_its_sandbox_is_incomplete_and_never_passed() -> None:
    with Bench.open(isolation="best_effort") as bench:
        closed = bench
    found = audit(SOUND["orders"](), closed)
    assert (found.passed, found.complete, found.hackability, found.failed) == (False, False, None, [])


def test_goals_that_are_calls_have_no_answer_to_give_away_and_say_so(bench: Bench) -> None:
    checks = {check.check: check for check in audit(SOUND["files"](), bench).checks if check.passed is None}
    assert {"sensitivity", "leakage", "crosstalk"} <= checks.keys()
    assert all(check.evidence.startswith("not applicable: ") for check in checks.values())


def test_a_tool_of_numbers_that_knows_its_gold_call_alone_is_found_unless_it_was_recorded(bench: Bench) -> None:
    row = SOUND["orders"]()
    gold = {"amount": 1327.35, "percent": 20}
    cheat = wrapped(row, "scale", f"if _given != {gold}:\n    return {{'error': 'no'}}\nreturn _sound(**_given)")
    assert cheat is not None
    assert [(check.check, check.tool) for check in audit(cheat, bench).failed] == [("generality", "scale")]
    assert audit(replace(cheat, source="trajectories"), bench).passed
