"""Whether a last message answers, declines or asks back is told by whole figures, and listing many is neither."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from astra_data.rollout.answers import SPARE, answers, invents

NUMBERS = st.decimals(0, 10**6, places=2).map(str)
DATES = st.dates().map(str)
CODES = st.from_regex(r"[A-Z]{1,3}-?[1-9][0-9]{0,4}", fullmatch=True)
FIGURES = st.one_of(NUMBERS, DATES, CODES)
ENDS = st.sampled_from(["", ".", ",", ":", "?", "!", ")", "'s"])


@given(st.lists(st.tuples(FIGURES, ENDS), max_size=8), st.randoms(use_true_random=False))
def test_what_was_told_is_never_invented_whatever_stands_around_it(told: list[tuple[str, str]], rng: Any) -> None:
    known = "\n".join(f"of {figure};" for figure, _ in told)
    said = rng.sample(told, len(told))
    assert not invents(" ".join(f"about {figure}{end}" for figure, end in said), ["Hello.", known])


@given(FIGURES, st.lists(FIGURES, max_size=4))
def test_what_nobody_told_is_invented(figure: str, told: list[str]) -> None:
    assume(figure not in told and not any(_number(figure) is not None and _number(one) == _number(figure) for one in told))
    assert invents(f"It is {figure}.", told)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@pytest.mark.parametrize(("text", "told", "new"), [
    ("I cannot look up order O-17: there is no tool for it.", "What is the status of order O-17?", False),
    ("I cannot look up O17 of 2024-05-01.", "What of O17 (2024-05-01)?", False),
    ("I cannot do that:\n1. there is no tool for it\n2) nor another one", "What of it?", False),
    ("I cannot pay 93.50 EUR.", '{"total":93.5}', False),
    ("I cannot pay 1,234.50 EUR.", "Pay 1.234,5 Euro", False),
    ("I cannot look up O-18.", "What of O-17?", True),
    ("I cannot look up 17.", "What of O-17?", True),
    ("I cannot look up O-17.", "What of 17?", True),
    ("I cannot look up O-17-2.", "What of O-17?", True),
    ("I cannot:\n17. is what it costs", "What does it cost?", True),
    ("\u65e0\u6cd5\u67e5\u8be2O-17\u8ba2\u5355", "\u8ba2\u5355O-17\u7684\u72b6\u6001", False),
])
def test_only_whole_figures_that_were_told_are_known(text: str, told: str, new: bool) -> None:
    assert invents(text, [told]) is new


PAID = "Customer C-3 paid 93.50 EUR for order O-17 on 2024-05-01."
ORDERS = [f"O-{number}" for number in range(1, 31)]


@pytest.mark.parametrize(("wanted", "text", "known", "right"), [
    (93.5, PAID, '{"customer": "C-3", "order": "O-17", "date": "2024-05-01", "total": 93.5}', True),
    ("O-17", PAID, '{"customer": "C-3", "order": "O-17", "date": "2024-05-01", "total": 93.5}', True),
    ("2024-05-01", PAID, '{"order": "O-17", "date": "2024-05-01"}', True),
    ({"orders": ["O-1", "O-2", "O-3"], "of": [["O-4", "O-5", "O-6"]]}, ", ".join(ORDERS[:6]), "", True),
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
    many = st.lists(figures, min_size=SPARE + 2, max_size=12, unique_by=lambda one: one if _number(one) is None else _number(one))
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
