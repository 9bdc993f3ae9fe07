"""Mutation testing of environments [A 21.3]: no tool may be fooled, and none may fool the learner.

    with Bench.open() as bench:
        found = audit(environment, bench)
    found.passed, found.hackability, found.checks

A check says what was seen. Where none can be had it is null: `not applicable` is no reproach, `not made` leaves the audit
incomplete.
"""

from astra_data.audit.audit import Audit, audit
from astra_data.audit.bench import Bench

__all__ = ["Audit", "Bench", "audit"]
