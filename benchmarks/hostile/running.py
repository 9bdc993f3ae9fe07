"""Inputs laid out and taken through their commands, a few slots side by side.

    runs = list(run_all(cases(seed=1, each=1), folder, jobs=2))
    runs[0].results[0].found.touched
"""

import queue
import random
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.hostile.around import Around
from benchmarks.hostile.host import Ended
from benchmarks.hostile.judging import Found, judged, limit_of
from benchmarks.hostile.kinds import KINDS
from benchmarks.hostile.lures import Lures
from benchmarks.hostile.sites import Command, Lay, Site
from benchmarks.hostile.sound import Sound

DEPTH = "a/b/c/d"
"""Folders between a slot's and an input's, so that what climbs out of the input is still in the slot."""
SOUND_LIMIT_S = 120.0
MOST_HANGS = 2
"""After so many hangs on one input its other commands are left out."""
MOST_KEPT = 100_000_000
"""Bytes of a file that is kept."""
WITH_TORCH = ("model", "rows", "lineage", "card", "files", "code")


@dataclass(frozen=True)
class Case:
    """One input, or with `spoil` null the sound thing. Its name and the seed decide what it is. With `commands` only those whose
    names begin so are run."""

    kind: str
    variant: str
    spoil: str | None
    number: int
    seed: str
    commands: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.spoil or 'sound'}/{self.variant or self.kind}-{self.number}"


@dataclass(frozen=True)
class Result:
    """A command on an input, how it ended, and what it did that it may not do."""

    command: Command
    ended: Ended
    found: Found


@dataclass
class Ran:
    """All commands on one input. `error` says why it could not be laid out. `folder` keeps it, where something was found."""

    case: Case
    results: list[Result] = field(default_factory=list)
    error: str = ""
    folder: Path | None = None


def cases(seed: str, each: int, only: str = "", kinds: Sequence[str] = ()) -> list[Case]:
    """`each` inputs of every mutation of every kind, in an order that mixes the slow with the quick; the variants take turns."""
    found = []
    for kind, about in KINDS.items():
        for spoil in about.spoils if not kinds or kind in kinds else ():
            variants = list(about.only.get(spoil, about.variants))
            random.Random(f"{seed}/{kind}/{spoil}").shuffle(variants)
            found += [Case(kind, variants[number % len(variants)], spoil, number, seed) for number in range(each)]
    found = [case for case in found if only in case.name]
    random.Random(seed).shuffle(found)
    return found


def sound_cases(chosen: Iterable[Case]) -> list[Case]:
    """The sound things that these were made from."""
    pairs = {(KINDS[case.kind].lay, case.variant): case for case in chosen}
    return [Case(case.kind, case.variant, None, 0, "sound") for case in pairs.values()]


class Runs:
    """Runs cases in slots, one for each of `slots`. What the commands took on sound things is kept in `sound_s`."""

    def __init__(self, slots: Sequence[Around], sound: Sound, keep: Path) -> None:
        self._slots, self._sound, self._keep = slots, sound, keep
        self.sound_s: dict[tuple[Lay, str, str], float] = {}

    def all(self, chosen: Sequence[Case]) -> Iterator[Ran]:
        """Run them all, and yield each as it is done."""
        todo: queue.Queue[Case] = queue.Queue()
        done: queue.Queue[Ran] = queue.Queue()
        for case in chosen:
            todo.put(case)
        threads = [threading.Thread(target=self._work, args=(slot, todo, done), daemon=True) for slot in self._slots]
        for thread in threads:
            thread.start()
        for _ in chosen:
            yield done.get()
        for thread in threads:
            thread.join()

    def _work(self, slot: Around, todo: "queue.Queue[Case]", done: "queue.Queue[Ran]") -> None:
        while True:
            try:
                case = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put(self._ran(case, slot))
            except Exception as error:  # of one input: the others go on
                done.put(Ran(case, error=f"{type(error).__name__}: {error}"))

    def _ran(self, case: Case, around: Around) -> Ran:
        place = around.folder / DEPTH / case.name.replace("/", "-").replace(" ", "-")
        site, commands = self._laid(case, around, place)
        ran = Ran(case)
        for command in commands:
            if case.commands and not command.name.startswith(case.commands):
                continue
            if sum(bool(result.found.hang) for result in ran.results) < MOST_HANGS:
                ran.results.append(self._one(case, site, command))
        if case.spoil and not all(result.found.clean for result in ran.results):
            ran.folder = self._kept(case, around, place)
        shutil.rmtree(place, ignore_errors=True)
        return ran

    def _laid(self, case: Case, around: Around, place: Path) -> tuple[Site, list[Command]]:
        shutil.rmtree(place, ignore_errors=True)
        around.forget()
        lures = Lures.laid(place, around.keys, around.trap.port)
        rng = random.Random(f"{case.seed}/{case.name}")
        site = Site(rng, lures, self._sound, around)
        kind = KINDS[case.kind]
        spoil = None if case.spoil is None else kind.spoils[case.spoil]
        return site, kind.lay(site, case.variant, spoil)

    def _one(self, case: Case, site: Site, command: Command) -> Result:
        key = (KINDS[case.kind].lay, case.variant, command.name)
        sound_s = SOUND_LIMIT_S if case.spoil is None else self.sound_s.get(key, 5.0)
        before = site.lures.state()
        ended = site.around.run(site.lures, _with_ids(command, site), limit_of(command, sound_s) + 0.5)
        found = judged(site, command, ended, before, sound_s)
        if case.spoil is None:
            self.sound_s[key] = ended.seconds
        return Result(command, ended, found)

    def _kept(self, case: Case, around: Around, place: Path) -> Path:
        """The input as it was before the commands, in a folder that stays."""
        self._laid(case, around, place)
        kept = self._keep / case.name.replace("/", "-").replace(" ", "-")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(place / "here", kept, symlinks=True, ignore=_unkept)
        return kept


def _with_ids(command: Command, site: Site) -> dict[str, Any]:
    """The order of a command, with ids in the place of the words that ask for them."""
    words = command.order.get("words")
    if words is None:
        return command.order
    return {"words": [_first_id(site.here / "hub" / word[3:]) if word.startswith("ID@") else word for word in words]}


def _first_id(dataset: Path) -> str:
    """The id of the first row of the newest version of a dataset; empty where nothing can tell it."""
    import pyarrow.parquet as pq

    try:
        tree = (dataset / "refs" / "main").read_text().strip()
        [found] = pq.read_table(sorted((dataset / "versions" / tree / "data").glob("*.parquet"))[0],
                                columns=["id"])["id"][:1].to_pylist()
    except Exception:  # whatever is wrong with what a hostile thing was made into
        return ""
    return found if isinstance(found, str) and found.isprintable() and not found.startswith("-") else ""


def _unkept(folder: str, names: list[str]) -> list[str]:
    """What cannot be copied, or is too large to be."""
    paths = [Path(folder) / name for name in names]
    return [path.name for path in paths if path.is_fifo() or (path.is_file() and path.stat().st_size > MOST_KEPT)]
