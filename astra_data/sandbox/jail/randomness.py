"""Makes everything that draws at random in a child repeatable.

    seed("7")       # random, random.Random(), SystemRandom, secrets, os.urandom, uuid.uuid4, numpy.random if it is preloaded

Generators that are made without a seed draw one from the same source, in the order in which they are made.
"""

import os
import random
import sys
import uuid
from typing import Any


def seed(text: str) -> None:
    """Seed all sources from one text."""
    source = random.Random(f"system:{text}")
    _replace_system_randomness(source)
    own_seed = random.Random.seed

    def seeded(self: random.Random, a: Any = None, version: int = 2) -> None:
        own_seed(self, source.getrandbits(256) if a is None else a, version)

    random.Random.seed = seeded  # type: ignore[method-assign]
    random.seed = random._inst.seed
    random.seed(text)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(source.getrandbits(32))


def _replace_system_randomness(source: random.Random) -> None:
    def urandom(size: int, /) -> bytes:
        return source.randbytes(size)

    def getrandom(size: int, flags: int = 0) -> bytes:
        return source.randbytes(size)

    os.urandom = urandom
    os.getrandom = getrandom
    random._urandom = urandom  # type: ignore[attr-defined]
    own: Any = uuid
    own._node, own._generate_time_safe, own._UuidCreate = source.getrandbits(47), None, None
