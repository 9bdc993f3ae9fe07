"""A question back asks for the value that is missing: it names it, or has a word that asks, and offers no more help."""

from dataclasses import replace

import pytest
from arena_rows import arena_of
from hypothesis import given
from hypothesis import strategies as st
from small_environments import SHOP

from astra_data.messages import assistant
from astra_data.rollout.oracle import WORDS
from astra_data.rollout.refusals import asks_back, declines
from astra_data.rollout.scoring import scored
from astra_data.rows.arenas import Removed
from astra_data.rows.environments import EnvironmentTurn

CLOSERS = ["Anything else?", "Is there anything else I can do?", "What else can I do for you?", "How can I help you with this?",
           "**Can I help you with another order?**", "Is there some other order I can help you with?", "Does that help?", "Okay?",
           "Let me know if you need anything else.", "Please let me know if you need more.", "Could I help? What can I do?"]
ASKS = ["Which order do you mean?", "Is it a new order?", "**What is its number?**", "Could you please give me the number?",
        "Do you have the order id (e.g. O-17)?", "Please provide the order.", "I need to know the number.", "Who made it?",
        "Could you tell me the order, so that I can help you with it?", "Please specify:\n- the number", "The order number?"]


@given(st.sampled_from(CLOSERS), st.sampled_from(["O-17 is shipped.", "It is done!", "It is paid."]), st.sampled_from(" \n"))
def test_an_answer_with_an_offer_of_more_help_asks_for_nothing(closer: str, said: str, between: str) -> None:
    assert asks_back(f"{said}{between}{closer}", "en", "order_id") is False


@given(st.sampled_from(ASKS), st.lists(st.sampled_from(CLOSERS), max_size=2), st.sampled_from(" \n"))
def test_a_question_for_the_value_counts_whatever_is_offered_after_it(ask: str, closers: list[str], between: str) -> None:
    assert asks_back(between.join(["I am sorry.", ask, *closers]), "en", "order_id") is True


@pytest.mark.parametrize(("text", "missing", "asked"), [
    ("Is it the order from today?", "orderId", True),
    ("Is it the order from today?", "order", True),
    ("Is the id known?", "id", True),
    ("Is it from today?", "from_account", False),
    ("Is that account yours?", "from_account", True),
    ("Is it the border?", "order_id", False),
    ("Is it O-17?", "order_id", False),
    ("What a day. O-17 is paid.", "order_id", False),
    ("The order is not provided.", "order_id", True),
    ("", "order_id", False),
])
def test_a_question_without_a_word_that_asks_has_to_name_the_argument(text: str, missing: str, asked: bool) -> None:
    assert asks_back(text, "en", missing) is asked


@pytest.mark.parametrize(("text", "asked"), [
    ("Welche Bestellung ist gemeint?", True), ("K\u00f6nnten Sie mir bitte die Nummer nennen?", True), ("Wie lautet sie?", True),
    ("Bitte nennen Sie die Nummer.", True), ("Sie ist bezahlt. Sonst noch etwas?", False), ("Was kann ich noch tun?", False),
    ("Sie ist bezahlt. Kann ich Ihnen weiterhelfen?", False), ("Alles klar?", False),
])
def test_german_is_told_by_its_own_words(text: str, asked: bool) -> None:
    assert asks_back(text, "de", "order_id") is asked


@pytest.mark.parametrize("language", WORDS)
@given(st.from_regex(r"[a-z]{1,8}(_[a-z]{1,8}|[A-Z][a-z]{0,7}){0,2}", fullmatch=True))
def test_what_the_oracle_says_is_right_for_any_argument(language: str, name: str) -> None:
    assert asks_back(WORDS[language]["argument"].format(name.replace("_", " ")), language, name) is True
    assert declines(WORDS[language]["tool"], language) is True


@pytest.mark.parametrize(("text", "right"), [
    ("Order O-17 is shipped. Anything else?", False), ("Is it an old order?", True), ("Is it an old one?", False)])
def test_a_rollout_is_judged_by_the_argument_that_was_removed(text: str, right: bool) -> None:
    arena = replace(arena_of(SHOP), turns=[EnvironmentTurn("How much is the order O-17?", [])], answer=None,
                    removed=Removed("argument", "total", "order_id", "?"))
    prompt = [{**arena.prompt[-1], "content": "How much is the order? O-17 was another."}]
    assert scored(arena, [*prompt, assistant(text)]).declined is right
