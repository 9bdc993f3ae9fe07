"""The pool that distractors come from, and what each environment gets of it.

    pool = candidates(environments, sides)
    picks = await picked(environments, sides, pool, config, resources)      # for each environment, its picks from the pool
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astra_data.pipeline.stage import Resources
from astra_data.rows import Environment, content_id
from astra_data.rows.environments import EnvironmentTool, Module
from astra_data.stages.arenas.config import Distracting
from astra_data.stages.arenas.modules import needed
from astra_data.stages.arenas.splits import TRAIN
from astra_data.stages.distractors.bands import Instance, each
from astra_data.stages.distractors.choice import Pick, banded, unlike
from astra_data.stages.distractors.documents import document
from astra_data.stages.distractors.embedding import embedded

if TYPE_CHECKING:
    from numpy import bool_, int64
    from numpy.typing import NDArray

THREADS = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool that may be a distractor: where it comes from, and the modules that it needs."""

    id: str
    tool: EnvironmentTool
    environment: Environment
    side: str
    modules: list[Module]


def candidates(environments: Sequence[Environment], sides: Sequence[str]) -> list[Candidate]:
    """The tools that need no state, by id; of several with one name that with the least id [A 15.2]. A tool of an environment
    with a state would need that state beside another one."""
    found: dict[str, Candidate] = {}
    for environment, side in zip(environments, sides, strict=True):
        for tool in environment.tools if environment.world.load is None else ():
            tool_id = content_id({"environment": environment.id, "tool": tool.name})
            if tool.name not in found or tool_id < found[tool.name].id:
                modules = _modules(environment, tool)
                if modules:
                    found[tool.name] = Candidate(tool_id, tool, environment, side, modules)
    return sorted(found.values(), key=lambda candidate: candidate.id)


def _modules(environment: Environment, tool: EnvironmentTool) -> list[Module]:
    """What the tool needs; nothing where a module cannot be read."""
    try:
        return needed(environment.modules, tool.entry)
    except SyntaxError:
        return []


async def picked(environments: Sequence[Environment], sides: Sequence[str], pool: Sequence[Candidate], config: Distracting,
                 resources: Resources) -> list[list[Pick]]:
    """The picks for each environment. Raises as `embedded` does."""
    if config.mode == "none" or not pool:
        return [[] for _ in environments]
    scopes, instances = scoped(pool, environments, sides)
    if config.mode == "random":
        return [unlike(resources.seed, instance, scopes) for instance in instances]
    texts = [document(tool.schema) for environment in environments for tool in environment.tools]
    vectors = await embedded(texts, config.embedder, resources)
    take = banded(resources.seed, config.per_band, config.fewest)
    return await asyncio.to_thread(each, rows_of(pool, environments), vectors, instances, scopes, config.lines, take,
                                   threads=THREADS)


def rows_of(pool: Sequence[Candidate], environments: Sequence[Environment]) -> "NDArray[int64]":
    """Where the tools of the pool stand among all tools of the environments."""
    import numpy as np

    every = ((environment.id, tool.name) for environment in environments for tool in environment.tools)
    places = {key: row for row, key in enumerate(every)}
    return np.array([places[candidate.environment.id, candidate.tool.name] for candidate in pool], np.int64)


def scoped(pool: Sequence[Candidate], environments: Sequence[Environment],
           sides: Sequence[str]) -> "tuple[NDArray[bool_], list[Instance]]":
    """What may be taken from the pool, by scope, and what it is wanted for: an instance for each environment."""
    scopes, numbers = _scopes(pool, environments, sides)
    return scopes, _instances(environments, pool, numbers)


def _scopes(pool: Sequence[Candidate], environments: Sequence[Environment],
            sides: Sequence[str]) -> "tuple[NDArray[bool_], list[int]]":
    """For each field and side what may be taken there, and which of them each environment has: tools of other fields whose
    environments are for training, or on its own side."""
    import numpy as np

    kinds = [(environment.domain, side) for environment, side in zip(environments, sides, strict=True)]
    distinct = list(dict.fromkeys(kinds))
    scopes = [[one.environment.domain != domain and one.side in (TRAIN, side) for one in pool] for domain, side in distinct]
    numbers = {kind: number for number, kind in enumerate(distinct)}
    return np.array(scopes, bool), [numbers[kind] for kind in kinds]


def _instances(environments: Sequence[Environment], pool: Sequence[Candidate], scopes: Sequence[int]) -> list[Instance]:
    positions = {candidate.tool.name: position for position, candidate in enumerate(pool)}
    instances, start = [], 0
    for environment, scope in zip(environments, scopes, strict=True):
        rows = range(start, start + len(environment.tools))
        instances.append(Instance(environment.id, rows, [positions.get(tool.name, -1) for tool in environment.tools], scope))
        start = rows.stop
    return instances
