"""Where one input is laid out, what is run there, and the table of what can be laid out.

    kind = KINDS["lineage"]
    commands = kind.lay(site, "tasks", kind.spoils["key"])          # with None for the spoil: the sound thing
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.hostile.around import Around
from benchmarks.hostile.lures import Lures
from benchmarks.hostile.sound import Sound


@dataclass(frozen=True)
class Command:
    """One command. `name` is that of the same command on the sound thing; `writes` are what it may create or change, below the
    folder it runs in: names of folders end with a slash. `keeps` is a text that nothing it says may hold. `patience_s` is how
    much longer than on the sound thing it may take, beyond the ten seconds, where a documented deadline says so. One that
    `may_refuse` may do so on the sound thing too. The word `ID@NAME` becomes the id of the first row of the dataset NAME."""

    name: str
    order: dict[str, Any]
    writes: tuple[str, ...] = ()
    keeps: str = ""
    patience_s: float = 0.0
    may_refuse: bool = False


@dataclass
class Site:
    """The folder of one input with all that is around it. `markup` collects the texts that no card may hold as they are,
    `prompts` those that may stand in no prompt as they are."""

    rng: random.Random
    lures: Lures
    sound: Sound
    around: Around
    markup: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    @property
    def here(self) -> Path:
        return self.lures.here


Spoil = Callable[[Site, Any], None]
"""Spoils what was laid out: a draft of a kind's own, as it is before it is written."""

Lay = Callable[[Site, str, Spoil | None], list[Command]]


@dataclass(frozen=True)
class Kind:
    """One kind of thing. `variants` are what it is laid out as; a spoil that `only` names fits but some of them."""

    lay: Lay
    variants: tuple[str, ...]
    spoils: Mapping[str, Spoil]
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def astra(name: str, *words: str, writes: tuple[str, ...] = (), keeps: str = "", may_refuse: bool = False) -> Command:
    """A command of ours. What runs stages writes in the ledger too."""
    return Command(name, {"words": list(words)}, writes, keeps, may_refuse=may_refuse)


def python(name: str, code: str, keeps: str = "") -> Command:
    return Command(name, {"code": code}, (), keeps)


def stored(name: str) -> tuple[str, ...]:
    """What a command may write that makes the dataset of this name."""
    return (f"hub/{name}/", "hub/.staging/", "hub/ledger.sqlite", "hub/ledger.sqlite-wal", "hub/ledger.sqlite-shm")


LOAD = """
import json, sys
from pathlib import Path
from astra_data.errors import AstraError
from astra_data.hub.load import load
try:
    for row in load({address!r}, store=Path("hub")):
        print(json.dumps(row, default=str))
except AstraError as error:
    print(f"astra: {{error}}", file=sys.stderr)
    sys.exit(error.exit_code)
"""
