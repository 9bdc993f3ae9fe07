"""What a user, a description or an enum may name before any call, and what not."""

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from audit.sound import orders

from astra_data.audit import Bench, audit
from astra_data.rows import Environment
from benchmarks.cheats import CHEATS
from benchmarks.cheats.surgery import renewed, with_goals, with_key, with_schema

if sys.platform != "linux":
    pytest.skip("code is isolated by the Linux kernel", allow_module_level=True)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench.open(isolation="best_effort") as opened:
        yield opened


def loose() -> Environment:
    """The orders, whose goals say nothing of which comes after which."""
    return with_goals(orders(), lambda goal: replace(goal, after=[]))


def leaks(row: Environment, bench: Bench) -> str | None:
    """The evidence where `leakage` fails."""
    return next((check.evidence for check in audit(row, bench).failed if check.check == "leakage"), None)


def said(row: Environment, text: str) -> Environment:
    return renewed(row, turns=[replace(row.turns[0], user=text)])


@pytest.mark.parametrize("name", [name for name in CHEATS if name.startswith("intermediate_")])
def test_what_an_earlier_goal_answers_is_no_input_of_a_later_one(name: str, bench: Bench) -> None:
    cheat = CHEATS[name].make(loose(), random.Random(1))
    assert cheat is not None
    assert leaks(cheat, bench) is not None


def test_what_the_user_states_and_a_call_before_takes_is_an_input(bench: Bench) -> None:
    row = said(orders(), "Has Ingrid Dahl ordered anything, and who ordered O-1017?")
    goals = row.turns[0].goals
    turned = renewed(row, turns=[replace(row.turns[0], goals=[replace(goals[1], after=[]), goals[0]])], tools=row.tools[:2])
    assert leaks(turned, bench) is None
    assert leaks(row, bench) == "the user tells the answer of customer: Ingrid Dahl"


def in_description(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda schema: schema.update(description=text)


@pytest.mark.parametrize(("text", "leaking"), [
    ("What a customer ordered in all, in EUR.", False),
    ("What Ingrid Dahlberg ordered.", False),
    ("What INGRID  DAHL ordered.", True),
    ("Gives 1327.35 and the like.", True),
    ("Gives 11327.35 and the like.", False),
])
def test_a_description_may_not_name_an_answer_in_any_spelling(text: str, leaking: bool, bench: Bench) -> None:
    assert (leaks(with_schema(loose(), "customer_total", in_description(text)), bench) is not None) == leaking


def test_an_enum_may_list_an_answer_among_all_that_the_tool_knows(bench: Bench) -> None:
    def listed(*names: str) -> str | None:
        row = with_schema(loose(), "customer_total", lambda schema: schema["parameters"]["properties"]["customer"].update(
            enum=list(names)))
        return leaks(row, bench)

    assert listed("Ingrid Dahl", "Sara Lind", "Per Moe") is None
    assert "leaves out Per Moe" in (listed("Ingrid Dahl", "Sara Lind") or "")
    assert "does not know it" in (listed("Ingrid Dahl", "Sara Lind", "Per Moe", "1327.35") or "")


def test_a_short_number_is_no_leak_where_an_argument_has_it(bench: Bench) -> None:
    def answered(goal: Any) -> Any:
        return replace(goal, answer=3, match=replace(goal.match, path="orders")) if goal.id == "total" else goal

    row = with_goals(loose(), answered)
    assert leaks(said(row, "For O-1017: 20 percent of the total, please."), bench) is None
    assert "answer of total: 3" in (leaks(said(row, "For O-1017: 20 percent; 3 orders, I think."), bench) or "")
    taken = with_goals(row, lambda goal: replace(goal, arguments={"amount": 1327.35, "percent": 3}, answer=39.82,
                                                 response={"amount": 39.82}) if goal.id == "share" else goal)
    assert leaks(said(taken, "For O-1017: 3 percent of the total, please."), bench) is None


def short() -> Environment:
    """The orders, where the number of a customer's orders is asked for."""
    return with_goals(loose(), lambda goal: replace(goal, answer=3, match=replace(goal.match, path="orders"))
                      if goal.id == "total" else goal)


def test_a_short_answer_is_found_in_a_default_in_every_error_and_in_another_response(bench: Bench) -> None:
    def hinted(schema: dict[str, Any]) -> None:
        schema["parameters"]["properties"]["minimum"].update(type="string", default="3")

    response = {"orders": 3, "total": 1327.35}
    told = with_key(short(), "order_customer", "related", repr(response), response)
    dumped = with_key(short(), "customer_total", "table", repr([response]), [response])
    assert told and dumped
    cases = (with_schema(short(), "customer_total", hinted), "leakage"), (told, "crosstalk"), (dumped, "sensitivity")
    assert audit(short(), bench).failed == []
    for row, check in cases:
        assert check in {each.check for each in audit(row, bench).failed}, check
