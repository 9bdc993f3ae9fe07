"""Stored environments of worlds, out in each foreign form and back, by `load_dataset` and by our importer.

    python -m benchmarks.roundtrips [COUNT]

Runs the recipe `worlds` in a fresh store, so a part of the environments has a state. What comes back must be equal in every part.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from astra_data.formats import EXPORTERS, astra_rl, exporter, harbor
from astra_data.formats.card import card
from astra_data.hub.addresses import parse
from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.pipeline.sources import lineage_of, source_at
from astra_data.rows import Environment
from benchmarks.figure import ROOT, Figure, at_least, equal, show

COUNT = 400
STATEFUL = 20


def read_back(form: str, folder: Path) -> list[Environment]:
    """What `load_dataset` finds in a folder, as environments."""
    from datasets import load_dataset

    rows = load_dataset(str(folder), split="train", cache_dir=str(folder.parent / "cache"))
    if form == "harbor":
        return [harbor.from_row(row) for row in rows]
    return [astra_rl.from_row(row, "rows", number) for number, row in enumerate(rows, 1)]


def unequal(wanted: Sequence[Environment], found: Sequence[Environment]) -> list[str]:
    """Ids of the environments that are not there once, or not equal."""
    by_id = {each.id: each for each in found}
    extra = [] if len(found) == len(wanted) else [f"{len(found)} rows for {len(wanted)}"]
    return [*extra, *(each.id for each in wanted if by_id.get(each.id) != each)]


def _astra(*words: str, store: Path) -> None:
    command = [sys.executable, "-c", "from astra_data.cli import main; main()", *words, "--store", str(store)]
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=subprocess.DEVNULL)


def figures(count: int = COUNT) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = folder / "store"
        _astra("run", "worlds", f"questions.worlds.count={count}", "environments.isolation=best_effort", store=store)
        place = resolve(parse("worlds-environments"), Store.open(store))
        rows = list(source_at(place).rows)
        yield at_least("round trips: environments", len(rows), 0.95 * count)
        yield at_least("round trips: with a state", sum(row.world.load is not None for row in rows), STATEFUL * count / COUNT)
        for form in EXPORTERS:
            tree = folder / form
            tree.mkdir()
            exporter(form).write(rows, tree, card(form, lineage_of(place), "worlds-environments", place.tree))
            lost = unequal(rows, read_back(form, tree))
            yield equal(f"round trips: unlike after load_dataset, {form}", len(lost), 0)
            _astra("convert", str(tree), "--from", form, "--to", f"back-{form}", store=store)
            back = list(source_at(resolve(parse(f"back-{form}"), Store.open(store))).rows)
            yield equal(f"round trips: unlike after astra convert, {form}", len(unequal(rows, back)), 0)


if __name__ == "__main__":
    sys.exit(0 if show(figures(*map(int, sys.argv[1:2]))) else 1)
