"""Which distractors an instance gets: some of each band, or some of any tools that are not in its field [A 15.2, 15.5].

    each(pool, vectors, instances, scopes, Lines(), banded(seed=7, per_band=2))
    [unlike(7, instance, scopes) for instance in instances]

Every draw has a generator of its own, keyed by seed, instance and band, and draws without replacement from positions in ascending
order; so what one instance gets does not depend on the others.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from astra_data.stages.distractors.bands import Band, Instance, Seen

if TYPE_CHECKING:
    from numpy import bool_
    from numpy.typing import NDArray

FEWEST, MOST = 5, 9
"""How many tools the paper's random mode adds."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A tool of the pool, and why it was taken. `similarity` is that to the tool of the instance with index `tool`, the one that
    it is most like; both are None for a tool that was drawn without a look at it."""

    position: int
    band: Band | Literal["random"]
    similarity: float | None = None
    tool: int | None = None


def banded(seed: int, per_band: int, fewest: int | None = None) -> Callable[[Seen], list[Pick]]:
    """Draws up to `per_band` tools of each band, all of them where there are no more; with `fewest`, a random number from that to
    `per_band`."""

    def take(seen: Seen) -> list[Pick]:
        picks = []
        for band, members in seen.members().items():
            generator = random.Random(f"{seed}/{seen.instance.id}/{band}")
            wanted = per_band if fewest is None else generator.randint(fewest, per_band)
            for index in sorted(generator.sample(range(len(members)), min(wanted, len(members)))):
                position = int(members[index])
                picks.append(Pick(position, band, *seen.similarity(position)))
        return picks

    return take


def unlike(seed: int, instance: Instance, scopes: "NDArray[bool_]") -> list[Pick]:
    """Five to nine tools of the instance's scope whose names it has not, however similar they are."""
    import numpy as np

    free = scopes[instance.scope].copy()
    free[[twin for twin in instance.twins if twin >= 0]] = False
    members = np.flatnonzero(free)
    generator = random.Random(f"{seed}/{instance.id}/random")
    count = min(generator.randint(FEWEST, MOST), len(members))
    return [Pick(int(members[index]), "random") for index in sorted(generator.sample(range(len(members)), count))]
