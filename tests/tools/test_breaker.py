"""A server that fails again and again is left alone for some attempts, counted and not timed; then one attempt decides."""

from astra_data.tools.breaker import Breaker


def failing(times: int, breaker: Breaker) -> list[bool]:
    """Whether each of so many attempts is admitted; every one that is fails."""
    admitted = []
    for _ in range(times):
        admitted.append(breaker.admit())
        if admitted[-1]:
            breaker.failed()
    return admitted


def test_it_opens_after_three_failures_and_lets_one_through_after_eight_refusals() -> None:
    assert failing(24, Breaker()) == [True] * 3 + ([False] * 8 + [True]) * 2 + [False] * 3


def test_a_success_between_starts_the_count_again() -> None:
    breaker = Breaker()
    failing(2, breaker)
    breaker.succeeded()
    assert failing(4, breaker) == [True, True, True, False]


def test_a_probe_that_succeeds_closes_it() -> None:
    breaker = Breaker(most=1, rest=2)
    assert failing(3, breaker) == [True, False, False]
    assert breaker.admit()
    breaker.succeeded()
    assert breaker.closed
    assert breaker.admit()


def test_there_is_one_probe_at_a_time_and_a_probe_given_up_makes_room() -> None:
    breaker = Breaker(most=1, rest=1)
    assert failing(2, breaker) == [True, False]
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.abandoned()
    assert breaker.admit()


def test_a_late_failure_of_before_does_not_lengthen_the_rest() -> None:
    breaker = Breaker(most=1, rest=2)
    failing(2, breaker)
    breaker.failed()
    assert [breaker.admit(), breaker.admit()] == [False, True]
