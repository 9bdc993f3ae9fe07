"""`tools` -> `chains`: proposals become a weighted graph, and seeded walks through it become chains.

An item is a server. A server whose tools do not depend on one another gives no chain, and says so; its tools are still used by
tasks that need no chain.
"""

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

from pydantic import Field

from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Reject, Resources, Stage, StageConfig
from astra_data.rows import Chain, Server, new_row
from astra_data.rows.chains import Walk
from astra_data.stages import evidence, graph
from astra_data.stages.prompts import server_card, tool_card
from astra_data.teacher.asks import PROPOSE_CHAINS, ProposeChains
from astra_data.teacher.teacher import Abstained, Teacher


class ChainsConfig(StageConfig):
    """Constants of [A 20.2]; those the paper leaves open are our choice."""

    proposals: int = Field(default=5, ge=1, description="times the chains of a server are proposed")
    min_length: int = Field(default=2, ge=2)
    max_length: int = Field(default=5, ge=2, le=10)
    per_server: int = Field(default=64, ge=1, description="most chains of one server")
    max_tools: int = Field(default=64, ge=2, description="most tools of one server shown to the teacher, drawn by seed")


def items(inputs: Inputs, config: ChainsConfig, resources: Resources) -> Iterator[Item]:
    for server in inputs["tools"]:
        yield Item(server.id, server)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: ChainsConfig, resources: Resources) -> AsyncIterator[Expand]:
    teacher = resources.roles.teacher("writer")

    async def expand(server: Server) -> list[Outcome]:
        offered = _offered(server, config, resources)
        if len(offered.tools) < config.min_length:
            return [Reject(f"chain: too few tools left - {server.name}")]
        try:
            proposals = await _proposals(teacher, offered, config)
        except Abstained as abstained:
            return [Reject(f"chain: the teacher abstained - {abstained.reason}")]
        return _outcomes(offered, proposals, config, resources.seed, {"writer": teacher.name})

    yield expand


def _offered(server: Server, config: ChainsConfig, resources: Resources) -> Server:
    """The server with the tools that chains may use, at most `max_tools`, in their own order."""
    skip = set(resources.option(server.name).skip)
    tools = [tool for tool in server.tools if tool.name not in skip]
    if len(tools) > config.max_tools:
        drawn = random.Random(f"{resources.seed}/chains/{server.id}").sample(range(len(tools)), config.max_tools)
        tools = [tools[index] for index in sorted(drawn)]
    return replace(server, tools=tools)


async def _proposals(teacher: Teacher, server: Server, config: ChainsConfig) -> list[list[str]]:
    inputs = ProposeChains(server=server_card(server), tools=[tool_card(tool) for tool in server.tools])
    answers = [await teacher.answer(PROPOSE_CHAINS, inputs, sample=index) for index in range(config.proposals)]
    return [proposal.tools for answer in answers for proposal in answer.chains]


def _outcomes(server: Server, proposals: list[list[str]], config: ChainsConfig, seed: int,
              models: dict[str, str]) -> list[Outcome]:
    known = {tool.name: tool for tool in server.tools}
    sound = [chain for chain in proposals if set(chain) <= known.keys() and len(set(chain)) == len(chain)]
    outcomes: list[Outcome] = [_unsound(chain) for chain in proposals if chain not in sound]
    drawn = graph.Graph.of(sound)
    walks = graph.sample(
        drawn, seed=f"{seed}/chains/{server.id}", cap=config.per_server, lengths=(config.min_length, config.max_length)
    )
    for walk in walks:
        found = evidence.of_chain([known[name] for name in walk.nodes])
        verdict = evidence.verdict(found, len(walk.nodes))
        weights = [drawn.weights[edge] for edge in pairwise(walk.nodes)]
        chain = new_row(Chain, server_id=server.id, server=server.name, tools=list(walk.nodes), weights=weights, evidence=found,
                        walk=Walk(seed, round(walk.logp, 6)), verdicts=[verdict], models=models)
        unsupported = Reject(f"chain: unsupported input - {verdict.reason}", chain)
        outcomes.append(unsupported if verdict.value is False else Keep(chain))
    return outcomes or [Reject(f"chain: no dependent tools were found - {server.name}")]


def _unsound(chain: list[str]) -> Reject:
    if len(set(chain)) < len(chain):
        return Reject(f"chain: a tool is repeated - {', '.join(chain)}")
    return Reject(f"chain: unknown tool - {', '.join(chain)}")


STAGE = Stage(
    name="chains",
    version=1,
    reads=("tools",),
    config=ChainsConfig,
    items=items,
    open=open_stage,
    roles=("writer",),
    asks=(PROPOSE_CHAINS,),
    fingerprint=lambda config, resources: {name: option.skip for name, option in sorted(resources.options.items())},
    total=lambda inputs, config, resources: len(inputs["tools"]),
)
