"""Flips bits of, and cuts, the files of a store, and looks at what becomes of each: `python -m benchmarks.damage [--count N]`.

Each damage must end in an error that names the file, or change nothing of what is read; and what the error says as its mend must
work when it is followed. Reading is what `run`, `push`, `train` and `load` do before anything else.
"""

import argparse
import contextlib
import io
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from astra_data.cli.main import astra
from astra_data.errors import AstraError, DataError
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.ledger import Ledger
from astra_data.pipeline.sources import source_at
from benchmarks.figure import Figure, at_least, equal, show

RECIPE = "worlds"
QUESTIONS = 12
EACH_MENDED = 25
"""One of so many damages is also mended, as its error says."""


def made(store: Path) -> None:
    """Make, or find, what the store holds."""
    words = ["run", RECIPE, f"questions.worlds.count={QUESTIONS}", "--store", str(store), "--json"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        astra.main(words, standalone_mode=False)


def read(root: Path) -> dict[str, Any]:
    """All rows of the store, and the answers of its ledger, as a run reads them."""
    store = Store.open(root)
    found: dict[str, Any] = {}
    for name in store.names():
        place = resolve(name, store)
        source = source_at(place)
        rows = list(source.rows)
        if source.rows.left_out:
            raise DataError(f"rows left out of {name}")
        found[name] = (source.record.rows, place.tree, place.made, [repr(row) for row in rows])
    with contextlib.closing(_Answers(root / "ledger.sqlite")) as answers:
        found["ledger"] = answers.all()
    return found


class _Answers:
    def __init__(self, path: Path) -> None:
        self._ledger = Ledger.open(path)

    def all(self) -> list[str]:
        return [repr(effect) for effect in self._ledger.export()]

    def close(self) -> None:
        import asyncio

        asyncio.run(self._ledger.close())


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one bit flipped, a piece cut off or out, or a piece of zeros."""
    if not data:
        return b"\0"
    at = rng.randrange(len(data))
    kind = rng.choice(("flip", "flip", "flip", "cut", "out", "zeros"))
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    size = min(len(data) - at, rng.choice((1, 7, 512, 4096)))
    return data[:at] if kind == "cut" else data[:at] + (b"" if kind == "out" else bytes(size)) + data[at + size :]


def files(root: Path) -> Iterator[Path]:
    yield from sorted(path for path in root.rglob("*") if path.is_file() and ".staging" not in path.parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    figures = soak(given.count, given.seed)
    print(f"{time.monotonic() - began:.0f} s\n")
    sys.exit(0 if show(figures) else 1)


def soak(count: int = 2_000, seed: int = 0) -> list[Figure]:
    """The figures of so many damages."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(Path(folder), count, random.Random(seed))


def measured(folder: Path, count: int, rng: random.Random) -> list[Figure]:
    sound, work = folder / "sound", folder / "work"
    made(sound)
    wanted = read(sound)
    shutil.copytree(sound, work)
    outcomes: Counter[str] = Counter()
    chosen = list(files(sound))
    mended = 0
    for number in range(count):
        path = rng.choice(chosen).relative_to(sound)
        (work / path).write_bytes(damaged((sound / path).read_bytes(), rng))
        outcome = _outcome(work, path, wanted)
        outcomes[outcome.partition(":")[0]] += 1
        if outcome.startswith("unnoticed"):
            print(f"{number}: {path}: {outcome}")
        if outcome == "named" and number % EACH_MENDED == 0:
            mended += 1
            if not _mended(work, path, wanted):
                outcomes["not mended"] += 1
                print(f"{number}: {path}: its mend did not work")
            shutil.rmtree(work)
            shutil.copytree(sound, work)
        shutil.copyfile(sound / path, work / path)
    print(f"{len(chosen)} files; {dict(outcomes)}")
    return [
        at_least("damage: tried", count, 2_000), equal("damage: unnoticed", outcomes["unnoticed"], 0),
        at_least("damage: mends that were followed", mended, 10),
        equal("damage: mends that did not work", outcomes["not mended"], 0),
    ]


def _outcome(work: Path, path: Path, wanted: dict[str, Any]) -> str:
    """`named`, `nothing changed`, or how it went unnoticed."""
    try:
        found = read(work)
    except AstraError as error:
        parts = [path.name, str(path), *path.parts[:1]]
        return "named" if any(part in str(error) for part in parts) else f"unnoticed: another is blamed: {error}"
    except Exception as error:
        return f"unnoticed: a traceback: {type(error).__name__}: {error}"
    if found == wanted:
        return "nothing changed"
    return "named" if any(not found[name][2] for name in wanted if name != "ledger") else "unnoticed: other rows are read"


def _mended(work: Path, path: Path, wanted: dict[str, Any]) -> bool:
    """Whether following the error's words gives the store of before: a record or a ledger is removed, the name of the newest
    version is written, all else is made again."""
    if path.name == "main":
        (work / path).write_text(wanted[path.parts[0]][1] + "\n")
    elif "keys" in path.parts or path.name.startswith("ledger"):
        (work / path).unlink()
    try:
        made(work)
        found = read(work)
    except AstraError as error:
        print(f"    {error}")
        return False
    return all(found.get(name) == value for name, value in wanted.items() if name != "ledger")


if __name__ == "__main__":
    main()
