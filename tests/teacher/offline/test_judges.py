"""Judgement by checks: what is wrong is found, what is right is confirmed, and of the rest nothing is said."""

from typing import Any

import pytest
from scripted import NUMBER, TEXT, calls, card, offered, says, schema

from astra_data.messages import JsonObject, Message, tool_result, user
from astra_data.teacher.asks import Conversation
from astra_data.teacher.offline import judges
from astra_data.teacher.teacher import Abstained

UNIT = {"type": "string", "enum": ["metre", "foot"]}
TOOLS = offered(
    card("find_item", "Finds.", schema({"name": TEXT})),
    card("price", "Gives the price.", schema({"item_id": TEXT}, count=NUMBER, unit=UNIT)),
    card("note", "Notes.", schema({"text": TEXT})),
)
QUESTION = 'Find "Blue chair 13", then give the price for 4.'
FIND, PRICE = ("find_item", {"name": "Blue chair 13"}), ("price", {"item_id": "X-77", "count": 4})


def conversation(
    *messages: Message,
    reference: tuple[str, ...] = ("find_item", "price"),
    failed: tuple[str, ...] = (),
    question: str = QUESTION,
) -> Conversation:
    return Conversation(tools=TOOLS, messages=[user(question), *messages], reference=list(reference), failed=list(failed))


def result(number: int, text: str) -> Message:
    return tool_result(f"call_{number}", "tool", text)


def made(*wanted: tuple[str, JsonObject], texts: tuple[str, ...] = ('{"item_id": "X-77"}', "120 coins", "done")) -> list[Message]:
    """The wanted calls one after the other, each with its result."""
    return [
        message for number, call in enumerate(wanted) for message in (calls(call, start=number), result(number, texts[number]))
    ]


def price(**arguments: Any) -> Conversation:
    return conversation(calls(("price", arguments)))


@pytest.mark.parametrize(
    "arguments", [{"item_id": "blue CHAIR"}, {"item_id": "chair", "count": 4.0}, {"count": 13}, {}, {"item_id": ""}]
)
def test_a_first_call_with_given_values_shows_understanding(arguments: JsonObject) -> None:
    assert judges.understanding(price(**arguments), 0).score == 1


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ({"item_id": "Q99"}, "'Q99'"),
        ({"count": 3}, "3"),
        ({"count": 1}, "1"),
        ({"item_id": {"deep": ["green"]}}, "'green'"),
        ({"item_id": "chair", "count": 0}, "0"),
    ],
)
def test_a_made_up_value_shows_none(arguments: JsonObject, missing: str) -> None:
    judgement = judges.understanding(price(**arguments), 0)
    assert (judgement.score, judgement.reason) == (0, f"the user never gave {missing}")


@pytest.mark.parametrize("arguments", [{"item_id": "chair-blue-2"}, {"unit": "metre"}])
def test_a_value_that_may_be_meant_is_not_called_made_up(arguments: JsonObject) -> None:
    with pytest.raises(Abstained, match="cannot be checked"):
        judges.understanding(price(**arguments), 0)


def test_a_number_glued_to_its_unit_may_be_meant() -> None:
    with pytest.raises(Abstained):
        judges.understanding(conversation(calls(("price", {"count": 5})), question="The price for 5kg"), 0)


def test_without_a_call_nothing_shows_understanding() -> None:
    with pytest.raises(Abstained, match="makes no call"):
        judges.understanding(conversation(says("Which chair?")), 0)


@pytest.mark.parametrize(
    ("called", "score"),
    [((FIND, PRICE), 1), ((PRICE, FIND), 0.5), ((FIND,), 0.5), ((PRICE,), 0.5), ((), 0), ((FIND, PRICE, PRICE), 1)],
)
def test_planning_compares_the_calls_with_the_expected_ones(called: tuple[Any, ...], score: float) -> None:
    assert judges.planning(conversation(*made(*called), says("done")), 0).score == score


def test_a_plan_with_other_tools_is_not_judged() -> None:
    with pytest.raises(Abstained, match="note was not expected"):
        judges.planning(conversation(*made(FIND, ("note", {"text": "x"}), PRICE)), 0)


RULES = (judges.planning, judges.round_of_calls, judges.necessity, judges.answer)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_without_expected_tools_nothing_is_judged(rule: Any) -> None:
    with pytest.raises(Abstained, match="no tools were expected"):
        rule(conversation(*made(FIND), says("done"), reference=()), 0)


def round_after(*before: Message, now: tuple[str, JsonObject], **more: Any) -> tuple[float | None, float | None]:
    judgement = judges.round_of_calls(conversation(*before, calls(now, start=7), **more), 0)
    return judgement.understanding, judgement.planning


def test_a_round_that_takes_a_value_from_the_result_is_understood_and_planned() -> None:
    assert round_after(*made(FIND), now=PRICE) == (1, 1)


def test_a_round_with_a_value_from_nowhere_is_not_understood() -> None:
    assert round_after(*made(FIND), now=("price", {"item_id": "X-78"})) == (0, 1)


def test_a_round_that_needs_no_result_says_nothing_of_understanding() -> None:
    assert round_after(*made(FIND), now=("price", {"item_id": "Blue chair 13"})) == (None, 1)


def test_a_call_made_again_was_not_understood_unless_it_had_failed() -> None:
    assert round_after(*made(FIND), now=FIND) == (0, None)
    assert round_after(*made(FIND), now=FIND, failed=("call_0",)) == (None, None)


def test_a_round_out_of_order_is_half_planned_and_one_of_other_tools_is_not_judged() -> None:
    three = ("find_item", "price", "note")
    assert round_after(*made(FIND), now=("note", {"text": "120"}), reference=three)[1] == 0.5
    assert round_after(*made(FIND), now=("note", {"text": "120"}))[1] is None


def test_the_same_tool_may_be_expected_twice() -> None:
    twice = (("find_item", {"name": "Blue chair 13"}), ("find_item", {"name": "4"}))
    talk = conversation(*made(*twice), reference=("find_item", "find_item"))
    assert [item.necessary for item in judges.necessity(talk, 0).calls] == [1, 1]
    assert round_after(*made(twice[0]), now=twice[1], reference=("find_item", "find_item"))[1] == 1


def test_a_round_without_a_call_is_not_judged() -> None:
    with pytest.raises(Abstained):
        judges.round_of_calls(conversation(*made(FIND), says("done")), 0)


def test_each_call_is_necessary_or_made_up() -> None:
    judged = judges.necessity(conversation(*made(FIND, ("price", {"item_id": "Q99"}))), 0).calls
    assert [(item.call_id, item.necessary) for item in judged] == [("call_0", 1), ("call_1", 0)]


def test_a_value_from_a_later_result_was_made_up() -> None:
    judged = judges.necessity(conversation(*made(PRICE, FIND, texts=("?", '{"item_id": "X-77"}'))), 0).calls
    assert [item.necessary for item in judged] == [0, 1]


@pytest.mark.parametrize("extra", [("note", {"text": "120 coins"}), ("find_item", {"name": "chair"})])
def test_a_call_that_was_not_expected_is_not_judged(extra: tuple[str, JsonObject]) -> None:
    with pytest.raises(Abstained, match="was not expected"):
        judges.necessity(conversation(*made(FIND, PRICE, extra)), 0)


def test_trying_again_after_a_failure_is_necessary() -> None:
    judged = judges.necessity(conversation(*made(FIND, FIND, PRICE), failed=("call_0",)), 0).calls
    assert [item.necessary for item in judged] == [1, 1, 1]


def answered(text: str, *called: tuple[str, JsonObject], failed: tuple[str, ...] = (), **more: Any) -> tuple[float, float]:
    judgement = judges.answer(conversation(*made(*called, **more), says(text), failed=failed), 0)
    return judgement.correctness, judgement.summary


def test_an_answer_that_gives_every_result_is_correct_and_a_summary() -> None:
    assert answered("Found item id X-77. The price: 120 coins for 4.", FIND, PRICE) == (1, 1)


@pytest.mark.parametrize(
    "text", ["item id X-77, 120 coins, so 480 in all", "item id X-77, 120 coins, -4", "item id X-77: 20 coins"]
)
def test_an_answer_with_a_number_of_its_own_is_worth_nothing(text: str) -> None:
    assert answered(text, FIND, PRICE) == (0, 0)


def test_an_answer_without_an_expected_result_is_not_correct() -> None:
    assert answered("item id X-77", FIND) == (0, 1)
    assert answered("I found it", FIND) == (0, 0.5)
    assert answered("nothing was done") == (0, 0.5)


def test_a_failed_call_gives_no_result_however_honestly_it_is_reported() -> None:
    texts = ('{"item_id": "X-77"}', "Error: the till is closed")
    assert answered("item id X-77; Error: the till is closed", FIND, PRICE, texts=texts, failed=("call_1",)) == (0, 1)
    assert answered("item id X-77; all good", FIND, PRICE, texts=texts, failed=("call_1",)) == (0, 0.5)


@pytest.mark.parametrize("text", ["It costs a lot.", "item id X-77, and the coins are 120", "item id X-77, 120 coinsigners"])
def test_an_answer_in_words_of_its_own_is_not_judged(text: str) -> None:
    with pytest.raises(Abstained, match="in its own way"):
        answered(text, FIND, PRICE)


def test_every_result_of_a_tool_counts_not_only_its_last() -> None:
    with pytest.raises(Abstained):
        answered("done", FIND, FIND, PRICE, texts=("first", "done", "done"))


def test_an_answer_may_count_a_list() -> None:
    assert answered("3 in all; a; b; c", FIND, PRICE, texts=('["a", "b", "c"]', "a")) == (1, 1)
