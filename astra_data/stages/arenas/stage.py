"""The stage: an item is an environment, its outcome an arena, or the reason why there is none.

Splits and distractors are decided over all environments before the first arena is made; each arena is replayed as it is stored.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from astra_data.ledger import Unanswered
from astra_data.messages import JsonObject
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Reject, Resources, Stage
from astra_data.rows import Environment
from astra_data.stages.acting import require_sandbox, sandboxed
from astra_data.stages.arenas.assembly import assembled
from astra_data.stages.arenas.config import ArenasConfig
from astra_data.stages.arenas.pool import candidates, picked
from astra_data.stages.arenas.removal import lacking
from astra_data.stages.arenas.splits import keys_of, sides
from astra_data.stages.arenas.verification import flaw
from astra_data.stages.distractors.embedding import identity, require_embedder
from astra_data.tools.result import ToolBackendDown


def items(inputs: Inputs, config: ArenasConfig, resources: Resources) -> Iterator[Item]:
    for index, environment in enumerate(inputs["environments"]):
        yield Item(environment.id, index)


def total(inputs: Inputs, config: ArenasConfig, resources: Resources) -> int:
    return len(inputs["environments"])


def fingerprint(config: ArenasConfig, resources: Resources) -> JsonObject:
    return {"embedder": identity(config.distractors.embedder, resources)} if config.distractors.mode == "banded" else {}


def starts(config: ArenasConfig, resources: Resources) -> bool:
    """Only where the recipe says something of arenas: by default they need a model that not every installation has."""
    return bool(config.model_fields_set)


def needs(config: ArenasConfig, resources: Resources) -> None:
    require_sandbox(config.isolation)
    if config.distractors.mode == "banded":
        require_embedder(config.distractors.embedder, resources)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: ArenasConfig, resources: Resources) -> AsyncIterator[Expand]:
    environments: list[Environment] = list(inputs["environments"])
    keys = [keys_of(one.split_keys, one.domain, config.split.apart) for one in environments]
    sided = sides(keys, config.split.shares, resources.seed)
    pool = candidates(environments, sided)
    picks = await picked(environments, sided, pool, config.distractors, resources)
    homes = {environment.id: environment for environment in environments}
    async with sandboxed(config.isolation, config.cpu_s) as sandbox:

        async def expand(index: int) -> list[Outcome]:
            environment = environments[index]
            if not any(turn.goals for turn in environment.turns):
                return [Reject("arena: the environment has no goals")]
            chosen = [(pool[pick.position], pick) for pick in picks[index]]
            arena = assembled(environment, chosen, sided[index], seed=resources.seed, system_prompt=config.system_prompt)
            try:
                reason = await asyncio.to_thread(flaw, arena, homes, sandbox)
            except ToolBackendDown as down:
                raise Unanswered(str(down)) from down
            return [Keep(lacking(arena, config.removed, resources.seed)) if reason is None else Reject(reason, arena)]

        yield expand


STAGE = Stage(
    name="arenas",
    version=2,
    reads=("environments",),
    config=ArenasConfig,
    items=items,
    open=open_stage,
    total=total,
    fingerprint=fingerprint,
    histograms=("distractors.similarity",),
    starts=starts,
    needs=needs,
)
