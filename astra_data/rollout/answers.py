"""Whether the last message of a rollout states the answer. No model is asked.

    >>> answers(93.5, "The total of O-17 is 93.50 EUR.")
    True
    >>> answers(3, "It is 13.")
    False

This is typed and conservative: rather a right answer in other words counts as wrong than a wrong one as right.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from decimal import Decimal
from typing import Any

from astra_data.rollout.figures import figures_of, kind_of, told_in, unlisted, untold
from astra_data.rollout.goals import number_of, stands_in, text_of

SPARE = 3
"""Figures that an answer may hold beside its own which nobody has mentioned before, or which are codes where it is one."""

YES_NO: Mapping[bool, tuple[str, ...]] = {True: ("true", "yes", "ja", "wahr"), False: ("false", "no", "nein", "falsch")}


def answers(wanted: Any, text: str, known: str = "") -> bool:
    """Whether the text states the answer: every part of a list or an object, numbers in any usual spelling, yes or no, not both.

    `known` is what was said and read before. A text with many figures that are not in it is a guess and answers nothing; nor does
    one with many codes or dates, wherever they are from, where the answer is one.
    """
    text, parts = unlisted(text), list(_parts(wanted))
    told, own = told_in([known]), {figure for part in parts for figure in figures_of(text_of(part))}
    alike = {kind_of(figure) for figure in own} - {"number"}
    shown = figures_of(text)
    guesses = [figure for figure in shown if kind_of(figure) in alike or untold(figure, told)]
    few = len(guesses) <= max(len(parts), len(own)) + SPARE
    return bool(parts) and few and all(_states(part, text, shown) for part in parts)


def _parts(wanted: Any) -> Iterator[Any]:
    """What has to be stated: the leaves of a list or an object. An empty list or object is a leaf that nothing states."""
    for part in wanted.values() if isinstance(wanted, dict) else wanted if isinstance(wanted, list) else [wanted]:
        if part and isinstance(part, list | dict):
            yield from _parts(part)
        else:
            yield part


def _states(wanted: Any, text: str, figures: Set[str]) -> bool:
    if isinstance(wanted, bool):
        said = {truth for truth, words in YES_NO.items() if any(stands_in(word, text) for word in words)}
        return said == {wanted}
    if isinstance(wanted, list | dict):
        return False
    return any(stands_in(spelling, text) and figures_of(spelling) <= figures for spelling in _spellings(wanted))


def _spellings(wanted: Any) -> Iterable[str]:
    """The ways to write a value: a number with and without groups and closing zeros, with a decimal point or comma."""
    number = None if isinstance(wanted, str) else number_of(wanted)
    if number is None:
        return {text_of(wanted)}
    places = max(0, -int(number.normalize().as_tuple().exponent))
    plain = [f"{number:.{digits}f}" for digits in range(places, max(places, 2) + 1)]
    grouped = [f"{Decimal(text):,}" for text in plain]
    return {text_of(wanted), *plain, *grouped, *(text.translate(str.maketrans(",.", ".,")) for text in (*plain, *grouped))}
