"""Whether a message rightly says that something cannot be done, or asks the user for what is missing. No model is asked.

    >>> declines("I cannot look that up: there is no tool for it.")
    True
    >>> asks_back("Which order do you mean?"), asks_back("O-17 is shipped. Anything else?", missing="order_id")
    (True, False)

Words that decline and ask are known for the languages of `UNABLE` alone; in any other there is no verdict, and that is null.
"""

import functools
import re
from collections.abc import Iterator, Mapping

from astra_data.rollout.goals import normalised

UNABLE: Mapping[str, str] = {
    "en": r"can ?not|can't|could not|couldn't|unable|not able|not possible|impossible|(?:no|not any|without a|lack\w* (?:a|the)|"
          r"missing (?:a|the)) (?:\w+ )?tools?|don't have|do not have|not available|unavailable|not provided|need to know|"
          r"(?:is|are) missing",
    "de": r"kann (?:\w+ ){0,12}nicht|k\u00f6nnen (?:\w+ ){0,12}nicht|nicht m\u00f6glich|unm\u00f6glich|nicht verf\u00fcgbar|"
          r"fehlt|fehlen|kein\w* (?:\w+ ){0,12}(?:werkzeug|tool)\w*|steht (?:\w+ ){0,12}nicht zur verf\u00fcgung|nicht angegeben|"
          r"nicht in der lage",
}
"""Language -> what says that something cannot be done."""

ASKING: Mapping[str, str] = {
    "en": r"please (?:\w+ )?(?:provide|specify|tell|give|name|state|clarify|confirm|let me know)|need to know|let me know",
    "de": r"bitte (?:\w+ ){0,12}(?:nenn|gib|geben|teil|sag|pr\u00e4zisier|angeb)\w*|muss ich wissen",
}
"""Language -> what asks for something without a question mark."""

WHICH: Mapping[str, str] = {
    "en": r"which|what|who|whom|whose|where|when|how (?:many|much)|(?:could|can|would|will) you (?:\w+ )?"
          r"(?:provide|specify|tell|give|name|state|clarify|confirm|share|let me know)",
    "de": r"welch\w*|was|wer|wen|wem|wessen|wo|wann|wie (?:viel\w*|lautet|lauten|hei\u00dft)|"
          r"(?:k\u00f6nn\w*|kannst|w\u00fcrd\w*) (?:\w+ ){0,6}(?:nennen|geben|mitteilen|sagen|pr\u00e4zisieren|angeben)",
}
"""Language -> what makes a question one for a value, whatever else it names."""

CLOSING: Mapping[str, str] = {
    "en": r"(?:any|some)(?:thing|one) else|what else|else (?:that )?i can|(?:what|how) (?:can|could|may) i (?:help|assist|do)|"
          r"^(?:can|could|may|shall) i (?:help|assist)|is there (?:\w+ ){1,6}i can (?:help|assist|do)|let me know if|"
          r"if you (?:have|need|want) (?:any|more|further)",
    "de": r"sonst noch|noch etwas|weitere (?:fragen|hilfe)|(?:womit|wie|wobei|was) kann ich|"
          r"kann ich (?:\w+ ){0,6}(?:helfen|weiterhelfen|tun)",
}
"""Language -> what offers more help, and asks for nothing that is missing."""

DECLINING = {language: re.compile(rf"\b(?:{words})\b") for language, words in UNABLE.items()}
REQUESTS = {language: re.compile(rf"\b(?:{words})\b") for language, words in ASKING.items()}
OFFERS = {language: re.compile(rf"(?:{words})\b") for language, words in CLOSING.items()}
SENTENCE = re.compile(r"(?<=[.!?])(?<!\.[A-Za-z]\.)[\"')*_]*\s+|\n+")
"""Where one ends: not after an abbreviation such as `e.g.`."""
EDGES = " \t\"'()*_-\u2022\u201c\u201d\u00ab\u00bb"
CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LONGEST_NAME = 100
"""Characters of an argument's name, which a sentence may hold as words; nobody says a longer one."""
LINKING = frozenset({"and", "by", "for", "from", "in", "into", "is", "of", "on", "the", "to", "with"})
"""Words of an argument's name that do not say what it is."""


def declines(text: str, language: str | None = "en") -> bool | None:
    """Whether the text says that something cannot be done; null in a language whose words for it are not known."""
    if language is None or language not in UNABLE:
        return None
    return DECLINING[language].search(_plain(text)) is not None


def asks_back(text: str, language: str | None = "en", missing: str = "") -> bool | None:
    """Whether the text asks the user for a value, or says that it is missing; null as for `declines`.

    `missing` is the name of the argument. A sentence asks if it holds words of `ASKING`, or if it ends in a question mark and
    names the argument, or holds words of `WHICH`. One that offers more help does not.
    """
    if language is None or language not in ASKING:
        return None
    wanted = questions(language, missing)
    for sentence in SENTENCE.split(text):
        said = _plain(sentence).strip(EDGES)
        asking = wanted if said.endswith("?") else REQUESTS[language]
        if asking.search(said) and not OFFERS[language].search(said):
            return True
    return declines(text, language)


@functools.lru_cache(1024)
def questions(language: str, missing: str) -> re.Pattern[str]:
    """What asks for the argument of this name, in a question."""
    named = (rf"{re.escape(name)}s?" for name in _names(missing)) if len(missing) <= LONGEST_NAME else ()
    return re.compile(rf"\b(?:{'|'.join([ASKING[language], WHICH[language], *named])})\b")


def _names(argument: str) -> Iterator[str]:
    """The name of an argument as words, and those of its words that say what it is: of `orderId` "order id" and "order"."""
    whole = normalised(CAPITAL.sub(" ", argument).replace("_", " "))
    yield from (name for name in (whole, *whole.split()) if name and name not in LINKING and (name == whole or len(name) > 2))


def _plain(text: str) -> str:
    return normalised(text.replace("\u2019", "'"))
