"""`tools` -> `chains`: proposals become a weighted graph, seeded walks through it become chains, and chains are verified.

An item is a server. A server whose tools do not depend on one another gives no chain, and says so; its tools are still used by
tasks that need no chain. The chains of a server are verified one after the other, all opinions on one chain at once.
"""

import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

from pydantic import Field

from astra_data.characters import one_line
from astra_data.messages import JsonObject
from astra_data.pipeline import calling
from astra_data.pipeline.stage import Expand, Inputs, Item, Keep, Outcome, Reject, Resources, Stage, StageConfig
from astra_data.rows import Chain, Server, new_row
from astra_data.rows.chains import Walk
from astra_data.stages import evidence, graph
from astra_data.stages.prompts import server_card, tool_card
from astra_data.stages.verification import Panel, Subject, VerifyConfig, panel_of, verify
from astra_data.teacher.asks import PROPOSE_CHAINS, ProposeChains
from astra_data.teacher.chain_asks import VERIFIERS
from astra_data.teacher.teacher import Abstained, Teacher


class ChainsConfig(StageConfig):
    """Constants of [A 20.2]; those the paper leaves open are our choice."""

    proposals: int = Field(default=5, ge=1, description="times the chains of a server are proposed")
    min_length: int = Field(default=2, ge=2)
    max_length: int = Field(default=5, ge=2, le=10)
    per_server: int = Field(default=64, ge=1, description="most chains of one server")
    max_tools: int = Field(default=64, ge=2, description="most tools of one server that chains may use, drawn by seed")
    allow_revisits: bool = Field(default=False, description="a chain may use a tool more than once")
    verify: VerifyConfig = VerifyConfig()


def items(inputs: Inputs, config: ChainsConfig, resources: Resources) -> Iterator[Item]:
    for server in inputs["tools"]:
        yield Item(server.id, server)


@asynccontextmanager
async def open_stage(inputs: Inputs, config: ChainsConfig, resources: Resources) -> AsyncIterator[Expand]:
    teacher = resources.roles.teacher("writer")
    panel = panel_of(config.verify, resources.roles)
    models = resources.roles.names(roles(config))

    async def expand(server: Server) -> list[Outcome]:
        alone = calling.refused(server, resources)
        offered = _offered(server, alone, config, resources)
        if len(offered.tools) < config.min_length:
            return [*_told(server, alone), Reject(f"chain: too few tools left - {server.name}")]
        try:
            proposals = await _proposals(teacher, offered, config)
        except Abstained as abstained:
            return [Reject(f"chain: the teacher abstained - {abstained.reason}")]
        outcomes: list[Outcome] = [*_told(server, alone)]
        outcomes += [reject for chain in proposals if (reject := _unsound(chain, offered, config))]
        sound = [chain for chain in proposals if not _unsound(chain, offered, config)]
        facts = resources.option(server.name).facts
        for chain in _chains(offered, sound, config, resources.seed, models):
            outcomes.append(await _verified(chain, offered, facts, panel))
        return outcomes or [Reject(f"chain: no dependent tools were found - {server.name}")]

    yield expand


def _told(server: Server, alone: Mapping[str, str]) -> list[Outcome]:
    """A word for the funnel on the tools that are left alone since they may not be called."""
    return [Reject(f"chain: may not be called - {server.name}: {one_line(', '.join(alone), 400)}")] if alone else []


def _offered(server: Server, alone: Mapping[str, str], config: ChainsConfig, resources: Resources) -> Server:
    """The server with the tools that chains may use, at most `max_tools`, in their own order."""
    skip = {*resources.option(server.name).skip, *alone}
    tools = [tool for tool in server.tools if tool.name not in skip]
    if len(tools) > config.max_tools:
        drawn = random.Random(f"{resources.seed}/chains/{server.id}").sample(range(len(tools)), config.max_tools)
        tools = [tools[index] for index in sorted(drawn)]
    return replace(server, tools=tools)


async def _proposals(teacher: Teacher, server: Server, config: ChainsConfig) -> list[list[str]]:
    inputs = ProposeChains(server=server_card(server), tools=[tool_card(tool) for tool in server.tools])
    answers = [await teacher.answer(PROPOSE_CHAINS, inputs, sample=index) for index in range(config.proposals)]
    return [proposal.tools for answer in answers for proposal in answer.chains]


def _chains(server: Server, proposals: list[list[str]], config: ChainsConfig, seed: int,
            models: dict[str, str]) -> Iterator[Chain]:
    """The chains that walks through the graph of the proposals give, each with what the schemas show of it."""
    known = {tool.name: tool for tool in server.tools}
    drawn = graph.Graph.of(proposals)
    walks = graph.sample(
        drawn, seed=f"{seed}/chains/{server.id}", cap=config.per_server, lengths=(config.min_length, config.max_length),
        revisits=config.allow_revisits,
    )
    for walk in walks:
        found = evidence.of_chain([known[name] for name in walk.nodes])
        weights = [drawn.weights[edge] for edge in pairwise(walk.nodes)]
        yield new_row(
            Chain, server_id=server.id, server=server.name, tools=list(walk.nodes), weights=weights, evidence=found,
            walk=Walk(seed, round(walk.logp, 6)), verdicts=[evidence.verdict(found, len(walk.nodes))], models=models,
        )


async def _verified(chain: Chain, server: Server, facts: dict[str, list[Any]], panel: Panel) -> Outcome:
    shown = chain.verdicts[0]
    if panel.config.accept != "none":
        subject = Subject(server_card(server), {tool.name: tool_card(tool) for tool in server.tools}, facts)
        return await verify(chain, subject, panel)
    return Reject(f"chain: unsupported input - {shown.reason}", chain) if shown.value is False else Keep(chain)


def _unsound(chain: list[str], server: Server, config: ChainsConfig) -> Reject | None:
    """A proposal that names a tool the server lacks is refused whole: leaving the name out would join its neighbours."""
    if len(set(chain)) < len(chain) and not config.allow_revisits:
        return Reject(f"chain: a tool is repeated - {', '.join(chain)}")
    if set(chain) <= {tool.name for tool in server.tools}:
        return None
    return Reject(f"chain: unknown tool - {', '.join(chain)}")


def roles(config: ChainsConfig) -> tuple[str, ...]:
    return ("writer", *config.verify.roles())


def fingerprint(config: ChainsConfig, resources: Resources) -> JsonObject:
    """What the recipe says of servers, as far as chains go by it."""
    parts = {"skip"} if config.verify.accept == "none" else {"skip", "facts"}
    said = {name: option.model_dump(include=parts) for name, option in sorted(resources.options.items())}
    permitted = calling.fingerprint(resources)
    return {"servers": said, "calling": permitted} if permitted else said


STAGE = Stage(
    name="chains",
    version=2,
    reads=("tools",),
    config=ChainsConfig,
    items=items,
    open=open_stage,
    roles=roles,
    asks=(PROPOSE_CHAINS, *VERIFIERS),
    fingerprint=fingerprint,
    total=lambda inputs, config, resources: len(inputs["tools"]),
)
