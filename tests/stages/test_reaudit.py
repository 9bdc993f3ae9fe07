"""Environments audited again: kept, rejected with their first reason, or quarantined where the audit could not be finished."""

import random
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from audit.coarse import coarse
from audit.sound import SOUND

from astra_data.audit import Bench, audit
from astra_data.pipeline.stage import Keep, Outcome, Quarantine, Reject
from astra_data.rows.environments import AuditCheck
from astra_data.stages.reaudit import REAUDIT, decided
from benchmarks.cheats import CHEATS
from benchmarks.cheats.surgery import with_goals

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)
Expand = Callable[..., list[Outcome]]


def test_each_row_goes_where_its_audit_puts_it_and_carries_it(expand: Expand) -> None:
    sound = SOUND["orders"]()
    cheat = CHEATS["constant"].make(sound, random.Random(1))
    unknown = with_goals(sound, lambda goal: replace(goal, arguments=None))
    kept, refused, open_ = expand(REAUDIT, {"environments": [sound, cheat, unknown]}, isolation="best_effort")
    assert isinstance(kept, Keep) and isinstance(refused, Reject) and isinstance(open_, Quarantine)
    assert kept.row.id == sound.id and kept.row.hackability is not None and kept.row.audit
    assert all(check.passed is not False for check in kept.row.audit)
    assert refused.reason.startswith("audit: sensitivity - ") and refused.row is not None and refused.row.audit
    assert open_.reason == (
        "audit: incomplete - json: not made: the gold calls of customer, total, share are not known"
    )


def test_a_lost_sandbox_quarantines_and_rejects_nothing() -> None:
    with Bench.open(isolation="best_effort") as bench:
        closed = bench
    row = SOUND["desk"]()
    outcome = decided(row, audit(row, closed), 0.2)
    assert isinstance(outcome, Quarantine)
    assert outcome.reason.startswith("audit: incomplete - json: not made: the sandbox failed: ")


def test_what_others_noted_stays_and_is_no_check_of_the_audit(expand: Expand) -> None:
    merge = AuditCheck("merge", "show_ticket", None, "t2 stays apart: its call is that of another sub-question")
    old = AuditCheck("leakage", None, False, "of an older audit")
    (outcome,) = expand(REAUDIT, {"environments": [replace(SOUND["desk"](), audit=[old, merge])]}, isolation="best_effort")
    assert isinstance(outcome, Keep)
    assert outcome.row.audit[-1] == merge and old not in outcome.row.audit
    assert [check.check for check in outcome.row.audit].count("leakage") == 1


def test_a_row_that_is_fooled_too_often_is_rejected_though_no_check_failed(expand: Expand) -> None:
    (outcome,) = expand(REAUDIT, {"environments": [coarse()]}, isolation="best_effort", most_hackability=0.001)
    assert isinstance(outcome, Reject) and outcome.reason.startswith("audit: too hackable - 0.")
    assert all(check.passed is not False for check in outcome.row.audit)


def test_a_row_audited_again_is_the_same_whatever_its_old_audit_said(expand: Expand) -> None:
    fresh = SOUND["released"]()
    (once,) = expand(REAUDIT, {"environments": [fresh]}, isolation="best_effort")
    assert isinstance(once, Keep)
    (again,) = expand(REAUDIT, {"environments": [replace(once.row, hackability=0.9)]}, isolation="best_effort")
    assert again == once
