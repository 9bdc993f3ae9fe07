"""What of a message was told before is known by its whole figures, and only then."""

from random import Random

import pytest
from figures_drawn import FIGURES, number
from hypothesis import assume, given
from hypothesis import strategies as st

from astra_data.rollout.figures import invents

ENDS = st.sampled_from(["", ".", ",", ":", "?", "!", ")", "'s"])


@given(st.lists(st.tuples(FIGURES, ENDS), max_size=8), st.randoms(use_true_random=False))
def test_what_was_told_is_never_invented_whatever_stands_around_it(told: list[tuple[str, str]], rng: Random) -> None:
    known = "\n".join(f"of {figure};" for figure, _ in told)
    said = rng.sample(told, len(told))
    assert not invents(" ".join(f"about {figure}{end}" for figure, end in said), ["Hello.", known])


@given(FIGURES, st.lists(FIGURES, max_size=4))
def test_what_nobody_told_is_invented(figure: str, told: list[str]) -> None:
    assume(figure not in told and not any(number(figure) is not None and number(one) == number(figure) for one in told))
    assert invents(f"It is {figure}.", told)


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
