"""One function scores the messages of any rollout, and the hack that the paper's reward invites does not pay [A 15.3]."""

from dataclasses import replace
from typing import Any

import pytest
from arena_rows import arena_of
from hypothesis import given, settings
from hypothesis import strategies as st
from small_environments import BANK, SHOP

from astra_data.messages import MALFORMED, Message, assistant, tool_call, tool_result
from astra_data.rollout.replay import gold_calls, replay
from astra_data.rollout.scoring import Mode, Scored, Terms, scored, states_of
from astra_data.rows import Arena
from astra_data.rows.arenas import Distractor, Removed
from astra_data.rows.environments import EnvironmentTurn, Goal, Match
from astra_data.sandbox import Sandbox


def looked(*answers: int) -> list[Message]:
    """Calls of `look` that hold these answers, one in a turn."""
    messages = []
    for number, answer in enumerate(answers):
        call = tool_call(str(number), "look", {"key": answer})
        messages += [assistant("", [call]), tool_result(str(number), "look", f"[{answer}]")]
    return messages


def wanted(count: int, answer: Any = None, **values: Any) -> Arena:
    goals = [Goal(f"g{number}", "look", {"key": number}, [number], number, Match("text"), []) for number in range(count)]
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    return arena_of(SHOP, turns=[EnvironmentTurn("go on", goals)], tools=[tool, *values.pop("more", [])], answer=answer, **values)


def done(arena: Arena, *messages: Message) -> Scored:
    return scored(arena, [*arena.prompt, *messages])


VECTORS = [(4, 4, 4, 1.0), (4, 4, 6, 0.8), (4, 3, 4, 0.75), (4, 4, 8, 0.6667), (4, 4, 20, 0.3333), (5, 4, 6, 0.7273),
           (4, 1, 1, 0.4), (4, 2, 2, 0.6667), (4, 0, 7, 0.0), (1, 1, 1, 1.0), (4, 0, 0, 0.0)]


@pytest.mark.parametrize(("goals", "solved", "calls", "reward"), VECTORS)
def test_the_messages_give_the_closed_form_on_every_vector(goals: int, solved: int, calls: int, reward: float) -> None:
    found = done(wanted(goals), *looked(*range(solved), *[99] * (calls - solved)), assistant("Done."))
    assert (found.goals, found.solved, found.calls) == (goals, solved, calls)
    assert Terms().value(found) == found.f1 == pytest.approx(reward, abs=5e-5)
    assert found.recall == solved / goals and found.precision == (solved / calls if calls else 0)


def test_unknown_names_malformed_calls_and_malformed_turns_are_counted() -> None:
    distractor = {"type": "function", "function": {"name": "other", "parameters": {"type": "object"}}}
    arena = wanted(1, more=[distractor], distractors=[Distractor("other", "low", 0.1, "look", "0" * 16)])
    found = done(arena, *looked(0), assistant("", [tool_call("x", "none", {})]), tool_result("x", "none", "Error: no"),
                 assistant("", [tool_call("y", "look", {MALFORMED: "{"})]), tool_result("y", "look", "Error: no JSON"),
                 assistant("", [tool_call("z", "other", {})]), tool_result("z", "other", "0"), assistant('"}}\n</tool_call>'))
    assert (found.unknown_calls, found.malformed_calls, found.distractor_calls, found.malformed_turns) == (1, 1, 1, 1)
    assert (found.solved, found.calls, found.f1, found.credits) == (1, 5, 2 / 6, ["g0", None, None, None])
    assert (found.turns, found.valid) == (5, False)


def test_a_trainers_messages_give_the_same_breakdown_as_ours() -> None:
    arena = wanted(2, answer=1)
    ours = [*looked(0, 1), assistant("", [tool_call("9", "none", {})]), tool_result("9", "none", "no"), assistant("It is 1.")]
    theirs = [{key: value for key, value in message.items() if key != "tool_call_id"} for message in ours]
    for message in theirs:
        for call in message.get("tool_calls", ()):
            del call["id"]
    assert done(arena, *theirs) == done(arena, *looked(0, 1), *ours[4:6], ours[6])


def test_ending_in_garbage_does_not_pay() -> None:
    """The hack of a reward that looks at calls alone: after the last useful call, or instead of a hard one, write garbage."""
    arena = wanted(2, answer=1)
    honest, early = [*looked(0, 1), assistant("The answer is 1.")], [*looked(0), assistant("I found 0 alone.")]
    for garbage in ('"}}\n</tool_call>', "", "<tool_call>", '{"name": "look"', "}"):
        for good in (honest, early):
            bad = [*good[:-1], assistant(garbage)]
            for terms in (Terms(), Terms("precision"), Terms(answer=1.0)):
                assert terms.value(done(arena, *bad)) < terms.value(done(arena, *good))  # type: ignore[operator]
            assert done(arena, *bad).valid is False and done(arena, *good).valid
    paper = done(arena, *honest).breakdown
    assert 2 * paper.solved / (paper.goals + 2) == paper.f1 == 1.0


def test_the_final_answer_can_be_one_goal_more() -> None:
    arena = wanted(2, answer=1)
    right, wrong = done(arena, *looked(0, 1), assistant("It is 1.")), done(arena, *looked(0, 1), assistant("It is 11."))
    silent = done(arena, *looked(0, 1))
    assert [one.answered for one in (right, wrong, silent)] == [True, False, False]
    assert [Terms(answer=1.0).value(one) for one in (right, wrong, silent)] == [1.0, 2 * 2 / 6, 2 * 2 / 6]
    assert Terms("recall", answer=0.5).value(wrong) == 2 / 2.5 and Terms("precision", answer=0.5).value(right) == 1.0
    assert Terms(answer=1.0).value(done(wanted(2), *looked(0, 1))) == 1.0


def gone(kind: str, argument: str | None = None) -> Arena:
    removed = Removed(kind, "look", argument, "Look up O-17.")
    return replace(wanted(0), turns=[EnvironmentTurn("Look up the order.", [])], removed=removed)


@pytest.mark.parametrize(
    ("kind", "text", "right"),
    [
        ("tool", "I cannot do that: there is no tool for it.", True),
        ("tool", "I'm sorry, but I don\u2019t have a tool that looks up orders.", True),
        ("tool", "The order costs 17.", False),
        ("tool", "I cannot do that, but it costs 17.", False),
        ("tool", "Which order do you mean?", False),
        ("argument", "Which order do you mean?", True),
        ("argument", "Please provide the id of the order.", True),
        ("argument", "I need to know which order, and it is not provided.", True),
        ("argument", "The order costs 3.", False),
        ("argument", "", False),
    ],
)
def test_saying_what_is_missing_is_right(kind: str, text: str, right: bool) -> None:
    found = done(gone(kind, "key"), assistant(text))
    assert found.declined is right and found.f1 is None
    assert Terms(decline=1.0).value(found) == float(right)


def test_a_call_with_an_invented_value_is_no_refusal_and_others_cost() -> None:
    says = assistant("Which order do you mean?")
    assert done(gone("argument", "key"), *looked(1), says).declined is False
    other = [assistant("", [tool_call("1", "list", {})]), tool_result("1", "list", "[]")]
    assert Terms(decline=1.0).value(done(gone("argument", "key"), *other, says)) == 2 / 3


def test_in_a_language_without_words_for_it_nothing_is_judged() -> None:
    found = done(replace(gone("tool"), language="fr"), assistant("Je ne peux pas."))
    assert found.declined is None and Terms(decline=1.0).value(found) is None
    assert done(replace(gone("tool"), language="de"), assistant("Das kann ich leider nicht nachsehen.")).declined


def test_goals_of_states_are_scored_with_the_states_that_the_calls_made_again_go_through() -> None:
    arena = arena_of(BANK)
    with Sandbox(workers=1) as sandbox:
        played = replay(BANK, gold_calls(BANK), sandbox)
        messages = [*played.messages, assistant("Done."), assistant("", [tool_call("z", "pay", {"account": "Y", "amount": 1})])]
        states = states_of(arena, messages, sandbox)
        assert states_of(arena_of(SHOP), messages, sandbox) is None
    assert states is not None and states[2] == (None, None)
    assert scored(arena, messages[:-1], states[:2]).breakdown == played.breakdown
    assert (scored(arena, messages, states).solved, scored(arena, messages, states).calls) == (2, 3)
    with pytest.raises(ValueError, match="states around each call"):
        scored(arena, messages)


ACTS = st.lists(st.sampled_from(["hit", "miss", "unknown", "malformed", "debris"]), max_size=8)
ENDS = st.sampled_from(["The answer is 1.", "It is 7.", "", '"}}', "I cannot do that.", None])


def played(acts: list[str], end: str | None) -> list[Message]:
    """A conversation of these acts. A hit tells the next answer."""
    messages: list[Message] = []
    for number, act in enumerate(acts):
        if act == "debris":
            messages.append(assistant("<tool_call>"))
            continue
        name, arguments = "none" if act == "unknown" else "look", {MALFORMED: "{"} if act == "malformed" else {"key": number}
        told = f"[{acts[:number].count('hit')}]" if act == "hit" else "nothing"
        messages += [assistant("", [tool_call(str(number), name, arguments)]), tool_result(str(number), name, told)]
    return messages if end is None else [*messages, assistant(end)]


@settings(max_examples=200, deadline=None)
@given(ACTS, ENDS, st.sampled_from(["f1", "recall", "precision"]), st.floats(0, 4), st.floats(0, 4), st.booleans(), st.data())
def test_no_reward_leaves_its_bounds_and_none_grows_by_what_is_redundant(
    acts: list[str], end: str | None, mode: Mode, answer: float, decline: float, whole: bool, data: st.DataObject,
) -> None:
    arena = wanted(2, answer=1) if whole else gone("tool")
    terms = Terms(mode, answer, decline)
    before = terms.value(done(arena, *played(acts, end)))
    assert before is None or 0 <= before <= 1
    place = data.draw(st.integers(0, len(acts)))
    more = [*acts[:place], data.draw(st.sampled_from(["miss", "unknown", "malformed", "debris"])), *acts[place:]]
    after = terms.value(done(arena, *played(more, end)))
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after <= before
        assert mode == "recall" or before == 0 or after < before
