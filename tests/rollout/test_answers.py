"""A last message states the answer among figures that were told, and one that lists many candidates is no answer."""

from typing import Any

import pytest
from figures_drawn import CODES, FIGURES, NUMBERS, number
from hypothesis import given
from hypothesis import strategies as st

from astra_data.rollout.answers import SPARE, answers

PAID = "Customer C-3 paid 93.50 EUR for order O-17 on 2024-05-01."
ORDERS = [f"O-{number}" for number in range(1, 31)]


@pytest.mark.parametrize(("wanted", "text", "known", "right"), [
    (93.5, PAID, '{"customer": "C-3", "order": "O-17", "date": "2024-05-01", "total": 93.5}', True),
    ("O-17", PAID, '{"customer": "C-3", "order": "O-17", "date": "2024-05-01", "total": 93.5}', True),
    ("2024-05-01", PAID, '{"order": "O-17", "date": "2024-05-01"}', True),
    ({"orders": ["O-1", "O-2", "O-3"], "of": [["O-4", "O-5", "O-6"]]}, ", ".join(ORDERS[:6]), "", True),
    (", ".join(ORDERS[:6]), f"They are {', '.join(ORDERS[:6])}.", "", True),
    ([3, []], "It is 3.", "", False),
    ([], "It is [].", "", False),
    ("O-17", ", ".join(ORDERS), "", False),
    ("O-17", ", ".join(ORDERS), str(ORDERS), False),
    ("O-17", ",".join(ORDERS), str(ORDERS), False),
    ("O-17", "/".join(ORDERS), "", False),
    ("O-17", "-".join(ORDERS), "", False),
    ("C-7", " ".join(f"{letter}-7" for letter in "ABCDEFGH"), "", False),
    (3, "\n".join(f"{number}. is one" for number in range(1, 9)), "", False),
    (8, "\n".join(f"{number}. is one" for number in range(4, 12)), "", False),
    ("2024-05-03", ", ".join(f"2024-05-0{day}" for day in range(1, 9)), "", False),
])
def test_an_answer_may_name_what_was_told_and_lists_no_candidates(wanted: Any, text: str, known: str, right: bool) -> None:
    assert answers(wanted, text, known) is right


def lists_of(figures: st.SearchStrategy[str], between: str) -> st.SearchStrategy[tuple[list[str], str]]:
    many = st.lists(figures, min_size=SPARE + 2, max_size=12, unique_by=lambda one: one if number(one) is None else number(one))
    return st.tuples(many, st.sampled_from(between.split("|")))


@given(st.one_of(lists_of(FIGURES, " |, |; |\n| or |) "), lists_of(CODES, ",|/|-|:|.|_|+")), st.data())
def test_many_candidates_that_nobody_told_are_no_answer(found: tuple[list[str], str], data: st.DataObject) -> None:
    listed, between = found
    assert not answers(data.draw(st.sampled_from(listed)), between.join(listed))


@given(st.lists(CODES, min_size=SPARE + 2, max_size=12, unique=True), st.data())
def test_many_codes_are_no_answer_where_it_is_one_even_if_they_were_told(listed: list[str], data: st.DataObject) -> None:
    wanted = data.draw(st.sampled_from(listed))
    assert not answers(wanted, ", ".join(listed), str(listed))
    assert answers(wanted, f"It is {wanted}.", str(listed))


@given(NUMBERS, st.lists(FIGURES, max_size=8))
def test_a_number_is_an_answer_among_any_figures_that_were_told(wanted: str, told: list[str]) -> None:
    text = "; ".join([*told, wanted])
    assert answers(float(wanted), text, "; ".join(told))
