"""Proper names of our own making, for people, places and things.

    name_of("person", random.Random(7))       # 'Tamel Orvun'
"""

import random

HEADS = (
    *("Ba", "Be", "Bro", "Ca", "Del", "Do", "El", "Fa", "Fen", "Ga", "Gri", "Ha", "Il", "Jo", "Ka", "Ker", "La", "Lo", "Mar"),
    *("Mi", "Na", "Nor", "Or", "Pa", "Per", "Qui", "Ra", "Ro", "Sa", "Sil", "Ta", "Tor", "Ul", "Va", "Ver", "Wen", "Xa", "Yo"),
    *("Za", "Zen"),
)
MIDDLES = ("ba", "da", "de", "li", "lo", "ma", "mi", "na", "ne", "ri", "ro", "sa", "si", "ta", "te", "va", "vi", "zo")
PERSON_TAILS = ("l", "n", "ra", "s", "th", "vin", "dan", "mer", "ko", "lin")
PLACE_TAILS = ("burg", "dale", "field", "ford", "haven", "mere", "port", "stad", "vik", "wick")
THING_TAILS = ("do", "fix", "lux", "max", "nix", "pod", "ron", "tek", "via", "zon")


def name_of(style: str, rng: random.Random) -> str:
    """A name in the style `person`, `place` or `thing`. Few equal ones: there are thousands of each."""
    if style == "person":
        return f"{_word(rng, PERSON_TAILS)} {_word(rng, PERSON_TAILS)}"
    if style == "place":
        return _word(rng, PLACE_TAILS)
    return f"{_word(rng, THING_TAILS)} {rng.randrange(20, 100)}{rng.choice('ABCDEFGH')}"


def _word(rng: random.Random, tails: tuple[str, ...]) -> str:
    return rng.choice(HEADS) + rng.choice(MIDDLES) * rng.randrange(2) + rng.choice(tails)
