"""Which language a text is in, by py3langid's naive Bayes model; the same answer everywhere, and none where it would be a guess.

    >>> language_of("Réserve une table pour deux à 19 h.")
    'fr'
    >>> language_of("SELECT * FROM shops") is None
    True

Links, paths, code in backticks, JSON and lone numbers say nothing of the language around them, and are left out.
"""

import functools
import re
from typing import TYPE_CHECKING

from astra_data.text.composed import composed

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = tuple(
    (
        "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt "
        "lv ms nl no pl pt ro ru sk sl sr sv ta te th tr uk ur vi zh"
    ).split()
)
"""ISO 639-1 codes that are told apart. A longer list makes short texts fall to small neighbours: Portuguese to Galician."""

LEAST_CONFIDENCE = 0.4
"""Of the best language, as a probability over `LANGUAGES`. Texts in no language stay below 0.3, short ones in some above 0.45."""

LEAST_LETTERS = 4
MOST_CHARACTERS = 4_000
"""Of a text that are looked at."""

NO_LANGUAGE = re.compile(
    r"```.*?```|`[^`\n]*`|\w{1,32}+://\S+|(?:(?<=\s)|^)[~.]?/\S+|\S[^\s@]{0,63}+@\S{1,127}\.\S+"
    r"|[{}\[\]<>|=*#_\\\"]+|[A-Za-z0-9_./:-]{0,127}\d[A-Za-z0-9_./:-]*",
    re.DOTALL,
)
"""Code, addresses, paths, mail addresses, signs, and words with a digit. What leads up to the character that decides is bounded:
no scheme has more than 32 characters, and no name at a mail server more than 64."""


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the text's language, or None if it is too short, in no language, or in one that is not told apart."""
    plain = " ".join(NO_LANGUAGE.sub(" ", composed("NFC", text[:MOST_CHARACTERS])).split())
    if sum(map(str.isalpha, plain)) < LEAST_LETTERS and not _dense(plain):
        return None
    name, confidence = _identifier().classify(plain)
    return str(name) if confidence >= LEAST_CONFIDENCE else None


def _dense(text: str) -> bool:
    """Whether two letters are words already, as in Chinese, Japanese and Korean."""
    return sum(character >= "\u3040" and character.isalpha() for character in text) >= 2


@functools.cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier
