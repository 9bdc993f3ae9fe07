"""Failures made on purpose [A 21.1]: how many, of which kind, never too many in a row, and the same for the same seed."""

from collections import Counter

import pytest

from astra_data.rollout.failures import KINDS, SAYS, Failures, Injection
from astra_data.tools.result import ToolResult

KIND_OF = {text: kind for kind, texts in SAYS.items() for text in texts}


def drawn(seed: str, count: int, injection: Injection | None = None) -> list[ToolResult | None]:
    """The draws for `count` calls, each of them another one."""
    failures = Failures(injection or Injection(), seed)
    return [failures.draw("get", {"id": number}) for number in range(count)]


def test_a_fifth_of_ten_thousand_draws_fails() -> None:
    """p = 0.20 [A 6.1, 21.1]."""
    results = [result for rollout in range(1000) for result in drawn(f"7/emulator/{rollout}", 10)]
    assert abs(sum(result is not None for result in results) / len(results) - 0.20) <= 0.01


def test_kinds_come_as_they_are_weighted() -> None:
    """Timeout 40 %, unreachable 25 %, rate limit 15 %, 5xx 15 %, malformed 5 % [A 21.1]."""
    found = Counter(KIND_OF[result.content] for result in drawn("7/emulator/x", 50_000) if result)
    for kind, weight in {
        "timeout": 0.40,
        "unreachable": 0.25,
        "rate_limit": 0.15,
        "server_error": 0.15,
        "malformed": 0.05,
    }.items():
        assert abs(found[kind] / found.total() - weight) <= 0.015  # type: ignore[index]


def test_the_same_call_never_fails_more_than_twice_in_a_row_and_a_retry_draws_again() -> None:
    """A retry of a failed call is made until it succeeds, over ten thousand draws. Per call p + p^2 failures are expected."""
    failures, draws, runs = Failures(Injection(), "7/emulator/retries"), 0, Counter[int]()
    number = 0
    while draws < 10_000:
        run = 0
        draws += 1
        while failures.draw("get", {"id": number}):
            run, draws = run + 1, draws + 1
        runs[run] += 1
        number += 1
    assert set(runs) == {0, 1, 2}
    injected = runs[1] + 2 * runs[2]
    assert abs(injected / draws - 0.24 / 1.24) <= 0.01
    assert abs(runs[2] / number - 0.04) <= 0.01, "a second draw is as likely to fail as the first"


def test_other_calls_between_do_not_start_the_count_again() -> None:
    failures = Failures(Injection(share=0.999), "s")
    kinds = [failures.draw("get", {"id": number % 2}) is not None for number in range(12)]
    assert kinds == [True, True, True, True, False, False] * 2


def test_equal_seeds_give_equal_failures_and_others_do_not() -> None:
    assert drawn("7/emulator/a", 200) == drawn("7/emulator/a", 200)
    assert drawn("7/emulator/a", 200) != drawn("7/emulator/b", 200)


def test_a_draw_depends_on_the_number_of_the_call_and_not_on_the_call() -> None:
    failures = Failures(Injection(), "7/emulator/a")
    other = [failures.draw(f"tool_{number}", {}) for number in range(200)]
    assert other == drawn("7/emulator/a", 200)


def test_every_failure_is_an_error_and_says_that_it_was_made_on_purpose() -> None:
    results = [result for result in drawn("s", 500) if result]
    assert all(result.is_error and result.injected and result.backend == "emulated" for result in results)
    assert not any("inject" in result.content.lower() or "purpose" in result.content for result in results)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mixture_can_be_chosen(kind: str) -> None:
    results = drawn("s", 50, Injection(share=0.5, kinds={kind: 1.0}))  # type: ignore[dict-item]
    assert {KIND_OF[result.content] for result in results if result} == {kind}


def test_none_fail_where_the_share_is_zero() -> None:
    assert drawn("s", 500, Injection(share=0)) == [None] * 500
