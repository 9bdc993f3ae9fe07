"""Calls made again are scored as the rollout that made them would be."""

from dataclasses import replace

from small_environments import BANK, SHOP

from astra_data.rollout.goals import calls_made
from astra_data.rollout.replay import gold_calls, parameters_of, replay
from astra_data.rollout.reward import breakdown
from astra_data.sandbox import Sandbox


def test_gold_is_worth_one_over_all_turns_and_nothing_is_worth_nothing(sandbox: Sandbox) -> None:
    gold = gold_calls(SHOP)
    assert gold == [[("total", {"order": "A"})], [], [("total", {"order": "B"}), ("count", {})]]
    played = replay(SHOP, gold, sandbox)
    assert (played.breakdown.f1, played.breakdown.credits, played.final_state_reached) == (1.0, ["a", "b", "c"], None)
    assert [message["content"] for message in played.messages if message["role"] == "user"] == [
        "How much is A?",
        "Thanks.",
        "And B? Then count.",
    ]
    assert replay(SHOP, [[], [], []], sandbox).breakdown.f1 == 0.0


def test_the_messages_tell_the_same_as_the_calls(sandbox: Sandbox) -> None:
    played = replay(SHOP, [[("total", {"order": "B"}), ("nothing", {})], [("say", None)], [("total", {"order": "B"})]], sandbox)
    assert calls_made(played.messages) == played.made
    assert breakdown(SHOP.turns, calls_made(played.messages), parameters_of(SHOP)) == played.breakdown
    assert played.breakdown.credits == [None, None, None, "b"]


def test_states_are_goals_in_their_order_and_the_final_state_is_compared_without_what_is_ignored(sandbox: Sandbox) -> None:
    (gold,) = gold_calls(BANK)
    assert [arguments["account"] for _, arguments in gold if arguments] == ["X", "Y"], "in the order that the goals ask for"
    played = replay(BANK, [gold], sandbox)
    assert (played.breakdown.f1, played.final_state_reached) == (1.0, True)
    assert [(made.before is None, made.state["accounts"]["X"]) for made in played.made] == [(False, 3), (False, 3)]
    reversed_ = replay(BANK, [gold[::-1]], sandbox)
    assert (reversed_.breakdown.credits, reversed_.final_state_reached) == ([None, "x"], True)
    once = replay(BANK, [gold[:1]], sandbox)
    assert (once.breakdown.recall, once.final_state_reached) == (0.5, False)
    strict = replace(BANK, world=replace(BANK.world, ignore=[]))
    assert replay(strict, [gold], sandbox).final_state_reached is False
