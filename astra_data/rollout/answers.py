"""Whether the last message of a rollout answers the question, or rightly says that it cannot be answered. No model is asked.

    >>> answers(93.5, "The total of O-17 is 93.50 EUR.")
    True
    >>> answers(3, "It is 13.")
    False
    >>> declines("I cannot look that up: there is no tool for it."), asks_back("Which order do you mean?")
    (True, True)

Both are typed and conservative: rather a right answer in other words counts as wrong than a wrong one as right. Words that
decline are known for the languages of `UNABLE` alone; in any other there is no verdict, and that is null.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from astra_data.rollout.goals import normalised, number_of, stands_in, text_of

SPARE = 3
"""Numbers that an answer may hold beside its own which nobody has mentioned before, such as those of a list."""

FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
YES_NO: Mapping[bool, tuple[str, ...]] = {True: ("true", "yes", "ja", "wahr"), False: ("false", "no", "nein", "falsch")}

UNABLE: Mapping[str, str] = {
    "en": r"can ?not|can't|could not|couldn't|unable|not able|not possible|impossible|(?:no|not any|without a|lack\w* (?:a|the)|"
          r"missing (?:a|the)) (?:\w+ )?tools?|don't have|do not have|not available|unavailable|not provided|need to know|"
          r"(?:is|are) missing",
    "de": r"kann (?:\w+ )*nicht|k\u00f6nnen (?:\w+ )*nicht|nicht m\u00f6glich|unm\u00f6glich|nicht verf\u00fcgbar|fehlt|fehlen|"
          r"kein\w* (?:\w+ )*(?:werkzeug|tool)\w*|steht (?:\w+ )*nicht zur verf\u00fcgung|nicht angegeben|nicht in der lage",
}
"""Language -> what says that something cannot be done."""

ASKING: Mapping[str, str] = {
    "en": r"please (?:\w+ )?(?:provide|specify|tell|give|name|state|clarify|confirm|let me know)|need to know|let me know",
    "de": r"bitte (?:\w+ )*(?:nenn|gib|geben|teil|sag|pr\u00e4zisier|angeb)\w*|muss ich wissen",
}
"""Language -> what asks for something without a question mark."""


def answers(wanted: Any, text: str, known: str = "") -> bool:
    """Whether the text states the answer: every part of a list or an object, numbers in any usual spelling, yes or no, not both.

    `known` is what was said and read before. A text with many numbers that are not in it is a guess and answers nothing.
    """
    parts = wanted.values() if isinstance(wanted, dict) else wanted if isinstance(wanted, list) else [wanted]
    parts = list(parts)
    new = {figure for figure in FIGURE.findall(text) if not stands_in(figure, known)}
    return bool(parts) and len(new) <= len(parts) + SPARE and all(_states(part, text) for part in parts)


def declines(text: str, language: str | None = "en") -> bool | None:
    """Whether the text says that something cannot be done; null in a language whose words for it are not known."""
    if language is None or language not in UNABLE:
        return None
    return re.search(rf"\b(?:{UNABLE[language]})\b", _plain(text)) is not None


def asks_back(text: str, language: str | None = "en") -> bool | None:
    """Whether the text asks the user for something, or says that it is missing; null as for `declines`."""
    if language is None or language not in ASKING:
        return None
    return "?" in text or re.search(rf"\b(?:{ASKING[language]})\b", _plain(text)) is not None or bool(declines(text, language))


def invents(text: str, known: Iterable[str]) -> bool:
    """Whether the text has a number that is in nothing of what was said and read before."""
    told = "\n".join(known)
    return any(not stands_in(figure, told) for figure in FIGURE.findall(text))


def _plain(text: str) -> str:
    return normalised(text.replace("\u2019", "'"))


def _states(wanted: Any, text: str) -> bool:
    if isinstance(wanted, bool):
        said = {truth for truth, words in YES_NO.items() if any(stands_in(word, text) for word in words)}
        return said == {wanted}
    if isinstance(wanted, list | dict):
        return answers(wanted, text, text)
    return any(stands_in(spelling, text) for spelling in _spellings(wanted))


def _spellings(wanted: Any) -> Iterable[str]:
    """The ways to write a value: a number with and without groups and closing zeros, with a decimal point or comma."""
    number = None if isinstance(wanted, str) else number_of(wanted)
    if number is None:
        return {text_of(wanted)}
    places = max(0, -int(number.normalize().as_tuple().exponent))
    plain = [f"{number:.{digits}f}" for digits in range(places, max(places, 2) + 1)]
    grouped = [f"{Decimal(text):,}" for text in plain]
    return {text_of(wanted), *plain, *grouped, *(text.translate(str.maketrans(",.", ".,")) for text in (*plain, *grouped))}
