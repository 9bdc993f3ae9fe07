"""Opinions are counted as they came: none is made up, none discards another, and none that is missing decides."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import ScriptedTeacher

from astra_data.errors import EndpointError
from astra_data.ledger import Unanswered
from astra_data.stages.opinions import Opinion, Seat, opinions, seats_of, tally
from astra_data.teacher.roles import Player, Roles
from astra_data.teacher.teacher import Abstained

YES, NO = Opinion(True, "fine"), Opinion(False, "no use")
ABSTAINED = Opinion(None, "cannot tell")
UNREADABLE = Opinion(None, "answer: not JSON", failed=True)
MISSING = Opinion(None, "endpoint: 503 - away", failed=True, missing=True)
heard = st.lists(st.sampled_from([YES, NO, ABSTAINED, UNREADABLE, MISSING]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("votes", "value", "failure"),
    [
        ([YES] * 6, True, None),
        ([YES] * 4 + [NO] * 2, True, None),
        ([YES] * 3 + [NO] * 3, False, None),
        ([NO] * 6, False, None),
        ([YES] * 4 + [ABSTAINED] * 2, True, None),
        ([YES] * 4 + [UNREADABLE] * 2, True, None),
        ([YES] * 3 + [NO] + [UNREADABLE] * 2, True, None),
        ([YES] * 2 + [NO] * 2 + [UNREADABLE] * 2, False, None),
        ([YES] * 3 + [ABSTAINED] * 3, None, None),
        ([YES] * 3 + [UNREADABLE] * 3, None, "answer: not JSON"),
        ([ABSTAINED] * 6, None, None),
        ([YES] * 4 + [MISSING] * 2, True, None),
        ([NO] * 4 + [MISSING] * 2, False, None),
        ([YES] * 3 + [NO] * 2 + [MISSING], None, "endpoint: 503 - away"),
        ([YES] * 3 + [MISSING] * 3, None, "endpoint: 503 - away"),
        ([YES, ABSTAINED, ABSTAINED, ABSTAINED, ABSTAINED, MISSING], None, None),
        ([MISSING] * 6, None, "endpoint: 503 - away"),
    ],
)
def test_a_vote_of_six_is_a_strict_majority_of_at_least_four_parsed_votes(
    votes: list[Opinion], value: bool | None, failure: str | None
) -> None:
    """[A 20.4]: 2 models x 3 samples, strict majority of the parsed votes, at least 4 parsed."""
    found = tally(votes, 4, 0.5)
    assert (found.value, found.failure) == (value, failure)


@given(votes=heard, least=st.integers(1, 8), answers=st.lists(st.sampled_from([YES, NO]), min_size=8, max_size=8))
def test_what_was_missing_changes_no_verdict_whatever_it_turns_out_to_be(
    votes: list[Opinion], least: int, answers: list[Opinion]
) -> None:
    before = tally(votes, least, 0.5)
    later = iter(answers)
    after = tally([next(later) if vote.missing else vote for vote in votes], least, 0.5)
    if before.failure is None:
        assert after.value is before.value
    if before.value is not None:
        assert (after.value, after.failure) == (before.value, None)


@given(votes=heard, least=st.integers(1, 8))
def test_only_parsed_values_make_a_verdict(votes: list[Opinion], least: int) -> None:
    found = tally(votes, least, 0.5)
    yes, no = votes.count(YES), votes.count(NO)
    if found.value is not None:
        assert yes + no >= least
        assert found.value == (yes > no)
        assert found.failure is None


def test_the_count_names_a_reason_against() -> None:
    assert tally([YES, NO, NO], 2, 0.5).counted == "1 of 3 for it, against it: no use"
    assert tally([YES, UNREADABLE], 1, 0.5).counted == "1 of 1 for it"
    assert tally([UNREADABLE, ABSTAINED], 1, 0.5).counted == "answer: not JSON"


def player(name: str, temperature: float = 1) -> Player:
    return Player(ScriptedTeacher({}, name=name), None, {"model": name, "sampling": {"temperature": temperature}})  # type: ignore[arg-type]


def test_roles_that_are_one_model_sit_with_different_samples_of_it() -> None:
    roles = Roles({"default": player("a"), "second": player("b"), "warm": player("a", 1.5)})
    seats = [(seat.teacher.name, seat.sample) for seat in seats_of(["first", "second", "third", "warm"], 2, roles)]
    assert seats == [("a", 0), ("a", 1), ("b", 0), ("b", 1), ("a", 2), ("a", 3), ("a", 0), ("a", 1)]


def test_one_failure_discards_no_other_opinion() -> None:
    """Defect T13 of [A 17.1]: one transport error discarded all samples of a row."""

    async def ask(seat: Seat) -> tuple[bool, str]:
        failures = {1: Unanswered("endpoint: timeout"), 2: Unanswered("answer: not JSON"), 3: Abstained("cannot tell")}
        if failure := failures.get(seat.sample):
            raise failure
        return True, f"sample {seat.sample}"

    seats = [Seat(ScriptedTeacher({}), sample) for sample in range(5)]
    assert asyncio.run(opinions(seats, ask)) == [
        Opinion(True, "sample 0"),
        Opinion(None, "endpoint: timeout", failed=True, missing=True),
        Opinion(None, "answer: not JSON", failed=True),
        Opinion(None, "cannot tell"),
        Opinion(True, "sample 4"),
    ]


def test_an_error_that_ends_the_run_leaves_no_question_open() -> None:
    cancelled = []

    async def ask(seat: Seat) -> tuple[bool, str]:
        if seat.sample == 1:
            raise EndpointError("no credit left")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(seat.sample)
            raise
        raise AssertionError

    async def main() -> None:
        with pytest.raises(EndpointError):
            await asyncio.wait_for(opinions([Seat(ScriptedTeacher({}), sample) for sample in range(3)], ask), 60)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    assert sorted(cancelled) == [0, 2]
