"""Makes everything that draws at random in a child repeatable.

    seed = take_over()      # in the zygote: random, random.Random(), SystemRandom, secrets, os.urandom, uuid.uuid4, numpy.random
    seed("7")               # in a child

Generators that are made without a seed draw one from the same source, in the order in which they are made. `numpy.random` follows
if it is preloaded.
"""

import os
import random
import sys
import uuid
from collections.abc import Callable
from typing import Any


def take_over() -> Callable[[str], None]:
    """Put one source in the place of all; the function that seeds it from a text, and with it all that draws from it."""
    source = random.Random()
    own_seed = random.Random.seed

    def seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
        own_seed(self, source.getrandbits(256) if a is None else a, version)

    def seed(text: str) -> None:
        own_seed(source, f"system:{text}")
        uuid._node = source.getrandbits(47)  # type: ignore[attr-defined]
        seeded(random._inst, text)
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed(source.getrandbits(32))

    random.Random.seed = seeded  # type: ignore[method-assign]
    random.seed = random._inst.seed
    _replace_system_randomness(source)
    return seed


def _replace_system_randomness(source: random.Random) -> None:
    def urandom(size: int, /) -> bytes:
        return source.randbytes(size)

    def getrandom(size: int, flags: int = 0) -> bytes:
        return source.randbytes(size)

    os.urandom = urandom
    os.getrandom = getrandom
    random._urandom = urandom  # type: ignore[attr-defined]
    own: Any = uuid
    own._generate_time_safe, own._UuidCreate = None, None
