"""The reward is 2 * solved / (goals + calls), whatever was called [A 15.3, 22.2]."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astra_data.rollout.goals import Made
from astra_data.rollout.reward import Breakdown, breakdown
from astra_data.rows.environments import EnvironmentTurn, Goal, Match


def goal(name: str, answer: int, after: tuple[str, ...] = (), tool: str = "look") -> Goal:
    return Goal(name, tool, {"key": answer}, [answer], answer, Match("text"), list(after))


def turns(*goals: list[Goal]) -> list[EnvironmentTurn]:
    return [EnvironmentTurn("go on", list(wanted)) for wanted in goals]


def made(*found: object, turn: int = 0, tool: str = "look") -> list[Made]:
    """Calls whose responses hold these answers."""
    return [Made(tool, {"key": 0}, found_here, turn) for found_here in found]


def scored(wanted: list[EnvironmentTurn], calls: list[Made], malformed_turns: int = 0) -> Breakdown:
    return breakdown(wanted, calls, {}, malformed_turns)


@pytest.mark.parametrize(
    ("goals", "solved", "calls", "reward"),
    [
        (4, 4, 4, 1.0),
        (4, 4, 6, 0.8),
        (4, 3, 4, 0.75),
        (4, 4, 8, 0.6667),
        (4, 4, 20, 0.3333),
        (5, 4, 6, 0.7273),
        (4, 1, 1, 0.4),
        (4, 2, 2, 0.6667),
        (4, 0, 7, 0.0),
        (1, 1, 1, 1.0),
        (4, 0, 0, 0.0),
    ],
)
def test_vectors(goals: int, solved: int, calls: int, reward: float) -> None:
    wanted = turns([goal(f"g{number}", number) for number in range(goals)])
    done = scored(wanted, made(*range(solved), *["nothing"] * (calls - solved)))
    assert (done.goals, done.solved, done.calls) == (goals, solved, calls)
    assert done.f1 == pytest.approx(reward, abs=5e-5)
    if solved:
        assert done.f1 == pytest.approx(2 * done.precision * done.recall / (done.precision + done.recall))


def test_one_call_is_credited_with_one_goal_even_if_it_holds_all_answers() -> None:
    wanted = turns([goal(f"g{number}", number) for number in range(4)])
    done = scored(wanted, made("0, 1, 2 and 3"))
    assert (done.solved, done.f1, done.credits) == (1, 0.4, ["g0"])


def test_calls_share_goals_out_so_that_most_are_solved() -> None:
    done = scored(turns([goal("a", 1), goal("b", 2)]), made("1 and 2", "1"))
    assert (done.solved, done.credits) == (2, ["b", "a"])


def test_unknown_names_malformed_calls_and_malformed_turns_count() -> None:
    wanted = turns([goal("a", 1)])
    calls = [*made(1), Made("no_such_tool", {}, "Error"), Made("look", None, "Error")]
    assert scored(wanted, calls).f1 == 2 / 4
    assert scored(wanted, calls, malformed_turns=2).f1 == 2 / 6


def test_a_goal_counts_only_after_those_it_waits_for() -> None:
    wanted = turns([goal("a", 1), goal("b", 2, after=("a",))])
    assert scored(wanted, made(1, 2)).credits == ["a", "b"]
    assert scored(wanted, made(2, 1)).credits == [None, "a"]
    assert scored(wanted, made(2, 1, 2)).credits == [None, "a", "b"]


def test_an_order_that_was_kept_is_not_undone_to_credit_a_later_call() -> None:
    """The first call could hold `a` or `b`; `c` has waited for `a`, so a later call cannot take `a` over."""
    wanted = turns([goal("a", 1), goal("b", 2), goal("c", 3, after=("a",))])
    done = scored(wanted, made("1 and 2", 3, 1))
    assert (done.credits, done.unsolved) == (["a", "c", None], ["b"])


def test_a_call_counts_for_the_goals_of_its_own_turn() -> None:
    wanted = turns([goal("a", 1)], [], [goal("b", 2)])
    assert scored(wanted, [*made(2), *made(1, turn=1), *made(1, 2, turn=2)]).credits == [None, None, None, "b"]
    assert scored(wanted, made(1, turn=9)).credits == [None]
    assert scored(wanted, [*made(1), *made(2, turn=2)]).f1 == 1.0
    assert scored(wanted, [*made(1), *made("x", turn=1), *made(2, turn=2)]).f1 == 4 / 5


def test_without_goals_there_is_no_reward() -> None:
    with pytest.raises(ValueError, match="without goals"):
        scored(turns([], []), made(1))


NUMBERS = st.integers(0, 4)
CALLS = st.lists(st.builds(lambda name, held, turn: Made(name, {}, " ".join(map(str, held)), turn),
                           st.sampled_from(["look", "find", "no_such_tool"]), st.lists(NUMBERS, max_size=3), st.integers(0, 2)),
                 max_size=8)


@st.composite
def wanted_turns(draw: st.DrawFn) -> list[EnvironmentTurn]:
    made_up: list[list[Goal]] = [[], []]
    for number in range(draw(st.integers(1, 5))):
        turn = draw(st.integers(0, 1))
        earlier = [one.id for one in made_up[turn]]
        after = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
        made_up[turn].append(goal(f"g{number}", draw(NUMBERS), tuple(after), draw(st.sampled_from(["look", "find"]))))
    return turns(*made_up)


@settings(max_examples=200, deadline=None)
@given(wanted_turns(), CALLS)
def test_the_reward_stays_in_its_bounds_and_credits_are_consistent(wanted: list[EnvironmentTurn], calls: list[Made]) -> None:
    done = scored(wanted, calls)
    credited = [name for name in done.credits if name is not None]
    assert 0 <= done.f1 <= 1 and 0 <= done.precision <= 1 and 0 <= done.recall <= 1
    assert len(credited) == len(set(credited)) == done.solved <= min(done.goals, done.calls)
    at = {name: index for index, name in enumerate(done.credits) if name is not None}
    for one in (one for turn in wanted for one in turn.goals if one.id in at):
        assert all(at[before] < at[one.id] for before in one.after)
        assert one.tool == calls[at[one.id]].name


@settings(max_examples=200, deadline=None)
@given(wanted_turns(), CALLS, st.data())
def test_no_redundant_call_raises_the_reward(wanted: list[EnvironmentTurn], calls: list[Made], data: st.DataObject) -> None:
    """One that tells nothing, anywhere; and any at all once every goal is solved."""
    before = scored(wanted, calls)
    place = data.draw(st.integers(0, len(calls)))
    useless = Made("look", {}, "nothing new", data.draw(st.integers(0, 2)))
    after = scored(wanted, [*calls[:place], useless, *calls[place:]])
    assert after.f1 < before.f1 or before.f1 == after.f1 == 0
    again = scored(wanted, [*calls, data.draw(st.sampled_from(calls)) if calls else useless])
    assert again.f1 < before.f1 or before.unsolved
