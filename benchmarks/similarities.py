"""A picture of how similar the tools of environments are to those they may be given as distractors, with the bands.

    python -m benchmarks.similarities ENVIRONMENTS similarities.png [--store hub] [--model MODEL]

Counts all pairs of a tool in scope and a tool of the pool that may be taken for it, by the similarity that the stage `arenas`
draws by: the cosine as it is, and stretched to [0, 1] for each tool. Vectors come from the ledger of the store if it has them.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astra_data.hub.load import resolve
from astra_data.hub.store import Store
from astra_data.pipeline.execute import Options, opened
from astra_data.pipeline.recipe import Recipe, RecipeHead
from astra_data.pipeline.sources import source_at
from astra_data.pipeline.stage import Resources
from astra_data.rows import Environment
from astra_data.stages.arenas.pool import candidates, rows_of, scoped
from astra_data.stages.arenas.splits import TRAIN
from astra_data.stages.distractors.bands import Lines, Seen, each
from astra_data.stages.distractors.documents import document
from astra_data.stages.distractors.embedding import Embedder, embedded

EDGES = np.linspace(0, 1, 41)
"""Both lines between bands are among them."""
TITLES = {False: "cosine, stretched to [0, 1] for each tool", True: "cosine"}


def counted(seen: Seen) -> NDArray[np.int64]:
    """Pairs by similarity; what lies below 0 is counted at 0."""
    values = (seen.products[:, seen.free] - seen.least[:, None]) / np.maximum(seen.span, 1)[:, None]
    counts: NDArray[np.int64] = np.histogram(np.clip(values, 0, 1), EDGES)[0]
    return counts


async def distributions(environments: list[Environment], embedder: Embedder, resources: Resources) -> dict[bool, Any]:
    """(whether raw) -> pairs by similarity."""
    sides = [TRAIN] * len(environments)
    pool = candidates(environments, sides)
    scopes, instances = scoped(pool, environments, sides)
    texts = [document(tool.schema) for environment in environments for tool in environment.tools]
    vectors, rows = await embedded(texts, embedder, resources), rows_of(pool, environments)
    return {raw: np.sum(each(rows, vectors, instances, scopes, Lines(raw=raw), counted), axis=0) for raw in TITLES}


def draw(found: dict[bool, Any], file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = Lines()
    figure, panels = pyplot.subplots(1, len(found), figsize=(11, 3.6), constrained_layout=True)
    for panel, (raw, counts) in zip(panels, found.items(), strict=True):
        share = counts / counts.sum()
        for low, high, colour, band in ((0.0, lines.low, "#9ecae1", "low"), (lines.low, lines.high, "#fdae6b", "medium"),
                                        (lines.high, 1.0, "#e6550d", "high")):
            inside = (EDGES[:-1] >= low - 1e-9) & (EDGES[:-1] < high - 1e-9)
            label = f"{band}: {share[inside].sum():.1%}"
            panel.bar(EDGES[:-1][inside], share[inside], 0.025, align="edge", color=colour, label=label)
        panel.set(title=TITLES[raw], xlabel="similarity", ylabel="share of pairs", xlim=(0, 1))
        panel.legend(title="band", frameon=False)
    figure.savefig(file, dpi=120)


async def main(address: str, file: Path, store: Path, model: str | None) -> None:
    environments = list(source_at(resolve(address, Store.open(store))).rows)
    async with opened(Recipe(RecipeHead(name="similarities"), {}, Path(), "none"), Options(store)) as run:
        found = await distributions(environments, Embedder(model=model), run.resources)
    draw(found, file)
    print(f"{int(found[True].sum()):,} pairs; {file}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("address")
    parser.add_argument("file", type=Path)
    parser.add_argument("--store", type=Path, default=Path("hub"))
    parser.add_argument("--model")
    given = parser.parse_args()
    asyncio.run(main(given.address, given.file, given.store, given.model))
